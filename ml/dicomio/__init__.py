"""Parses untrusted files into images and header facts, with NumPy, Pillow and pydicom; no networks."""
