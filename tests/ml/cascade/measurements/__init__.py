"""Measures of drawn lesions of known size."""
