"""Images drawn by code, whose truth is known, and files made to do harm."""
