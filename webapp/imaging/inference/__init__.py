"""Runs of the cascade: the row is the truth, the queue only a wake-up call."""
