"""One model version week by week: a set of charts for each of its stages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from webapp.administration.model_cards.figures import HeatTable, format_heat_table
from webapp.administration.monitoring.filters import Asked
from webapp.administration.monitoring.quantiles import Quantiles, quantiles_list
from webapp.administration.monitoring.scores import BINS
from webapp.administration.monitoring.selectors import Key, StageCount, score_counts_list, stages_asked
from webapp.foundation.core.charts import Chart, Line, lines_chart

WEEK = "Week from Monday"
SHARES = (
    ("Found something", "flagged"),
    ("Not suitable", "unsuitable"),
    ("Failed", "failed"),
    ("Header disagrees", "disagreeing"),
)
SCORE_LINES, TIME_LINES = ("lower tenth", "median", "upper tenth"), ("median", "95th percentile")


@dataclass(frozen=True)
class StageDetail:
    """What one stage has shown, by week."""

    title: str
    asked: int
    charts: list[Chart]
    scores: HeatTable


def build_details(asked: Asked, counts: Sequence[StageCount]) -> list[StageDetail]:
    """Return the stages of the chosen model version in the order of their names."""
    stages = stages_asked(asked).filter(asked.of_model)
    scores = quantiles_list(stages, "probability", twentieths=(2, 10, 18), weeks=asked.weeks)
    times = quantiles_list(stages, "ms", twentieths=(10, 19), weeks=asked.weeks)
    bins = score_counts_list(asked)
    return [
        StageDetail(
            title=weeks[-1].title,
            asked=sum(week.asked for week in weeks),
            charts=[
                _shares(asked, weeks),
                _quantiles(asked, "Scores by week", "Probability", SCORE_LINES, scores.get(key, {})),
                _quantiles(asked, "Time by week", "Milliseconds", TIME_LINES, times.get(key, {})),
            ],
            scores=_histogram(asked, bins.get(key, {})),
        )
        for key, weeks in by_stage(counts).items()
    ]


def by_stage(counts: Iterable[StageCount]) -> dict[Key, list[StageCount]]:
    """Put the weeks of each stage together."""
    of_key: dict[Key, list[StageCount]] = {}
    for count in counts:
        of_key.setdefault(count.key, []).append(count)
    return of_key


def _shares(asked: Asked, weeks: Sequence[StageCount]) -> Chart:
    return lines_chart(
        title="Outcomes by week",
        note="n = " + ", ".join(f"{asked.weeks.words[week.week]}: {week.asked}" for week in weeks),
        x_title=WEEK,
        y_title="Share of runs",
        lines=[
            Line(word, [(float(week.week), getattr(week, name) / week.asked) for week in weeks])
            for word, name in SHARES
        ],
        words=asked.weeks.words,
    )


def _quantiles(asked: Asked, title: str, y_title: str, names: Sequence[str], weeks: Mapping[int, Quantiles]) -> Chart:
    return lines_chart(
        title=title,
        note=f"Exact quantiles, n = {sum(found.n for found in weeks.values())}.",
        x_title=WEEK,
        y_title=y_title,
        lines=[
            Line(name, [(float(week), found.values[index]) for week, found in weeks.items()])
            for index, name in enumerate(names)
        ],
        words=asked.weeks.words,
    )


def _histogram(asked: Asked, weeks: Mapping[int, Mapping[int, int]]) -> HeatTable:
    """Return how many scores lay in which bin, a row a week; bins that nothing fell into are left out."""
    used = [number for number in range(len(BINS)) if any(number in week for week in weeks.values())]
    rows = [["Week", *(BINS[number] for number in used), "n"]]
    for week, found in weeks.items():
        cells = [found.get(number, 0) for number in used]
        rows.append([asked.weeks.words[week], *map(str, cells), f"n = {sum(cells)}"])
    return format_heat_table("Scores by week, as counts", rows)
