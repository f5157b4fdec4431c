"""Transfer: the same network begun from another task's trunk, beside one begun from fresh weights."""

from collections.abc import Sequence

from ml.lab.report.collect import Gathered
from ml.lab.report.comparison import run_linked
from ml.lab.report.drawings import Dot, dots_drawn
from ml.lab.report.formatting import NOTHING, cells_told
from ml.lab.report.page import Page
from ml.lab.report.prose import words_added
from ml.lab.report.runs import Run
from ml.lab.report.topics import curves_added, figures_added, glance_added, is_share

TABLE = "transfer"
FRESH, BEGUN = "from fresh weights", "begun as another task"
Pair = tuple[Run, Run]


def transfer_page(told: Gathered) -> Page:
    """The page of all runs that only differ in what they begin as."""
    page = Page(TABLE, "Transfer from one task to another")
    words_added(page, told)
    pairs = pairs_of(told)
    runs = list(dict.fromkeys([*(run for pair in pairs for run in pair), *told.of_table(TABLE)]))
    if not runs:
        page.words("No configuration names this table yet.")
        return page
    _pairs_added(page, pairs)
    glance_added(page, runs)
    curves_added(page, runs)
    if own := told.of_table(TABLE):
        figures_added(page, told, own)
    return page


def pairs_of(told: Gathered) -> list[Pair]:
    """A run from fresh weights and the same begun as another, at least one of them of this table."""
    return [
        (fresh, begun)
        for fresh in told.runs
        for begun in told.runs
        if not fresh.config.start
        and begun.config.start
        and TABLE in (fresh.config.table, begun.config.table)
        and _alike(fresh, begun)
    ]


def _alike(first: Run, second: Run) -> bool:
    """Whether two runs ask and see the same with the same network."""
    a, b = first.config, second.config
    return (a.task, a.network, a.heads, a.without, a.size, a.profile) == (
        (b.task, b.network, b.heads, b.without, b.size, b.profile)
    )


def _pairs_added(page: Page, pairs: Sequence[Pair]) -> None:
    page.heading("Fresh weights beside another task's trunk")
    rows, dots = [], []
    for fresh, begun in pairs:
        for column in dict.fromkeys([*fresh.headline, *begun.headline]):
            both = fresh.headline.get(column), begun.headline.get(column)
            cells = [cells_told(figure) if figure else ["not judged", NOTHING, NOTHING] for figure in both]
            names = f"{run_linked(begun)} beside {run_linked(fresh)}"
            rows.append([names, begun.config.start, column, *cells[0], *cells[1]])
            line = f"{begun.config.name}: {column}"
            series = zip((FRESH, BEGUN), both, strict=True)
            dots += [Dot(line, name, figure) for name, figure in series if figure is not None and is_share(figure)]
    if not rows:
        page.words("No pair was judged yet.")
        return
    if dots:
        svg = dots_drawn(dots, x_title="value, 0 to 1")
        page.drawing("pairs", svg, told="Each figure of a network begun fresh, and begun as another task.")
    header = ("runs", "begun as", "figure", "fresh", "95% interval", "n", "begun", "95% interval", "n")
    page.table(header, rows)
