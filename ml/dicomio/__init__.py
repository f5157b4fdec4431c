"""From untrusted bytes to pictures and header facts: NumPy, Pillow and pydicom, no networks."""
