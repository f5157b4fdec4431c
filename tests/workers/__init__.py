"""The doorway."""
