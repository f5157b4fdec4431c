"""The page's numbers as a table for other programs: one figure a row, each with its n, no patient in it."""

import csv
import io
from collections.abc import Iterable

from webapp.administration.monitoring.agreement import agreement_list, between_readers
from webapp.administration.monitoring.filters import Asked
from webapp.administration.monitoring.intervals import Mean
from webapp.administration.monitoring.outlines import outline_list
from webapp.administration.monitoring.quantiles import Quantiles, quantiles_list
from webapp.administration.monitoring.selectors import (
    Key,
    RunCount,
    StageCount,
    run_counts_list,
    stage_counts_list,
    stages_asked,
)

HEAD = ("week", "model", "version", "step", "measure", "value", "n")
#: A spreadsheet runs a cell that begins so (OWASP, CSV injection).
RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
QUANTILES = (("probability", (2, 10, 18), ("p10", "p50", "p90")), ("ms", (10, 19), ("p50", "p95")))
Row = tuple[str, str, str, str, str, int | float, int]


def write_csv(asked: Asked) -> str:
    """Return the counts and quantiles of what is asked for as CSV (RFC 4180), weeks by their Monday."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    writer.writerows([harmless(cell) for cell in row] for row in rows_of(asked))
    return text.getvalue()


def rows_of(asked: Asked) -> Iterable[Row]:
    """Return the rows: runs, stages, what readers said, then the quantiles of stages."""
    mondays = [monday.date().isoformat() for monday in asked.weeks.mondays]
    for runs in run_counts_list(asked):
        yield from _run_rows(runs, mondays[runs.week])
    stages = [count for count in stage_counts_list(asked) if not asked.model or count.key[:2] == asked.of_version]
    for stage in stages:
        yield from _stage_rows(stage, mondays[stage.week])
    for readers in agreement_list(asked):
        for measure in ("agreed", "corrected", "disagreed"):
            named = f"readers {measure} in all weeks"
            yield mondays[0], readers.model, readers.version, "", named, getattr(readers, measure), readers.judged
    for outlines in outline_list(asked):
        version = mondays[0], outlines.model, outlines.version
        yield *version, "", "outlines left as drawn in all weeks", outlines.left, outlines.judged
        for name, mean in outlines.named:
            yield from _mean_rows(version, f"outlines {name} dice", mean)
    if (between := between_readers(asked)) and between.outlines:
        yield from _mean_rows((mondays[0], "", ""), "outlines of two readers dice", between.outlines)
    for field, twentieths, names in QUANTILES:
        found = quantiles_list(
            stages_asked(asked).filter(asked.of_model), field, twentieths=twentieths, weeks=asked.weeks
        )
        yield from _quantile_rows(found, mondays, [f"{field} {name}" for name in names])


def harmless(cell: object) -> object:
    """Return a cell that no spreadsheet runs; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RUNS_AS_FORMULA) else cell


def _run_rows(count: RunCount, monday: str) -> Iterable[Row]:
    for measure in ("with_findings", "negative", "sorted_only", "not_analysed", "quarantined", "disagreeing"):
        yield monday, "", "", "", f"runs {measure}", getattr(count, measure), count.ended


def _stage_rows(count: StageCount, monday: str) -> Iterable[Row]:
    for measure in ("answered", "unsuitable", "failed", "disagreeing", "flagged"):
        yield monday, count.model, count.version, count.name, measure, getattr(count, measure), count.asked


def _mean_rows(named: tuple[str, str, str], measure: str, mean: Mean) -> Iterable[Row]:
    ends = mean.interval or ()
    for name, value in zip(("mean", "low", "high"), (mean.value, *ends), strict=False):
        yield *named, "", f"{measure} {name} in all weeks", round(value, 4), mean.n


def _quantile_rows(found: dict[Key, dict[int, Quantiles]], mondays: list[str], names: list[str]) -> Iterable[Row]:
    for key, weeks in found.items():
        for week, quantiles in weeks.items():
            for name, value in zip(names, quantiles.values, strict=True):
                yield mondays[week], *key, name, round(value, 4), quantiles.n
