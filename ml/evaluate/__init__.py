"""Judging: ``python -m ml.evaluate CONFIG`` measures a trained network on the test split."""
