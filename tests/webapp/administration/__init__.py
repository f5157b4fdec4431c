"""Monitoring, model cards."""
