"""What a request asks for in a word: a number, an id; None where the word is neither."""

from uuid import UUID


def int_param(word: str, *, digits: int = 9) -> int | None:
    """Return a whole number of at most so many digits, 0 or more."""
    return int(word) if word.isascii() and word.isdigit() and len(word) <= digits else None


def uuid_param(word: str) -> UUID | None:
    """Return an id."""
    try:
        return UUID(word)
    except ValueError:
        return None
