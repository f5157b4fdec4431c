"""The visits of a patient as points on one line, apart as the days are apart."""

from collections.abc import Sequence
from datetime import date

#: In the drawing's own units: its length, what is left free at both ends, and the least between two points.
LENGTH, MARGIN, LEAST = 1000.0, 24.0, 30.0


def places_of(days: Sequence[date]) -> list[float]:
    """Return where on the line each day lies; days in order, and no two points on top of each other."""
    if not days:
        return []
    span = max((days[-1] - days[0]).days, 1)
    room = LENGTH - 2 * MARGIN
    least = min(LEAST, room / max(len(days) - 1, 1))
    places = [MARGIN + room * (day - days[0]).days / span for day in days]
    for number in range(1, len(places)):  # pushed on by those before ...
        places[number] = max(places[number], places[number - 1] + least)
    end = LENGTH - MARGIN
    for number in reversed(range(len(places))):  # ... and back by the end of the line
        places[number] = min(places[number], end)
        end = places[number] - least
    return places
