"""A real browser at a real web server."""
