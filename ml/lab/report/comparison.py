"""One table of figures: ours beside what was published, with the reason for the difference and the command."""

from collections.abc import Sequence

from ml.lab.report.collect import Gathered
from ml.lab.report.files import ANY, Published
from ml.lab.report.formatting import NOTHING, cells_told, marked, number_told
from ml.lab.report.page import Page
from ml.lab.report.runs import Run

HEADER = ("model", "ours", "95% interval", "n", "published", "likeliest reason for the difference", "made by")
UNWRITTEN = "no reason written yet"


def figure_compared(page: Page, told: Gathered, runs: Sequence[Run], column: str, notes: list[str]) -> None:
    """Add the table of one figure: a row for each run, and a sentence for neighbours of the table as a whole."""
    page.table(HEADER, [_row(page, told, run, column, notes) for run in runs])
    table = runs[0].config.table
    beside = [p for p in told.published if (p.table, p.row, p.column) == (table, ANY, column)]
    if beside:
        page.words("Others measured: " + "; ".join(_published(entry, notes) for entry in beside) + ".")


def notes_added(page: Page, notes: Sequence[str]) -> None:
    """Add what the marks of the tables mean."""
    if notes:
        page.heading("Where the published figures stand")
        page.blocks.append("\n".join(f"{number}. {note}" for number, note in enumerate(notes, start=1)))


def run_linked(run: Run) -> str:
    """A run's name, as a link to its page once it was judged."""
    return f"[{run.key}](run-{run.key}.md)" if run.report is not None else run.key


def command_told(run: Run) -> str:
    """The command that measures it; before it was trained, the one that trains it."""
    trained = bool(run.epochs or run.report)
    return f"`{run.commands[1 if trained and len(run.commands) > 1 else 0]}`"


def _row(page: Page, told: Gathered, run: Run, column: str, notes: list[str]) -> list[str]:
    figure = run.headline.get(column)
    published = told.papers(run, column)
    theirs = "; ".join(_published(entry, notes) for entry in published) or NOTHING
    if figure is None:
        state = run.state if run.report is None else "not measured"
        return [run_linked(run), state, NOTHING, NOTHING, theirs, NOTHING, command_told(run)]
    comparable = any(entry.value is not None for entry in published)
    reason = told.reason(run, column) if comparable else NOTHING
    if reason is None:
        page.unwritten.append(f"{page.slug}: no reason for {run.config.table} / {run.config.name} / {column}")
        reason = UNWRITTEN
    return [run_linked(run), *cells_told(figure), theirs, reason, command_told(run)]


def _published(entry: Published, notes: list[str]) -> str:
    value = "not at hand" if entry.value is None else number_told(entry.value)
    count = f" (n = {entry.n})" if entry.n else ""
    kind = " comparable" if entry.kind == "comparable" else ""
    said = [entry.paper, entry.where, f"<{entry.url}>" if entry.url else "", entry.note]
    return f"{value}{count}{kind} {marked(['; '.join(part for part in said if part)], notes)}"
