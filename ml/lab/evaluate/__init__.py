"""Judging: ``python -m ml.lab.evaluate CONFIG`` measures a trained network on the test split."""
