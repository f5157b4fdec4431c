"""What is still missing in a written report: reasons, words, places that links lead to."""

import re
from collections.abc import Sequence
from pathlib import Path

from ml.lab.report.html import slug_of
from ml.lab.report.page import Page

#: The folder is part of the repository: it stays small.
MOST_BYTES = 8_000_000
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HREF = re.compile(r'(?:href|src)="([^"]+)"')


def problems(pages: Sequence[Page], out: Path) -> list[str]:
    """Sentences on what a person has still to do; none when the report is whole."""
    unwritten = list(dict.fromkeys(text for page in pages for text in page.unwritten))
    broken = [
        f"{file.name}: the link {address} leads nowhere"
        for pattern, kind in ((_LINK, "*.md"), (_HREF, "*.html"))
        for file in sorted(out.glob(kind))
        for address in dict.fromkeys(pattern.findall(file.read_text(encoding="utf-8")))
        if not _leads(file, address)
    ]
    weight = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    heavy = [f"the folder weighs {weight} bytes; at most {MOST_BYTES} are wanted"] if weight > MOST_BYTES else []
    return unwritten + broken + heavy


def _leads(file: Path, address: str) -> bool:
    """Whether a link of a file leads to a file that is there, and to a heading in it; other sites are not asked."""
    if re.match(r"[a-z]+:", address):
        return True
    path, _, place = address.partition("#")
    target = file.parent / path if path else file
    if not target.exists():
        return False
    if not place or target.suffix != ".md":
        return True
    headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return place in map(slug_of, headings)
