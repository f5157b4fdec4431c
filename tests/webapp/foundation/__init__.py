"""Accounts, permissions, audit."""
