"""Sending: deliveries, and peers that others wrote."""
