"""The medicine of pixels."""
