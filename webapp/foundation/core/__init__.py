"""Helpers that know nothing of the domain: request values, formatting, background jobs, TLS."""
