"""Stop with one plain sentence for the person at the keyboard."""


class CannotContinueError(Exception):
    """Something that the person who started the command can put right; the message says what and how."""
