"""Cleans free text: only words from a list that identifies nobody are kept."""

import re
from functools import cache
from pathlib import Path

DUMMY = "REMOVED"
#: A number is kept if its unit shows that it is a measurement.
MEASURE = re.compile(r"\d{1,2}(mm|cm|ms|s|t|kv|deg|min|hz|bit)")


@cache
def words() -> frozenset[str]:
    """Return the words of the list, in lower case."""
    lines = (Path(__file__).parent / "words.txt").read_text(encoding="ascii").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def text_cleaned(text: str) -> str:
    """Return the words of a text that are on the list, in their order, without bare numbers."""
    return " ".join(word for word in re.findall(r"[^\W_]+", text) if is_known(word) and not word.isdigit())


def term_cleaned(term: str) -> str:
    """Return a term of a coded string (VR CS) if all its words are on the list, otherwise the dummy."""
    parts = [part for part in re.split(r"[ _]", term.strip()) if part]
    return term.strip() if all(is_known(part) or (len(part) == 1 and part.isascii()) for part in parts) else DUMMY


def is_known(word: str) -> bool:
    """Return whether a word may be kept."""
    small = word.casefold()
    return small in words() or MEASURE.fullmatch(small) is not None
