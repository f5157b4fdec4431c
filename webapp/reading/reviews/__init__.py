"""What readers say of a study: of each finding of the AI, of what it missed, and of each other."""
