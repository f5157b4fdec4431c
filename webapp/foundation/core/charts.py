"""Charts as SVG that the server draws with leather, each with the table of the same numbers."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree as ET

import leather
from django.utils.safestring import SafeString, mark_safe

Point = tuple[float, float | None]

#: Measures in the drawing's own units; the page scales it. The library's margin is wider than the page needs.
WIDTH, HEIGHT, CUT = 560, 300, 14
#: Where an axis may end, times a power of ten.
STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
#: A line is drawn and listed with at most so many points: more cannot be told apart at this size.
MOST_POINTS = 60
#: Colours that stand on the panel's ground and are told apart without red and green (css/tokens.css).
COLOURS = ("#7fc4f0", "#f3b950", "#c3a6ff", "#6fd08c", "#ff7b72", "#e8eaec", "#ffb3e6", "#b9a26a")
DASHES = ("none", "7 4", "2 3")
PLACES = ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height", "d")
LONG_NUMBER = re.compile(r"-?\d+\.\d+(?:E-?\d+)?")


@dataclass(frozen=True)
class Line:
    """One line of a chart; a missing y (None or NaN) leaves a gap."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Cells:
    """A table of words: the head, and rows whose first cell names the row."""

    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Chart:
    """A drawing and the same numbers as a table; without numbers, neither is there."""

    title: str
    note: str
    svg: SafeString = field(default=SafeString())
    table: Cells = field(default_factory=lambda: Cells([], []))


class Trace(leather.Line):
    """A line whose points are marked and tell their numbers to a pointer that rests on them.

    Unlike the library's own line it may run over named places too.
    """

    def validate_series(self, series: Any) -> None:
        """Take any series."""

    def to_svg(self, width: Any, height: Any, x_scale: Any, y_scale: Any, series: Any, palette: Any) -> ET.Element:
        """Draw the line, then its points where they stand apart."""
        group: ET.Element = super().to_svg(width, height, x_scale, y_scale, series, palette)
        told = [datum for datum in series.data() if datum.y is not None]
        radius = "3.5" if len(told) <= MOST_POINTS / 2 else "1.5"
        for datum in told:
            x, y = x_scale.project(datum.x, 0, width), y_scale.project(datum.y, height, 0)
            mark = ET.SubElement(group, "circle", cx=str(x), cy=str(y), r=radius, fill=self._stroke_color)
            ET.SubElement(mark, "title").text = f"{series.name}: {place(datum.x)}, {number(datum.y)}"
        return group


