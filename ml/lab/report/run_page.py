"""The page of one judged run: everything in its files, and the commands that made them."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ml.lab.evaluate.report import Chart, Report, Table
from ml.lab.report.drawings import confusions_drawn
from ml.lab.report.formatting import cells_told, megabytes_told, minutes_told, percent_cells
from ml.lab.report.lines import charts_drawn, curves_drawn
from ml.lab.report.page import Page
from ml.lab.report.runs import Run, architecture

Rows = Sequence[Sequence[str]]
#: A matrix with more labels than this is a table only: its numbers would be too small to read in a drawing.
MOST_LABELS = 14


def run_page(run: Run) -> Page:
    """Everything that is known of a run.

    Parameters
    ----------
    run
        Judged: its report is there.
    """
    assert run.report is not None
    page = Page(f"run-{run.key}", run.key)
    page.words(f"{_called(run)} [All runs of this table]({run.config.table or 'shipped'}.md).")
    if run.state != "judged":
        page.words(f"**Its state: {run.state}.**")
    page.heading("Made by")
    page.commands(run.commands)
    page.heading("What it is and what it cost")
    page.table(("what", "value"), list(about_rows(run).items()))
    if run.epochs:
        page.heading("Learning curves")
        page.drawing("curves", curves_drawn({run.key: run.epochs}), told=f"Loss and score of {run.key} by epoch.")
    page.heading("Headline figures")
    page.table(("figure", "value", "95% interval", "n"), [[n, *cells_told(f)] for n, f in run.headline.items()])
    report_told(page, run.report)
    for name in run.extra:
        page.heading(f"From {name}.json")
        report_told(page, run.reports[name], name=name)
    return page


def report_told(page: Page, report: Report, *, name: str = "") -> None:
    """Add tables, counts and charts of a report."""
    charts_told(page, report.charts, name=f"{name}charts")
    for table in report.tables:
        table_told(page, table)
    matrices = {title: rows for title, rows in report.counts.items() if is_confusion(rows)}
    confusions_told(page, matrices, name=f"{name}confusion")
    for title, rows in report.counts.items():
        page.heading(title, level=3)
        page.table(rows[0], rows[1:])


def table_told(page: Page, table: Table, *, before: str = "") -> None:
    """Add one table of figures, in percent where it counts shares."""
    page.heading(before + table.title, level=3)
    page.words(table.note)
    cells = percent_cells if table.percent else cells_told
    rows = [[name, *cells(figure)] for name, figure in table.figures.items()]
    page.table(("figure", "value", "95% interval", "n"), rows)


def charts_told(page: Page, charts: Sequence[Chart], *, name: str) -> None:
    """Add charts as one drawing, and below it what they say."""
    shown = [chart for chart in charts if any(chart.lines.values())]
    if shown:
        page.heading("Charts", level=3)
        titles = "; ".join(f"{c.title}: {c.y_title} over {c.x_title}" for c in shown)
        page.drawing(name, charts_drawn(shown), told=f"Charts. {titles}.")
        page.listed([f"{chart.title}: {chart.note}" for chart in shown if chart.note])


def confusions_told(page: Page, matrices: Mapping[str, Rows], *, name: str) -> None:
    """Add confusion matrices as one drawing."""
    small = {title: rows for title, rows in matrices.items() if len(rows) <= MOST_LABELS}
    if small:
        page.heading("Confusion matrices", level=3)
        page.drawing(name, confusions_drawn(small), told=f"Confusion matrices: {'; '.join(small)}. Numbers below.")


def is_confusion(rows: Rows) -> bool:
    """Whether counts are a square of whole numbers with the same labels along both sides."""
    labels = list(rows[0][1:])
    return (
        len(labels) > 1
        and labels == [row[0] for row in rows[1:]]
        and all(cell.isdigit() for row in rows[1:] for cell in row[1:])
    )


def about_rows(run: Run) -> dict[str, str]:
    """What a run is and what it cost, as words by name; what its files do not say is left out."""
    about = run.report.about if run.report is not None else {}
    rows = {"architecture": str(about.get("architecture") or architecture(run.config))}
    rows["input side, pixels"] = str(run.config.size)
    rows["profile"] = run.config.profile
    if run.config.start:
        rows["begins as"] = run.config.start
    if run.config.without:
        rows["never saw"] = ", ".join(run.config.without)
    told: dict[str, Callable[[Any], str]] = {
        "parameters": lambda value: f"{value / 1e6:.2f} million",
        "gflop": lambda value: f"{value:.2f}",
        "ms": lambda value: f"{value:.1f}",
        "bytes": megabytes_told,
        "pictures_taught": str,
        "data_digest": lambda value: f"`{str(value)[:16]}`",
        "config_digest": lambda value: f"`{str(value)[:16]}`",
        "date": str,
        "form": str,
    }
    names = {"gflop": "GFLOP a picture", "ms": "ms a picture", "bytes": "size", "pictures_taught": "pictures taught"}
    for key, says in told.items():
        if about.get(key) is not None:
            rows[names.get(key, key.replace("_", " "))] = says(about[key])
    if run.epochs:
        rows["epochs"] = f"{len(run.epochs)} in {minutes_told(seconds_trained(run))}"
    return rows


def seconds_trained(run: Run) -> float:
    """How long it was trained: the clock of its last epoch, or all epochs where a resumed run counts anew."""
    clocks = [row["seconds"] for row in run.epochs if "seconds" in row]
    begun_anew = [before for before, after in pairwise(clocks) if after < before]
    return sum(begun_anew) + (clocks[-1] if clocks else 0.0)


def _called(run: Run) -> str:
    kind = {
        "classifier": "A classifier",
        "detector": "A detector",
        "segmenter": "A segmenter",
        "features": "A model of measured features",
    }
    return f"{kind.get(run.config.task, 'A network')} of the configuration `{run.file}`."
