"""The viewer: one page, and the static files that Vite makes of `frontend/`."""
