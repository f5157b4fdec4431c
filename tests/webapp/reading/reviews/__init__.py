"""What readers say: of findings, and of each other."""
