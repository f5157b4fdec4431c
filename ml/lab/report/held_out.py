"""Sources held out: the figure that a hospital will meet, beside the easy one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ml.lab.evaluate.figures import Figure
from ml.lab.report.collect import Gathered
from ml.lab.report.comparison import command_told, run_linked
from ml.lab.report.drawings import Dot, dots_drawn
from ml.lab.report.formatting import NOTHING, cells_told
from ml.lab.report.page import Page
from ml.lab.report.prose import words_added
from ml.lab.report.runs import Run
from ml.lab.report.topics import curves_added, figures_added, glance_added, is_share

TABLE = "held-out"
#: Ending of the runs that show what a fold is without what is done against the source's look.
PLAIN = "-plain"
SEEN, UNSEEN = "test split, sources known", "sources never seen"
_UNSEEN = re.compile(r",\s*(sources? never seen|unseen.*)$")


@dataclass(frozen=True)
class Pair:
    """A figure on sources never seen, and the same figure on the test split, where one was measured.

    Attributes
    ----------
    run, known
        The run that was judged on sources it never saw, and the one that the other figure is of.
    """

    run: Run
    name: str
    unseen: Figure
    known: Run | None
    seen: Figure | None

    @property
    def column(self) -> str:
        """The figure's name on the test split."""
        return _UNSEEN.sub("", self.name)

    @property
    def line(self) -> str:
        """What stands beside it in a drawing; files of other sources are told from collections held out."""
        return (
            f"{self.run.config.name}: {self.column if self.run.config.without and 'never' in self.name else self.name}"
        )

    @property
    def is_main(self) -> bool:
        """Whether the first page shows it: what is shipped or held out in earnest, and the share that is right."""
        without = bool(self.run.config.without) and not self.run.config.name.endswith(PLAIN)
        shipped = self.run.config.table in ("shipped", "beyond")
        return (without or shipped) and (self.run.config.task != "classifier" or self.column.endswith("accuracy"))


def pairs_of(told: Gathered) -> list[Pair]:
    """Every figure on sources never seen, of any table, beside its test split figure."""
    return [
        _pair(told, run, name, figure)
        for run in told.runs
        for name, figure in run.headline.items()
        if _UNSEEN.search(name)
    ]


def held_out_page(told: Gathered) -> Page:
    """The headline of the whole report."""
    page = Page(TABLE, "Sources held out")
    words_added(page, told)
    pairs_added(page, told)
    if runs := told.of_table(TABLE):
        glance_added(page, runs)
        curves_added(page, runs)
        figures_added(page, told, runs, all_columns=False)
    else:
        page.words("No configuration holds a source out yet.")
    return page


def pairs_added(page: Page, told: Gathered, *, main: bool = False) -> None:
    """Add the drawing of the main figures and the table behind it: of all, or of the main ones too."""
    pairs = sorted(pairs_of(told), key=lambda pair: (not pair.is_main, not pair.run.config.without))
    page.heading("The test split beside sources never seen")
    if not pairs:
        page.words("No run was judged on sources that it never saw yet.")
        return
    shown = [pair for pair in pairs if pair.is_main] or pairs
    page.drawing("pairs", pairs_drawn(shown), told="Main figures on the test split and on sources never seen.")
    header = ("figure", "never seen", "95% interval", "n", "test split", "95% interval", "n", "never saw", "made by")
    page.table(header, [_row(pair) for pair in (shown if main else pairs)])


def pairs_drawn(pairs: Sequence[Pair]) -> str:
    """Draw both figures of each pair on one line."""
    dots = []
    for pair in pairs:
        if pair.seen is not None and is_share(pair.seen):
            dots.append(Dot(pair.line, SEEN, pair.seen))
        if is_share(pair.unseen):
            dots.append(Dot(pair.line, UNSEEN, pair.unseen))
    order = [Dot(d.line, d.series, d.figure) for name in (SEEN, UNSEEN) for d in dots if d.series == name]
    return dots_drawn(sorted(order, key=lambda dot: [d.line for d in dots].index(dot.line)), x_title="value, 0 to 1")


def _pair(told: Gathered, run: Run, name: str, figure: Figure) -> Pair:
    column = _UNSEEN.sub("", name)
    known = run if column in run.headline else _known(told, run, column)
    return Pair(run, name, figure, known, known.headline[column] if known else None)


def _known(told: Gathered, run: Run, column: str) -> Run | None:
    """The run that asks the same with all sources known: with the same questions first, then what ships."""
    asking = [
        other
        for other in told.runs
        if other.config.task == run.config.task and not other.config.without and column in other.headline
    ]
    alike = [other for other in asking if set(other.config.heads) == set(run.config.heads)]
    return min(alike or asking, key=lambda other: other.config.table not in ("shipped", "beyond"), default=None)


def _row(pair: Pair) -> list[str]:
    known = [NOTHING] * 3 if pair.seen is None or pair.known is None else cells_told(pair.seen)
    if pair.known is not None and pair.known is not pair.run:
        known[0] = f"{known[0]} ({run_linked(pair.known)})"
    without = ", ".join(pair.run.config.without) or "files of other sources"
    name = f"{run_linked(pair.run)}: {pair.name}"
    return [name, *cells_told(pair.unseen), *known, without, command_told(pair.run)]
