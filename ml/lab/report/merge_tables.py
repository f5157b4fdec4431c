"""The same table of several runs as one table, a row for each run."""

import re
from collections.abc import Mapping, Sequence

from ml.lab.evaluate.report import Table
from ml.lab.report.comparison import run_linked
from ml.lab.report.formatting import NOTHING, cell_told
from ml.lab.report.page import Page
from ml.lab.report.runs import Run


def tables_beside(page: Page, tables: Mapping[Run, Sequence[Table]], *, words: str = "") -> set[str]:
    """Add every table that at least two runs have.

    Parameters
    ----------
    words
        Only titles in which this is found.

    Returns
    -------
    set
        The titles that were added.
    """
    titles = dict.fromkeys(table.title for own in tables.values() for table in own if re.search(words, table.title))
    added = set()
    for title in titles:
        having = {run: table for run, own in tables.items() for table in own if table.title == title}
        if len(having) > 1:
            added.add(title)
            _told(page, title, having)
    return added


def _told(page: Page, title: str, tables: Mapping[Run, Table]) -> None:
    page.heading(f"Side by side: {title}", level=3)
    notes = {table.note for table in tables.values()}
    page.words(notes.pop() if len(notes) == 1 else "What was counted how in each run stands on the run's page.")
    columns = list(dict.fromkeys(name for table in tables.values() for name in table.figures))
    rows = [
        [run_linked(run), *(cell_told(table.figures[c]) if c in table.figures else NOTHING for c in columns)]
        for run, table in tables.items()
    ]
    page.table(("model", *columns), rows)
