"""What leaves by itself: studies and results sent to named nodes, by C-STORE or STOW-RS, until they are there."""
