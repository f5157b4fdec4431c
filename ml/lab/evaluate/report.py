"""How figures are kept: a JSON file a run, headline figures in the manifest, tables in the card."""

import csv
import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ml.lab.evaluate.metrics import Figure

WEIGHTS = Path(__file__).resolve().parents[3] / "weights"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass
class Table:
    """Named figures that belong together, with a sentence that says how they were counted."""

    title: str
    note: str
    figures: dict[str, Figure] = field(default_factory=dict)
    percent: bool = True


@dataclass
class Chart:
    """Lines of one drawing: name -> points (x, y), such as ROC curves or a reliability diagram.

    With `diagonal`, the line from (0, 0) to (1, 1) is drawn as well: chance, or perfect calibration.
    """

    title: str
    note: str
    x_title: str
    y_title: str
    lines: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    diagonal: bool = False


@dataclass
class Report:
    """All tables of one model; `headline` names the figures that go into the manifest.

    `about` says what was judged, how it was trained, and what it costs.
    """

    tables: list[Table] = field(default_factory=list)
    headline: dict[str, Figure] = field(default_factory=dict)
    counts: dict[str, list[list[str]]] = field(default_factory=dict)
    charts: list[Chart] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    def table(self, title: str, note: str, *, percent: bool = True) -> Table:
        """Add an empty table and return it."""
        self.tables.append(Table(title, note, percent=percent))
        return self.tables[-1]


def report_written(report: Report, file: Path) -> None:
    """Keep a report as JSON."""
    file.write_text(json.dumps(asdict(report), indent=1) + "\n", encoding="utf-8")


def sheet_written(report: Report, epochs: Path, file: Path) -> None:
    """Keep a report with the run's learning curve (epochs.csv) beside the model that it is about, for its page.

    A model of an earlier release has no curve any more.
    """
    lines = epochs.read_text(encoding="utf-8").splitlines() if epochs.exists() else []
    sheet = asdict(report) | {"epochs": list(csv.DictReader(lines))}
    file.write_text(json.dumps(sheet, indent=1) + "\n", encoding="utf-8")


def headline_rows(report: Report) -> dict[str, dict[str, Any]]:
    """Headline figures as the manifest has them: value, n, low, high, rounded to four digits."""
    return {
        name: {"value": _rounded(f.value), "n": f.n, "low": _rounded(f.low), "high": _rounded(f.high)}
        for name, f in report.headline.items()
    }


def row_stored(row: dict[str, Any], weights: Path = WEIGHTS) -> None:
    """Put a model's row into the manifest in place of the one of the same name."""
    manifest = weights / "manifest.json"
    rows = json.loads(manifest.read_text())["models"] if manifest.exists() else []
    rows = sorted([r for r in rows if r["name"] != row["name"]] + [row], key=lambda r: str(r["name"]))
    manifest.write_text(json.dumps({"models": rows}, indent=1) + "\n")


def markdown(report: Report) -> str:
    """The tables of a card."""
    lines: list[str] = []
    for table in report.tables:
        lines += [f"### {table.title}", "", table.note, "", "| | value | 95% interval | n |", "|---|---|---|---|"]
        for name, figure in table.figures.items():
            lines.append(f"| {name} | {_figure(figure, percent=table.percent)} |")
        lines.append("")
    for title, rows in report.counts.items():
        lines += [f"### {title}", "", "| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
        lines += ["| " + " | ".join(row) + " |" for row in rows[1:]] + [""]
    return "\n".join(lines).rstrip()


def card_filled(card: Path, report: Report) -> None:
    """Replace the figures between the two marks of a card; its words are a person's.

    Raises
    ------
    ValueError
        If the card lacks the marks.
    """
    text = card.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{card.name} has no place for figures")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    card.write_text(f"{before}{BEGIN}\n{markdown(report)}\n{END}{after}", encoding="utf-8")


def _figure(figure: Figure, *, percent: bool) -> str:
    def shown(value: float) -> str:
        if math.isnan(value):
            return "-"
        return f"{value * 100:.1f}%" if percent else f"{value:.3f}"

    return f"{shown(figure.value)} | {shown(figure.low)} to {shown(figure.high)} | {figure.n}"


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
