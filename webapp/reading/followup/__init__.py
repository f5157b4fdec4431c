"""A patient's studies over time: which findings are one lesion, how its size went, a prior laid over a follow-up."""
