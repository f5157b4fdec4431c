"""One thing that is left open, as an app tells it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.timezone import localtime


class HandoverItem(NamedTuple):
    """One thing that is left open.

    Attributes
    ----------
    about
        Tells it from the others of its kind; the same again as long as it is left open.
    study
        Which study it is about, if one.
    sentence
        What is left, as it is kept for good: it names no patient.
    """

    about: str
    study: UUID | None
    sentence: str


def clock(at: datetime) -> str:
    """Return a moment as a hand-over says it: hour and minute, with the day where it is not today."""
    local, today = localtime(at), localtime().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%d %b %H:%M}"
