"""People and records."""
