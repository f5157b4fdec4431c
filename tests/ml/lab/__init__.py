"""Data, training, evaluation, reports."""
