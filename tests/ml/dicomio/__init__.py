"""Reading untrusted files."""
