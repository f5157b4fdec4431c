"""The reading room: what waits to be read, how urgent it is and why, and who has it in hand."""
