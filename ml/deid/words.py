"""Free text leaves word by word: only words of a list that names nobody do."""

import re
from functools import cache
from pathlib import Path

DUMMY = "REMOVED"
#: A number is let through where a unit says that it measures something.
MEASURE = re.compile(r"\d{1,2}(mm|cm|ms|s|t|kv|deg|min|hz|bit)")


@cache
def words() -> frozenset[str]:
    """Return the list, in small letters."""
    lines = (Path(__file__).parent / "words.txt").read_text(encoding="ascii").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def text_cleaned(text: str) -> str:
    """Return the words of a free text that are on the list, in their order; never a bare number."""
    return " ".join(word for word in re.findall(r"[^\W_]+", text) if is_known(word) and not word.isdigit())


def term_cleaned(term: str) -> str:
    """Return a term of a coded string (VR CS) if all its words are on the list, else the dummy."""
    parts = [part for part in re.split(r"[ _]", term.strip()) if part]
    return term.strip() if all(is_known(part) or (len(part) == 1 and part.isascii()) for part in parts) else DUMMY


def is_known(word: str) -> bool:
    """Say whether a word may leave."""
    small = word.casefold()
    return small in words() or MEASURE.fullmatch(small) is not None
