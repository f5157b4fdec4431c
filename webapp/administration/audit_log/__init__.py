"""Searching and verifying the audit trail."""
