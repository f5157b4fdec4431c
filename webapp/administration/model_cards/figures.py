"""A model's report in the words of its page: figures with interval and n, heat tables, charts."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from webapp.foundation.core.charts import Chart, Line, lines_chart
from webapp.imaging.inference.presenters import NARROW
from workers.api import KeptChart, KeptFigure, KeptReport, KeptTable

#: A heat table is shaded in so many steps (css/models.css).
SHADES = 9
#: Words of figures between 0 and 1 that are no share of pictures.
SCORES = ("mAP", "Dice", "AUC", "ECE", "Brier")
#: Columns of epochs.csv that are not scores between 0 and 1: drawn apart, or not at all.
COUNTED, LOSSES = frozenset({"epoch", "seconds", "lr", "rate"}), "loss"


@dataclass(frozen=True)
class Span:
    """Where a value and its interval lie on a line from 0 to 100."""

    low: float
    value: float
    high: float

    @property
    def width(self) -> float:
        """Length of the interval."""
        return self.high - self.low


@dataclass(frozen=True)
class Told:
    """One measured figure in words."""

    name: str
    value: str
    interval: str
    n: int
    span: Span | None = None


@dataclass(frozen=True)
class ToldTable:
    """A table of figures with the sentence of how they were counted."""

    title: str
    note: str
    rows: list[Told]
    has_spans: bool


@dataclass(frozen=True)
class Shaded:
    """A cell of a heat table; shade 0 where it is no number."""

    text: str
    shade: int
    is_right: bool


@dataclass(frozen=True)
class HeatRow:
    """A row of a heat table."""

    name: str
    cells: list[Shaded]


@dataclass(frozen=True)
class HeatTable:
    """Counts of what was so against what was said."""

    title: str
    head: list[str]
    rows: list[HeatRow]

    @property
    def is_wide(self) -> bool:
        """Whether it needs the page's whole width."""
        return len(self.head) > 8


def format_figure(name: str, figure: KeptFigure, *, percent: bool) -> Told:
    """Return a figure in words; what cannot be known is a dash."""

    def shown(value: float) -> str:
        if math.isnan(value):
            return "-"
        return f"{100 * value:.1f}{NARROW}%" if percent else f"{value:.3f}"

    ends = (figure.low, figure.value, figure.high)
    span = Span(*(round(100 * end, 1) for end in ends)) if percent and all(0 <= end <= 1 for end in ends) else None
    is_open = math.isnan(figure.low) or math.isnan(figure.high)
    interval = "" if is_open else f"{shown(figure.low)} to {shown(figure.high)}"
    return Told(name.replace("_", " "), shown(figure.value), interval, figure.n, span)


def headline_figures(figures: Mapping[str, KeptFigure]) -> list[Told]:
    """Return headline figures; those that are no share (boxes a picture, milliseconds) keep their own unit."""
    return [format_figure(name, figure, percent=is_share(name, figure)) for name, figure in figures.items()]


def is_share(name: str, figure: KeptFigure) -> bool:
    """Say whether a headline figure reads best in percent: a share of pictures, not a count or a mean score."""
    is_score = name.startswith("IoU") or any(word in name for word in SCORES)
    return not is_score and " a picture" not in name and not figure.value > 1


def format_table(table: KeptTable) -> ToldTable:
    """Return a table of the report in words."""
    rows = [format_figure(name, figure, percent=table.percent) for name, figure in table.figures.items()]
    return ToldTable(table.title, table.note, rows, has_spans=any(row.span for row in rows))


def is_confusion(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether rows of strings count what was so (rows) against what was said (columns, the same labels)."""
    return len(rows) > 1 and [row[0] for row in rows[1:] if row] == list(rows[0][1:])


def format_heat_table(title: str, rows: Sequence[Sequence[str]]) -> HeatTable:
    """Return rows of strings, the head first, as a table shaded by each cell's share of its row."""
    head, *body = rows or [[]]
    return HeatTable(title.replace("_", " "), list(head), [_heat_row(row, head) for row in body if row])


def _heat_row(row: Sequence[str], head: Sequence[str]) -> HeatRow:
    name, *cells = row
    total = sum(float(cell) for cell in cells if cell.isdecimal())
    return HeatRow(
        name,
        [
            Shaded(
                cell,
                math.ceil(SHADES * float(cell) / total) if cell.isdecimal() and total else 0,
                is_right=index < len(head) and name == head[index],
            )
            for index, cell in enumerate(cells, start=1)
        ],
    )


def report_charts(report: KeptReport) -> list[Chart]:
    """Return the report's charts and the training's curves."""
    return [*(report_chart(chart) for chart in report.charts), *report_curves(report.epochs)]


def report_chart(chart: KeptChart) -> Chart:
    """Return one chart of the report."""
    return lines_chart(
        title=chart.title,
        note=chart.note,
        x_title=chart.x_title,
        y_title=chart.y_title,
        lines=[Line(name, points) for name, points in chart.lines.items()],
        diagonal=_diagonal(chart) if chart.diagonal else "",
    )


def _diagonal(chart: KeptChart) -> str:
    return "Perfect" if "reliab" in chart.title.lower() or "calib" in chart.title.lower() else "Chance"


def report_curves(epochs: Sequence[Mapping[str, str | float | None]]) -> list[Chart]:
    """Return the loss and the validation scores by epoch."""
    columns = {name: [_number(row.get(name)) for row in epochs] for name in (epochs[0] if epochs else {})}
    passed = columns.pop("epoch", [float(index + 1) for index in range(len(epochs))])
    at = [float(index + 1) if epoch is None else epoch for index, epoch in enumerate(passed)]
    scores = {name: values for name, values in columns.items() if name not in COUNTED and LOSSES not in name}
    losses = {name: values for name, values in columns.items() if LOSSES in name}
    drawn = (("Training: loss by epoch", "Loss", losses), ("Training: validation scores by epoch", "Score", scores))
    return [
        lines_chart(title=title, x_title="Epoch", y_title=y_title, lines=_lines(at, named))
        for title, y_title, named in drawn
        if any(value is not None for values in named.values() for value in values)
    ]


def _lines(at: Sequence[float], named: Mapping[str, Iterable[float | None]]) -> list[Line]:
    return [Line(name.replace("_", " "), list(zip(at, values, strict=True))) for name, values in named.items()]


def _number(value: str | float | None) -> float | None:
    """Return a cell of epochs.csv as a number; None where it is none."""
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
