"""Imports of libraries that need a workaround."""
