"""Follow-up: a patient over time."""
