"""The launcher: prerequisites, restarts, and nothing left behind."""
