"""The first page: what there is, how to make it again, what was trained how long."""

from collections.abc import Mapping

from ml.cascade.weights import forms_told
from ml.lab.report.collect import Gathered
from ml.lab.report.comparison import command_told, run_linked
from ml.lab.report.formatting import NOTHING, megabytes_told, minutes_told
from ml.lab.report.held_out import pairs_added
from ml.lab.report.page import Page
from ml.lab.report.prose import words_added
from ml.lab.report.run_page import about_rows, seconds_trained

#: Pages of the same folder that other commands write.
GUESTS = {"papers": "The papers", "sources": "Sources of the data"}


def front_page(told: Gathered, titles: Mapping[str, str]) -> Page:
    """The index.

    Parameters
    ----------
    titles
        Title by slug of all other pages.
    """
    page = Page("README", "The models: trained, compared, held to account")
    words_added(page, told)
    pairs_added(page, told, main=True)
    page.words("All figures, and how each fold came about: [sources held out](held-out.md).")
    page.heading("Pages")
    page.listed([f"[{title}]({slug}.md)" for slug, title in titles.items()])
    _shipped_added(page, told)
    _again_added(page, told)
    _trained_added(page, told)
    return page


def _shipped_added(page: Page, told: Gathered) -> None:
    page.heading("What ships")
    rows = [
        [
            f"[{row.name}-{row.version}](../../weights/{row.card})",
            row.architecture,
            forms_told(row),
            megabytes_told(_bytes(told, *row.files)),
            f"{row.size} x {row.size}",
            f"`{row.sha256[:16]}`",
        ]
        for row in told.shipped
    ]
    page.table(("card", "architecture", "form for CPUs", "all forms", "input", "digest"), rows)


def _bytes(told: Gathered, *files: str) -> int:
    found = [told.weights / name for name in files if (told.weights / name).is_file()]
    return sum(file.stat().st_size for file in found)


def _again_added(page: Page, told: Gathered) -> None:
    page.heading("How to make it again")
    page.words(
        "`READROOM_DATA_SET` names the data folder (default `../shared/data`), `READROOM_RUNS` that of the runs.",
        "Everything at once, or one run at a time, in the order of the tables:",
    )
    page.commands(["make setup", "make train", "make report"])
    page.commands([command for run in told.runs for command in run.commands])
    page.words("Last of all, the cascade and these pages:")
    page.commands(["python -m ml.lab.evaluate --cascade", "python -m ml.lab.report", "python -m ml.lab.report --check"])


def _trained_added(page: Page, told: Gathered) -> None:
    page.heading("What was trained, and how long")
    columns = ("architecture", "input side, pixels", "pictures taught", "epochs")
    rows = []
    for run in told.runs:
        about = about_rows(run)
        cells = [about.get(column, NOTHING) for column in columns]
        rows.append([run_linked(run), run.config.table or NOTHING, run.state, *cells, command_told(run)])
    page.table(("run", "table", "state", *columns, "command"), rows)
    spent = sum(seconds_trained(run) for run in told.runs)
    judged = sum(run.report is not None for run in told.runs)
    page.words(f"{len(told.runs)} runs, {judged} of them judged; training took {minutes_told(spent)} in all.")
