"""Libraries as this project loads them, also where their compiled operators cannot be."""
