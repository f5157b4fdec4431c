"""Header values as plain Python types. Real headers contain invalid values, which count as absent."""

import math
from datetime import date

from pydicom.config import IGNORE
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID

from ml.dicomio.errors import Refused


def uid_of(ds: Dataset, keyword: str) -> str:
    """Return a UID that every object must have.

    Raises
    ------
    Refused
        If it is absent or invalid (PS3.5 9.1: components of digits joined by dots, at most 64 characters).
    """
    uid = UID(str(ds.get(keyword) or ""), validation_mode=IGNORE)
    if not uid:
        raise Refused(f"The DICOM file states no {keyword}.")
    if not uid.is_valid:
        raise Refused(f"The DICOM file states a {keyword} that is no valid UID.")
    return str(uid)


def text(ds: Dataset, keyword: str, *, longest: int) -> str:
    """Return the printable characters of a text, at most `longest`."""
    value = str(ds.get(keyword) or "")
    return "".join(character for character in value if character.isprintable()).strip()[:longest]


def whole_number(ds: Dataset, keyword: str) -> int | None:
    """Return an integer that fits the database (32 bits); None if there is none."""
    number = real_number(ds, keyword)
    return int(number) if number is not None and abs(number) < 2**31 else None


def real_number(ds: Dataset, keyword: str) -> float | None:
    """Return the first value as a finite number; None if there is none."""
    numbers = real_numbers(ds, keyword)
    return numbers[0] if numbers else None


def real_numbers(ds: Dataset, keyword: str) -> list[float]:
    """Return all values of an element as finite numbers; an empty list if any of them is not."""
    value = ds.get(keyword)
    several = value if isinstance(value, MultiValue) else [value]
    try:
        numbers = [float(one) for one in several]
    except (TypeError, ValueError, OverflowError):
        return []
    return numbers if all(math.isfinite(number) for number in numbers) else []


def day(ds: Dataset, keyword: str) -> date | None:
    """Return a date (PS3.5 6.2, VR DA); None if there is none."""
    try:
        return date.fromisoformat(str(ds.get(keyword) or ""))
    except ValueError:
        return None
