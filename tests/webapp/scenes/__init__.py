"""Scenes for screenshots, browser tests and eyes: a house in a known state."""
