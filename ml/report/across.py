"""The pages that go across the runs: what their files say on one question."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ml.evaluate.report import Chart, Report, Table
from ml.report.comparison import run_linked
from ml.report.gathered import Gathered, Run
from ml.report.page import Page
from ml.report.run_page import charts_told, report_told, table_told
from ml.report.told import cells_told
from ml.report.words import words_added

Answer = tuple[Sequence[Table], Mapping[str, Sequence[Sequence[str]]], Sequence[Chart]]


@dataclass(frozen=True)
class Question:
    """One question to all runs: which of their tables, counts and charts answer it, by words of their titles.

    Attributes
    ----------
    told_by
        The command whose files answer it.
    """

    slug: str
    title: str
    words: str
    told_by: str
    read: Callable[[Run], Report | None] = lambda run: run.report

    def asks(self, title: str) -> bool:
        """Whether a title belongs to it."""
        return re.search(self.words, title, re.IGNORECASE) is not None


QUESTIONS = (
    Question("calibration", "Calibration", r"calibrat|reliab|brier|\bECE\b", "evaluate"),
    Question("explanations", "Explanations", r".", "evaluate.explain", lambda run: run.explained),
    Question("gate", "The gate that abstains", r"gate|refused|kept|outside|out of scope|unseen source", "evaluate"),
    Question("small-and-fast", "Small and fast", r"quantis|speed|forms|flipped|pruned|milliseconds", "evaluate"),
)


def question_page(told: Gathered, question: Question) -> Page:
    """The page of one question: the shipped models first, drawings for them alone."""
    page = Page(question.slug, question.title)
    words_added(page, told)
    shipped = {f"{row.name}-{row.version}" for row in told.shipped}
    answering = [run for run in told.runs if any(_answer(question, run))]
    if not answering:
        page.words(f"No run has answered this yet; `python -m ml.{question.told_by} CONFIG` does.")
        return page
    for run in sorted(answering, key=lambda run: run.key not in shipped):
        page.heading(run.key)
        page.words(f"{run_linked(run)}, made by `{_command(question, run)}`.")
        _answer_added(page, _answer(question, run), drawn=run.key in shipped, name=run.key)
    return page


def cascade_page(told: Gathered) -> Page:
    """The cascade from end to end: errors multiply."""
    page = Page("cascade", "The cascade from end to end")
    words_added(page, told)
    command = "python -m ml.evaluate --cascade"
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
    report = question.read(run) or Report()
    return (
        [table for table in report.tables if question.asks(table.title)],
        {title: rows for title, rows in report.counts.items() if question.asks(title)},
        [chart for chart in report.charts if question.asks(chart.title)],
    )


def _answer_added(page: Page, answer: Answer, *, drawn: bool, name: str) -> None:
    tables, counts, charts = answer
    for table in tables:
        table_told(page, table)
    for title, rows in counts.items():
        page.heading(title, level=3)
        page.table(rows[0], rows[1:])
    if drawn:
        charts_told(page, charts, name=name)


def _command(question: Question, run: Run) -> str:
    return run.commands[1].replace("ml.evaluate", f"ml.{question.told_by}")
