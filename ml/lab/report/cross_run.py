"""The pages that go across the runs: what their files say on one question."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.lab.evaluate.report import Chart, Report, Table
from ml.lab.report.collect import EXPLAINED, Gathered
from ml.lab.report.comparison import run_linked
from ml.lab.report.formatting import cells_told
from ml.lab.report.merge_tables import tables_beside
from ml.lab.report.page import Page
from ml.lab.report.prose import words_added
from ml.lab.report.run_page import charts_told, report_told, table_told
from ml.lab.report.runs import JUDGED, Run

Answer = tuple[Sequence[Table], Mapping[str, Sequence[Sequence[str]]], Sequence[Chart]]


@dataclass(frozen=True)
class Question:
    """One question to all runs: which of their tables, counts and charts answer it.

    Attributes
    ----------
    words
        Words of the titles that belong to it, by the file that is asked.
    """

    slug: str
    title: str
    words: Mapping[str, str]


EXPLANATIONS = "explanations"
QUESTIONS = (
    Question("calibration", "Calibration", {"test": r"calibrat|reliab|brier|\bECE\b"}),
    Question(EXPLANATIONS, "Explanations", {"explain": ""}),
    Question("gate", "The gate that abstains", {"gate": "", "test": r"\bgate|refused|kept as medical|unseen source"}),
    Question(
        "small-and-fast", "Small and fast", {"test": r"int8|quantis|speed|\bforms?\b|flipped|pruned|beside PyTorch"}
    ),
)


def question_page(told: Gathered, question: Question) -> Page:
    """The page of one question: the shipped models first, drawings for them alone."""
    page = Page(question.slug, question.title)
    words_added(page, told)
    shipped = {f"{row.name}-{row.version}" for row in told.shipped}
    answering = [run for run in told.runs if any(_answer(question, run))]
    if not answering:
        page.words(f"No run has answered this yet; `python -m {JUDGED[next(iter(question.words))]} CONFIG` does.")
        return page
    ordered = sorted(answering, key=lambda run: run.key not in shipped)
    answers = {run: _answer(question, run) for run in ordered}
    page.heading("Made by")
    page.commands([run.command(JUDGED[name]) for run in ordered for name in question.words if name in run.reports])
    told_already = tables_beside(page, {run: tables for run, (tables, _, _) in answers.items()})
    for run, (tables, counts, charts) in answers.items():
        left = [table for table in tables if table.title not in told_already]
        drawn = charts if run.key in shipped else []
        examples = question.slug == EXPLANATIONS and run.folder / EXPLAINED in told.pictures
        if not (left or counts or drawn or examples):
            continue
        page.heading(run.key)
        page.words(f"Everything else about it: {run_linked(run)}.")
        _answer_added(page, (left, counts, drawn), name=run.key)
        if examples:
            told_of = f"Heat maps of {run.key} with the drawn boxes; the pictures may not be handed on."
            page.picture(explained_name(run.folder), told=told_of)
    return page


def explained_name(folder: Path) -> str:
    """Name of a run's examples among the report's pictures."""
    return f"{folder.name}-{EXPLAINED}"


def cascade_page(told: Gathered) -> Page:
    """The cascade from end to end: errors multiply."""
    page = Page("cascade", "The cascade from end to end")
    words_added(page, told)
    command = "python -m ml.lab.evaluate --cascade"
    if told.cascade is None:
        page.words(f"Not measured yet; `{command}` does.")
        return page
    page.heading("Made by")
    page.commands([command])
    if told.cascade.headline:
        page.heading("Headline figures")
        rows = [[name, *cells_told(figure)] for name, figure in told.cascade.headline.items()]
        page.table(("figure", "value", "95% interval", "n"), rows)
    report_told(page, told.cascade)
    beside = [p for p in told.published if p.table == "cascade" and p.value is not None]
    page.listed([f"Published beside: {p.column} {p.value}, {p.paper}, {p.where} <{p.url}>; {p.note}" for p in beside])
    return page


def _answer(question: Question, run: Run) -> Answer:
    """What a run's files say on a question."""
    tables: list[Table] = []
    counts: dict[str, list[list[str]]] = {}
    charts: list[Chart] = []
    for name, words in question.words.items():
        report = run.reports.get(name, Report())
        tables += [table for table in report.tables if _asked(words, table.title)]
        counts |= {title: rows for title, rows in report.counts.items() if _asked(words, title)}
        charts += [chart for chart in report.charts if _asked(words, chart.title)]
    return tables, counts, charts


def _asked(words: str, title: str) -> bool:
    return re.search(words, title, re.IGNORECASE) is not None


def _answer_added(page: Page, answer: Answer, *, name: str) -> None:
    tables, counts, charts = answer
    for table in tables:
        table_told(page, table)
    for title, rows in counts.items():
        page.heading(title, level=3)
        page.table(rows[0], rows[1:])
    charts_told(page, charts, name=name)
