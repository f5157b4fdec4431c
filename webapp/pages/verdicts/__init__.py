"""What readers say of findings, on the study page."""