def lines_chart(
    *,
    title: str,
    x_title: str,
    y_title: str,
    lines: Sequence[Line],
    note: str = "",
    words: Sequence[str] = (),
    diagonal: str = "",
) -> Chart:
    """Draw lines over a common pair of axes.

    Parameters
    ----------
    words
        Names for the places 0, 1, ... on the x axis, such as weeks; no two alike.
    diagonal
        Name of the line from (0, 0) to (1, 1), such as "Chance"; none where empty.
    """
    known = [Line(line.name, kept) for line in lines if (kept := _kept(line.points))]
    if not known:
        return Chart(title, note)
    chart = leather.Chart()
    for index, line in enumerate(known):
        dashes = DASHES[index // len(COLOURS) % len(DASHES)]
        shape = Trace(stroke_color=COLOURS[index % len(COLOURS)], stroke_dasharray=dashes)
        points = [(words[int(x)] if words else x, y) for x, y in line.points]
        chart.add_series(leather.Series(points, name=line.name), shape)
    if diagonal:
        chart.add_line([(0, 0), (1, 1)], name=diagonal, stroke_color="#8d979f", width=1, stroke_dasharray="4 4")
    ends = [1.0] if diagonal else []
    xs = [x for line in known for x, _ in line.points] + ends
    ys = [y for line in known for _, y in line.points if y is not None] + ends
    _axes(chart, x_title=x_title, y_title=y_title, xs=xs, ys=ys, words=words)
    return Chart(title, note, _svg(chart, f"{title}. {y_title} by {x_title}."), _table(known, x_title, y_title, words))


def columns_chart(
    *, title: str, x_title: str, y_title: str, columns: Sequence[tuple[str, float]], note: str = ""
) -> Chart:
    """Draw a column for each named number; nothing where all are zero."""
    if not any(height for _, height in columns):
        return Chart(title, note)
    chart = leather.Chart()
    chart.add_columns(list(columns), fill_color=COLOURS[0])
    names = [name for name, _ in columns]
    chart.add_x_axis(ticks=_some(names), name=x_title)
    chart.set_y_scale(scale(0, _rounded_up(max(height for _, height in columns))))
    chart.add_y_axis(tick_formatter=_tick, name=y_title)
    table = Cells([x_title, y_title], [[name, number(height)] for name, height in columns])
    return Chart(title, note, _svg(chart, f"{title}. {y_title} by {x_title}."), table)


def place(x: str | float) -> str:
    """Return a place on the x axis as a table shows it."""
    return x if isinstance(x, str) else number(x)


def number(value: float | None) -> str:
    """Return a number as a table shows it."""
    if value is None or math.isnan(value):
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


@lru_cache(maxsize=256)
def scale(low: float, high: float) -> Any:
    """Return an axis' scale; finding good ticks takes the library 50 ms, so that each is found once."""
    return leather.Linear(low, high)


def _kept(points: Sequence[Point]) -> list[Point]:
    """Return at most MOST_POINTS of a line's points, both ends among them, what is not a number as a gap."""
    known = [(float(x), None if y is None or not math.isfinite(y) else float(y)) for x, y in points if math.isfinite(x)]
    if all(y is None for _, y in known):
        return []
    if len(known) <= MOST_POINTS:
        return list(known)
    return [known[round(index * (len(known) - 1) / (MOST_POINTS - 1))] for index in range(MOST_POINTS)]


def _axes(chart: Any, *, x_title: str, y_title: str, xs: list[float], ys: list[float], words: Sequence[str]) -> None:
    if words:
        chart.set_x_scale(leather.Ordinal(list(words)))
        chart.add_x_axis(ticks=_some(words), name=x_title)
    else:
        chart.set_x_scale(scale(*_ends(xs)))
        chart.add_x_axis(tick_formatter=_tick, name=x_title)
    chart.set_y_scale(scale(*_ends(ys)))
    chart.add_y_axis(tick_formatter=_tick, name=y_title)


def _some(names: Sequence[str]) -> list[str]:
    """Return as many names as find room below an axis."""
    return list(names[:: 1 + len(names) // 8])


def _tick(value: Any, _index: int, _count: int) -> str:
    return f"{float(value):g}"


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Return round ends of an axis that holds all values: from 0 where none is negative."""
    low, high = min(values), max(values)
    return (-_rounded_up(-low) if low < 0 else 0.0), (_rounded_up(high) if high > 0 else 0.0 if low < 0 else 1.0)


def _rounded_up(value: float) -> float:
    """Return the next of STEPS times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(next(step * power for step in STEPS if step * power >= value * (1 - 1e-9)))


def _svg(chart: Any, told: str) -> SafeString:
    """Return the drawing; the title in the page names it, `told` is for those who do not see it."""
    seen = f"{CUT} {CUT} {WIDTH - 2 * CUT} {HEIGHT - 2 * CUT}"
    root = ET.Element("svg", {"class": "chart", "viewBox": seen, "role": "img", "aria-label": told})
    root.append(chart.to_svg_group(WIDTH, HEIGHT))
    for element in root.iter():
        for place in PLACES:
            if place in element.attrib:
                element.attrib[place] = LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}", element.attrib[place])
    # ElementTree escapes every text and attribute that it writes.
    return mark_safe(ET.tostring(root, encoding="unicode"))  # noqa: S308


def _table(lines: Sequence[Line], x_title: str, y_title: str, words: Sequence[str]) -> Cells:
    """Return a column a line where the lines share their places, else a row a point."""

    def told(x: float) -> str:
        return place(words[int(x)] if words else x)

    xs = [x for x, _ in lines[0].points]
    if all([x for x, _ in line.points] == xs for line in lines):
        rows = [[told(x), *(number(line.points[index][1]) for line in lines)] for index, x in enumerate(xs)]
        return Cells([x_title, *(line.name for line in lines)], rows)
    rows = [[line.name, told(x), number(y)] for line in lines for x, y in line.points]
    return Cells(["Line", x_title, y_title], rows)
