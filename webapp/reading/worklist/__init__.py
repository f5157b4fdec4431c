"""The reading room: the studies that wait to be read, how urgent each is and why, and its assignee."""
