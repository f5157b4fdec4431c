"""The reading room: tasks, claims, reads."""
