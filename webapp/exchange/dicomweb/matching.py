"""One attribute and the value that is searched for, as a condition on rows (PS3.18 8.3.4.1, PS3.4 C.2.2.2)."""

import re
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from webapp.exchange.dicomweb import lookups  # noqa: F401 - its lookups are used by name
from webapp.exchange.dicomweb.attributes import Attribute
from webapp.exchange.dicomweb.base import BadRequest
from webapp.imaging.archive.models import Series

UIDS = re.compile(r"[,\\]")
UID = re.compile(r"[0-9.]{1,64}\Z")
TIME = re.compile(r"(\d{2})(\d{2})?(\d{2})?(\.\d{1,6})?\Z")
WILD = {"*", "?"}
LAST = "235959.999999"
#: What separates the words of a name: components, groups, and blanks within them (PS3.5 6.2.1).
WORDS = re.compile(r"[\s^=,]+")


def condition(attribute: Attribute, value: str, *, path: str, study: str, fuzzy: bool, series: QuerySet[Series]) -> Q:
    """Return the rows that match.

    Parameters
    ----------
    attribute
        What is compared.
    value
        As the address has it; empty matches everything.
    path
        Path of its column from the rows that are searched.
    study
        Path of the rows' study.
    series
        Those whose modality counts for their study's.
    fuzzy
        Whether names match by how their words begin.

    Raises
    ------
    BadRequest
        If the value cannot be one of this attribute.
    """
    if not value or set(value) == {"*"}:
        return Q()
    if attribute.keyword == "ModalitiesInStudy":
        wanted = Q(*(Q(modality__matches=word) for word in UIDS.split(value)), _connector=Q.OR)
        return Q(Exists(series.filter(wanted, study=OuterRef(study))))
    if attribute.vr == "PN":
        return _begin(path, value) if fuzzy else Q(**{f"{path}__imatches": value})
    return WAYS.get(attribute.vr, _text)(path, value)


def _text(path: str, value: str) -> Q:
    return Q(**{f"{path}__matches" if set(value) & WILD else path: value})


def _uids(path: str, value: str) -> Q:
    uids = UIDS.split(value)
    if not all(UID.match(uid) for uid in uids):
        raise BadRequest("A UID is digits and dots, 64 at most; several are separated by commas.")
    return Q(**{f"{path}__in": uids})


def _whole(path: str, value: str) -> Q:
    try:
        number = int(value)
    except ValueError as error:
        raise BadRequest("A whole number is searched for as it is, without wildcards.") from error
    if abs(number) >= 2**31:
        raise BadRequest("A whole number has 32 bits at most.")
    return Q(**{path: number})


def _ends(value: str) -> tuple[str, str]:
    """Return both ends of a range (PS3.4 C.2.2.2.5); a value by itself is both."""
    first, dash, last = value.partition("-")
    return (first, last) if dash else (value, value)


def _range(path: str, first: date | str | None, last: date | str | None) -> Q:
    if first == last is not None:
        return Q(**{path: first})
    ends = {f"{path}__gte": first, f"{path}__lte": last}
    return Q(**{lookup: end for lookup, end in ends.items() if end is not None})


def _days(path: str, value: str) -> Q:
    return _range(path, *(_day(word) for word in _ends(value)))


def _day(words: str) -> date | None:
    try:
        return datetime.strptime(words, "%Y%m%d").date() if words else None  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise BadRequest("A date is YYYYMMDD, a range two of them with - between, either may be absent.") from error


def _times(path: str, value: str) -> Q:
    first, last = _ends(value)
    if any(word and not TIME.match(word) for word in (first, last)):
        raise BadRequest("A time is HH, HHMM, HHMMSS or HHMMSS.FFFFFF, a range two of them with - between.")
    # Times are texts of different lengths: what begins as the last moment does is within it.
    return _range(path, first or None, last + LAST[len(last) :] if last else None) & ~Q(**{path: ""})


WAYS = {"UI": _uids, "DA": _days, "TM": _times, "IS": _whole, "US": _whole}


def _begin(path: str, value: str) -> Q:
    """Match names in which every word of the value begins some word, in any order, capitals aside (PS3.18 8.3.4.2)."""
    found = Q()
    for word in filter(None, WORDS.split(value.replace("*", " "))):
        found &= Q(
            Q(**{f"{path}__imatches": f"{word}*"}),
            *(Q(**{f"{path}__imatches": f"*{sign}{word}*"}) for sign in ("^", "=", " ", "-")),
            _connector=Q.OR,
        )
    return found
