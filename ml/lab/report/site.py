"""All pages of the report, put together and written."""

import shutil
from collections.abc import Mapping, Sequence
from os.path import relpath
from pathlib import Path

from ml.lab.report.collect import Gathered
from ml.lab.report.cross_run import QUESTIONS, cascade_page, explained_name, question_page
from ml.lab.report.held_out import held_out_page
from ml.lab.report.html import html_name, html_of
from ml.lab.report.index_page import GUESTS, front_page
from ml.lab.report.page import Page
from ml.lab.report.run_page import run_page
from ml.lab.report.search_page import search_page
from ml.lab.report.topics import TOPICS, topic_page
from ml.lab.report.transfer import transfer_page

#: What only this command writes: a file of these kinds that it no longer makes is taken away.
OWN = ("*.html", "run-*.md", "plots/*.svg", "pictures/*-explain.png")


def pages_made(told: Gathered) -> list[Page]:
    """Every page: the front, the tables, the questions, and one for each judged run."""
    main = [
        held_out_page(told),
        *(topic_page(told, topic) for topic in TOPICS),
        search_page(told),
        transfer_page(told),
        *(question_page(told, question) for question in QUESTIONS),
        cascade_page(told),
    ]
    front = front_page(told, {page.slug: page.title for page in main} | GUESTS)
    return [front, *main, *(run_page(run) for run in told.runs if run.report is not None)]


def files_made(pages: Sequence[Page], told: Gathered, out: Path) -> dict[str, str]:
    """Text of every file by its place in the folder: Markdown, the same as HTML, drawings.

    Parameters
    ----------
    out
        The folder; pages that other commands write there, and the cards, get their HTML too.
    """
    titles = {page.slug: page.title for page in pages if not page.slug.startswith("run-")}
    links = titles | {slug: title for slug, title in GUESTS.items() if (out / f"{slug}.md").is_file()}
    files: dict[str, str] = {}
    for page in pages:
        files[f"{page.slug}.md"] = page.markdown()
        files |= {f"plots/{name}": svg for name, svg in page.drawings.items()}
        within = {} if page.slug.startswith("run-") else page.drawings
        files |= _as_html(page.slug, page.markdown(), links, within)
    for slug in links.keys() - titles.keys():
        files |= _as_html(slug, (out / f"{slug}.md").read_text(encoding="utf-8"), links)
    for row in told.shipped:
        card = told.weights / row.card
        files |= _as_html(f"card-{card.stem}", _seen_from(out, card), links)
    return files


def report_folder_written(files: Mapping[str, str], told: Gathered, out: Path) -> None:
    """Write the files, copy the pictures, and take away what nothing makes any more."""
    pictures = {f"pictures/{explained_name(picture.parent)}": picture for picture in told.pictures}
    for name in [*files, *pictures]:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8")
    for name, picture in pictures.items():
        shutil.copyfile(picture, out / name)
    for left in (file for pattern in OWN for file in out.glob(pattern)):
        if left.relative_to(out).as_posix() not in {*files, *pictures}:
            left.unlink()


def _seen_from(out: Path, card: Path) -> str:
    """A card's text with its pictures named as from another folder; they stay beside the weights."""
    return card.read_text(encoding="utf-8").replace("](pictures/", f"]({relpath(card.parent, out)}/pictures/")


def _as_html(
    slug: str, markdown: str, links: Mapping[str, str], drawings: Mapping[str, str] | None = None
) -> dict[str, str]:
    return {html_name(slug): html_of(markdown, drawings=drawings or {}, pages=links, slug=slug)}
