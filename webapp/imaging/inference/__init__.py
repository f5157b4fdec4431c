"""Inference runs of the cascade. The rows are authoritative; the queue only wakes a worker."""
