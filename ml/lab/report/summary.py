"""What of the report stands in the repository: its first page, and a page for each shipped model, without drawings."""

import re
from collections.abc import Sequence
from pathlib import Path

from ml.lab.report.collect import Gathered
from ml.lab.report.page import Page

FRONT = "README"
NOTE = (
    "> This is the summary. The whole report (every run, drawings, HTML) is made in a minute by "
    "`python -m ml.lab.report`, into `docs/models-full/`; releases carry it."
)
_DRAWING = re.compile(r"^!\[[^\n]*\n\n?", re.MULTILINE)
_LINK = re.compile(r"\[((?:[^\[\]]|\\.)*)\]\(([^)#\s]+)(#[^)]*)?\)")


def summary_files(pages: Sequence[Page], told: Gathered, folder: Path) -> dict[str, str]:
    """Return the text of each file of the summary by its name.

    Parameters
    ----------
    folder
        Where they will lie: links to what is not there become plain words.
    """
    shipped = {f"run-{row.name}-{row.version}" for row in told.shipped}
    chosen = [page for page in pages if page.slug == FRONT or page.slug in shipped]
    names, every = ({f"{page.slug}.md" for page in some} for some in (chosen, pages))

    def link(found: re.Match[str]) -> str:
        outside = found[2] not in every and (folder / found[2]).exists()
        there = found[2] in names or outside or re.match(r"https?:", found[2])
        return found[0] if there else found[1]

    return {f"{page.slug}.md": _LINK.sub(link, _without_drawings(page)) for page in chosen}


def write_summary(files: dict[str, str], folder: Path) -> None:
    """Write the files, and take away pages of models that are shipped no longer."""
    for left in folder.glob("run-*.md"):
        if left.name not in files:
            left.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _without_drawings(page: Page) -> str:
    title, rest = page.markdown().split("\n", 1)
    return _DRAWING.sub("", f"{title}\n\n{NOTE}\n{rest}")
