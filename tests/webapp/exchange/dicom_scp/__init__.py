"""Objects and files that arrive."""
