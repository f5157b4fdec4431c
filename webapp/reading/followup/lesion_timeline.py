"""Sizes of a lesion over its visits, as table and charts, and the positions of visits on the timeline.

Only millimetres are compared; for anything else the reason is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from webapp.foundation.core.charts import Chart, Line, lines_chart
from webapp.imaging.inference.measurement_presenters import told
from webapp.imaging.inference.measurements import LONGEST, PERPENDICULAR, VOLUME, Measurement, measurements_of
from webapp.reading.followup.models import Lesion, Sighting

PIXELS = "Not compared: pixels, not millimetres."
UNMEASURED = "Not compared: nothing was outlined."


@dataclass(frozen=True)
class Change:
    """Change of a size against the first known one (baseline) and the smallest before (nadir); None: not compared."""

    baseline: float | None
    nadir: float | None


def changes_of(sizes: Sequence[float | None]) -> list[Change]:
    """Return the change at each visit as a fraction: 0.25 is a quarter more (RECIST 1.1, section 4.3).

    The nadir is the smallest size of all visits before, the baseline among them. A visit without a size takes no part.
    """
    changes, before = [], list[float]()
    for size in sizes:
        if size is None or not before:
            changes.append(Change(None, None))
        else:
            changes.append(Change(size / before[0] - 1, size / min(before) - 1))
        before += [] if size is None else [size]
    return changes


@dataclass(frozen=True)
class LesionVisit:
    """A lesion at one visit."""

    sighting: Sighting
    on: date
    measured: Measurement
    change: Change
    is_baseline: bool
    is_superseded: bool

    @property
    def sizes(self) -> list[str]:
        """Longest diameter, perpendicular and volume in words, "" where there is none."""
        figures = self.measured.figures
        return [told(figures[name]) if name in figures else "" for name in (LONGEST, PERPENDICULAR, VOLUME)]

    @property
    def baseline(self) -> str:
        """Change against the baseline in words."""
        if self.is_baseline:
            return "Baseline"
        return self.not_compared_reason or _percent(self.change.baseline)

    @property
    def nadir(self) -> str:
        """Change against the nadir in words."""
        return "" if self.is_baseline or self.not_compared_reason else _percent(self.change.nadir)

    @property
    def not_compared_reason(self) -> str:
        """Why this visit is not compared; "" where it is."""
        if self.measured.is_calibrated:
            return ""
        return PIXELS if self.measured else UNMEASURED


@dataclass(frozen=True)
class LesionTimeline:
    """A lesion over its visits, the first one first."""

    lesion: Lesion
    visits: list[LesionVisit]
    charts: list[Chart]

    @property
    def compared(self) -> int:
        """How many visits have a size in millimetres."""
        return sum(not one.not_compared_reason for one in self.visits)


def lesion_timeline(lesion: Lesion, sightings: Sequence[tuple[Sighting, date, bool]]) -> LesionTimeline:
    """Return the timeline of a lesion from its sightings, each with its day and whether its run is superseded."""
    ordered = sorted(sightings, key=lambda one: (one[1], one[0].pk))
    measured = [measurements_of(sighting.finding) for sighting, _, _ in ordered]
    sizes = [_millimetres(one, LONGEST) for one in measured]
    first = next((number for number, size in enumerate(sizes) if size is not None), None)
    visits = [
        LesionVisit(sighting, on, one, change, is_baseline=number == first, is_superseded=is_superseded)
        for number, ((sighting, on, is_superseded), one, change) in enumerate(
            zip(ordered, measured, changes_of(sizes), strict=True)
        )
    ]
    return LesionTimeline(lesion, visits, _charts(lesion, visits))


def _charts(lesion: Lesion, visits: Sequence[LesionVisit]) -> list[Chart]:
    lines = [_line("Longest diameter", visits, LONGEST), _line("Perpendicular", visits, PERPENDICULAR)]
    drawn = [_chart(f"{lesion.name}: diameters", "mm", [line for line in lines if len(line.points) > 1])]
    volume = _line("Volume", visits, VOLUME)
    if len(volume.points) > 1:
        drawn.append(_chart(f"{lesion.name}: volume", "mm\N{SUPERSCRIPT THREE}", [volume]))
    return [chart for chart in drawn if chart.svg]


def _chart(title: str, unit: str, lines: list[Line]) -> Chart:
    return lines_chart(title=title, x_title="Days since the first visit", y_title=unit, lines=lines)


def _line(name: str, visits: Sequence[LesionVisit], figure: str) -> Line:
    sizes = [((one.on - visits[0].on).days, _millimetres(one.measured, figure)) for one in visits]
    return Line(name, [(float(day), size) for day, size in sizes if size is not None])


def _millimetres(measured: Measurement, name: str) -> float | None:
    """Return a figure where it is calibrated."""
    figure = measured.figures.get(name) if measured.is_calibrated else None
    return figure.value if figure else None


def _percent(change: float | None) -> str:
    return "" if change is None else f"{change:+.0%}"


#: In the drawing's own units: its length, what is left free at both ends, and the least between two points.
LENGTH, MARGIN, LEAST = 1000.0, 24.0, 30.0


def timeline_positions(days: Sequence[date]) -> list[float]:
    """Return the position of each day on the timeline; days in order, and no two points on top of each other."""
    if not days:
        return []
    span = max((days[-1] - days[0]).days, 1)
    room = LENGTH - 2 * MARGIN
    least = min(LEAST, room / max(len(days) - 1, 1))
    places = [MARGIN + room * (day - days[0]).days / span for day in days]
    for number in range(1, len(places)):  # pushed right by those before ...
        places[number] = max(places[number], places[number - 1] + least)
    end = LENGTH - MARGIN
    for number in reversed(range(len(places))):  # ... and back by the end of the line
        places[number] = min(places[number], end)
        end = places[number] - least
    return places
