"""Words that a person wrote for a page; figures in them are taken from the runs when the report is made."""

import re

from ml.lab.report.collect import Gathered
from ml.lab.report.formatting import figure_told
from ml.lab.report.page import Page

#: ``{{run: figure}}``, such as ``{{sorter-2: modality accuracy}}``.
_PLACE = re.compile(r"\{\{([^:{}]+):\s*([^{}]+)\}\}")
LATER = "(not measured yet)"


def words_added(page: Page, told: Gathered) -> None:
    """Put the words of ``words/<slug>.md`` on a page, with the figures that they name."""
    file = told.words / "words" / f"{page.slug}.md"
    if not file.is_file():
        page.unwritten.append(f"{page.slug}: words/{page.slug}.md is not written")
        return
    page.blocks.append(figures_named(file.read_text(encoding="utf-8").strip(), page, told))


def figures_named(text: str, page: Page, told: Gathered) -> str:
    """Put in the figures that a text names; what is not measured is said, and told as unwritten."""
    headlines = {run.key: run.headline for run in told.runs}
    if told.cascade is not None:
        headlines["cascade"] = told.cascade.headline

    def named(place: re.Match[str]) -> str:
        run, column = place[1].strip(), place[2].strip()
        figure = headlines.get(run, {}).get(column)
        if figure is None:
            page.unwritten.append(f"{page.slug}: its words name {run}: {column}, which is not measured")
            return LATER
        return figure_told(figure)

    return _PLACE.sub(named, text)
