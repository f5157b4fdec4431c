"""Reads and reviews: what readers conclude about each finding of the AI, what it missed, and how far they agree."""
