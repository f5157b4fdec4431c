"""The pages of the tables of runs: classification, detection, segmentation and their like."""

from collections.abc import Sequence
from dataclasses import dataclass

from ml.lab.evaluate.figures import Figure
from ml.lab.report.collect import Gathered
from ml.lab.report.comparison import command_told, figure_compared, notes_added, run_linked
from ml.lab.report.drawings import Dot, against_drawn, dots_drawn
from ml.lab.report.formatting import NOTHING
from ml.lab.report.lines import curves_drawn
from ml.lab.report.merge_tables import tables_beside
from ml.lab.report.page import Page
from ml.lab.report.prose import words_added
from ml.lab.report.run_page import about_rows
from ml.lab.report.runs import Run


@dataclass(frozen=True)
class Topic:
    """One table of runs."""

    table: str
    title: str


TOPICS = (
    Topic("classification", "Classification"),
    Topic("detection", "Detection"),
    Topic("segmentation", "Segmentation"),
    Topic("beyond", "Beyond the papers"),
    Topic("shipped", "What ships"),
)
COSTS = ("input side, pixels", "parameters", "GFLOP a picture", "ms a picture", "size")
#: Lines of a dot plot that can still be read.
MOST_LINES = 40
#: Tables in which runs are compared with each other: recall, precision, F1, AUC; mAP; Dice and IoU.
MAIN = r": answers$|^Average precision|^Four numbers"


def topic_page(told: Gathered, topic: Topic) -> Page:
    """The page of one table of runs; a run that is missing is told as such, with its command."""
    page = Page(topic.table, topic.title)
    words_added(page, told)
    runs = told.of_table(topic.table)
    if not runs:
        page.words("No configuration names this table yet.")
        return page
    glance_added(page, runs)
    dots_added(page, told, runs)
    curves_added(page, runs)
    cost_added(page, runs)
    figures_added(page, told, runs)
    tables_beside(page, {run: run.report.tables for run in runs if run.report}, words=MAIN)
    return page


def glance_added(page: Page, runs: Sequence[Run]) -> None:
    """Add a row for each run: what it is, what it cost, whether it was judged."""
    page.heading("The runs")
    columns = ("architecture", *COSTS, "pictures taught", "epochs")
    rows = []
    for run in runs:
        about = about_rows(run)
        rows.append([run_linked(run), run.state, *(about.get(c, NOTHING) for c in columns), command_told(run)])
    page.table(("model", "state", *columns, "command"), rows)


def figures_added(page: Page, told: Gathered, runs: Sequence[Run], *, all_columns: bool = True) -> None:
    """Add our figures beside the published, a table for each figure.

    Parameters
    ----------
    all_columns
        Whether figures that nobody published are told too.
    """
    published = {entry.column for entry in told.published if entry.table == runs[0].config.table}
    notes: list[str] = []
    page.heading("The figures, beside the published")
    for column, having in columns_shared(told, runs).items():
        if not all_columns and column not in published:
            continue
        page.heading(column, level=3)
        figure_compared(page, told, having, column, notes)
    waiting = [run for run in runs if not run.headline]
    if waiting:
        page.words("Without figures so far: " + ", ".join(f"{run.key} ({run.state})" for run in waiting) + ".")
    notes_added(page, notes)


def columns_shared(told: Gathered, runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The figures of a table, each with the runs that have it, or of which a paper gives it."""
    published = [p.column for p in told.published if p.table == runs[0].config.table]
    columns = dict.fromkeys([*(name for run in runs for name in run.headline), *published])
    having = {c: [run for run in runs if c in run.headline or told.papers(run, c)] for c in columns}
    return {column: own for column, own in having.items() if own}


def dots_added(page: Page, told: Gathered, runs: Sequence[Run], *, name: str = "figures") -> None:
    """Add one plot of all shares, each with its interval: what the runs have in common as series of one line."""
    columns = columns_shared(told, runs)
    shared = any(len([r for r in own if c in r.headline]) > 1 for c, own in columns.items())
    dots = [
        Dot(column if shared else f"{run.key}: {column}", run.key if shared else "ours", run.headline[column])
        for column, own in columns.items()
        for run in own
        if column in run.headline and is_share(run.headline[column])
    ]
    lines = list(dict.fromkeys(dot.line for dot in dots))[:MOST_LINES]
    kept = [dot for dot in dots if dot.line in lines]
    if not kept:
        return
    stars = {
        (column if shared else f"{run.key}: {column}"): [p.value for p in told.papers(run, column) if p.value]
        for column, own in columns.items()
        for run in own
    }
    svg = dots_drawn(kept, x_title="value, 0 to 1", published={line: stars[line] for line in lines if stars.get(line)})
    page.heading("The figures in one drawing")
    page.drawing(name, svg, told=f"{page.title}: every share with its 95% interval; the numbers stand below.")


def curves_added(page: Page, runs: Sequence[Run]) -> None:
    """Add the learning curves of all runs, seven to a drawing."""
    trained = {run.key: run.epochs for run in runs if run.epochs}
    if trained:
        page.heading("Learning curves")
    names = list(trained)
    for first in range(0, len(names), 7):
        part = {name: trained[name] for name in names[first : first + 7]}
        page.drawing(f"curves-{first // 7}", curves_drawn(part), told=f"Learning curves of {', '.join(part)}.")


def cost_added(page: Page, runs: Sequence[Run]) -> None:
    """Add what the first figure that at least two runs share costs in milliseconds."""
    judged = {run: float(run.report.about["ms"]) for run in runs if run.report and run.report.about.get("ms")}
    shared = [c for run in judged for c in run.headline if sum(c in other.headline for other in judged) > 1]
    if not shared:
        return
    column = shared[0]
    points = {run.key: (ms, run.headline[column]) for run, ms in judged.items() if column in run.headline}
    page.heading("Against what it costs")
    svg = against_drawn(points, x_title="milliseconds for one picture, eager PyTorch", y_title=column)
    page.drawing("cost", svg, told=f"{column} against milliseconds for one picture, for {', '.join(points)}.")


def is_share(figure: Figure) -> bool:
    """Whether a figure can be drawn between 0 and 1."""
    return 0 <= figure.value <= 1 and figure.high <= 1
