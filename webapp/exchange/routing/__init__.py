"""Sending studies and results to destinations, by C-STORE or STOW-RS, by request or by rule, until they arrive."""
