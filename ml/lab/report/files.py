"""The files that the report is made of, read into typed rows."""

import csv
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ml.lab.evaluate.figures import Figure
from ml.lab.evaluate.report import Chart, Report, Table

ANY = "*"
Row = TypeVar("Row")


@dataclass(frozen=True)
class Published:
    """A figure of a paper; `value` is none where the paper is not at hand, and `note` says so.

    Attributes
    ----------
    table, row, column
        Where it stands in our tables: the report's table, the architecture or model, the figure's name.
    kind
        "paper" for the papers that Readroom makes again, "comparable" for a published work beside them.
    """

    table: str
    row: str
    column: str
    value: float | None = None
    n: int | None = None
    paper: str = ""
    where: str = ""
    url: str = ""
    kind: str = "paper"
    note: str = ""


@dataclass(frozen=True)
class Reason:
    """The likeliest reason why our figure differs from the paper's; ``*`` stands for any row or column."""

    table: str
    row: str
    column: str
    text: str


def published_read(file: Path) -> list[Published]:
    """Read the papers' figures; none where the file is missing.

    Raises
    ------
    ValueError
        If a row has a key that we do not know, or lacks one.
    """
    return [_row(Published, row, file) for row in _rows(file, "figure")]


def reasons_read(file: Path) -> list[Reason]:
    """Read the reasons, those that name row and column first.

    Raises
    ------
    ValueError
        If a row has a key that we do not know, or lacks one.
    """
    reasons = [_row(Reason, row, file) for row in _rows(file, "reason")]
    return sorted(reasons, key=lambda reason: (reason.row == ANY) + (reason.column == ANY))


def report_read(file: Path) -> Report:
    """Read what `ml.lab.evaluate` wrote; what an older file lacks stays empty.

    Raises
    ------
    ValueError
        If it is no such file.
    """
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Report(
            tables=[Table(**row | {"figures": _figures(row["figures"])}) for row in told.get("tables", [])],
            headline=_figures(told.get("headline", {})),
            counts=told.get("counts", {}),
            charts=[Chart(**row) for row in told.get("charts", [])],
            about=told.get("about", {}),
        )
    except (TypeError, KeyError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{file.parent.name}/{file.name} is not a report: {error}") from error


def epochs_read(file: Path) -> list[dict[str, float]]:
    """Read the rows of ``epochs.csv``, empty cells left out; none where nothing was trained."""
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        return [{name: float(cell) for name, cell in row.items() if cell} for row in csv.DictReader(lines)]


def trials_read(file: Path) -> list[dict[str, str]]:
    """Read the rows of a search's ``trials.csv`` as they are written; none before it ran."""
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _figures(told: dict[str, dict[str, Any]]) -> dict[str, Figure]:
    return {name: Figure(**values) for name, values in told.items()}


def _rows(file: Path, name: str) -> list[dict[str, Any]]:
    if not file.is_file():
        return []
    rows: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8")).get(name, [])
    return rows


def _row(make: type[Row], values: dict[str, Any], file: Path) -> Row:
    try:
        return make(**values)
    except TypeError as error:
        raise ValueError(f"{file.name}: {error}") from error
