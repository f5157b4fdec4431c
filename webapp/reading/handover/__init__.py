"""Hand-over: what one shift leaves open, as an object that the next reader accepts."""
