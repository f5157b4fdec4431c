"""De-identified exports: studies as a zip archive that identifies nobody."""
