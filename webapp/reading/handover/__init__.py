"""Hand-over: the open items of a shift, which the next reader accepts."""
