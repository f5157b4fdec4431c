"""What the performance page shows, put together from the selectors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from webapp.administration.model_cards.cards import Card, model_cards
from webapp.administration.model_cards.figures import Told
from webapp.administration.monitoring.agreement import Agreement, BetweenReaders, agreement_list, between_readers
from webapp.administration.monitoring.filters import Asked
from webapp.administration.monitoring.outlines import OutlineFit, outline_list
from webapp.administration.monitoring.quantiles import Quantiles, quantiles_list, total_ms_quantiles
from webapp.administration.monitoring.scores import Drift, drift_of
from webapp.administration.monitoring.selectors import (
    Key,
    RunCount,
    StageCount,
    drift_counts_list,
    first_weeks_list,
    run_counts_list,
    stage_counts_list,
    stages_asked,
)
from webapp.administration.monitoring.stage_detail import SHARES, StageDetail, build_details, by_stage
from webapp.foundation.core.charts import Chart, Line, columns_chart, lines_chart
from webapp.foundation.core.formatting import NARROW
from webapp.imaging.inference.cascade import load_cascade
from workers.api import DrawnStage

#: Quantiles in twentieths: of scores the tenths at both ends and the middle; of times the middle and the late end.
SCORES, TIMES = (2, 10, 18), (10, 19)
OUTCOMES = (
    ("Findings", "with_findings"),
    ("Nothing found", "negative"),
    ("Classified only", "sorted_only"),
    ("Not analysed", "not_analysed"),
    ("Failed three times", "quarantined"),
    ("Header and picture disagree", "disagreeing"),
)


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    of: int
    n: int

    @property
    def percent(self) -> str:
        """In percent; a dash where nothing was counted."""
        return f"{100 * self.of / self.n:.1f}{NARROW}%" if self.n else "-"


@dataclass(frozen=True)
class StageRow:
    """One stage of one model version over all the weeks."""

    key: Key
    title: str
    address: str
    evaluated: Told | None
    asked: int
    shares: list[Share | None]
    score: Quantiles
    ms: Quantiles
    drift: Drift


@dataclass(frozen=True)
class Page:
    """All of it; `card` is the evaluated model where one version is chosen and still shipped."""

    runs: int
    outcomes: list[tuple[str, Share]]
    total_ms: Quantiles
    volume: Chart
    shares: Chart
    rows: list[StageRow]
    versions: list[str]
    readers: list[Agreement]
    between: BetweenReaders | None
    outlines: list[OutlineFit]
    trouble: str
    card: Card | None = None
    details: list[StageDetail] = field(default_factory=list)


def build_page(asked: Asked, *, now: datetime) -> Page:
    """Read and put together what is asked for."""
    runs, counts = run_counts_list(asked), stage_counts_list(asked)
    declared = load_cascade()
    cards = [] if declared.trouble else model_cards()
    evaluated = {f"{card.model.name}/{card.model.version}": card for card in cards}
    seen = {f"{count.model}/{count.version}" for count in counts}
    meant = [count for count in counts if not asked.model or count.key[:2] == asked.of_version]
    return Page(
        runs=sum(week.ended for week in runs),
        outcomes=_outcomes(runs),
        total_ms=total_ms_quantiles(asked),
        volume=_volume(asked, runs),
        shares=_shares(asked, runs),
        rows=_rows(asked, meant, evaluated=evaluated, finders=finders_of(declared.stages), now=now),
        versions=sorted({*seen, *evaluated, *([asked.chosen] if asked.chosen else [])}),
        readers=agreement_list(asked),
        between=between_readers(asked),
        outlines=outline_list(asked),
        trouble=declared.trouble,
        card=evaluated.get(asked.chosen),
        details=build_details(asked, meant) if asked.model else [],
    )


def _outcomes(runs: Sequence[RunCount]) -> list[tuple[str, Share]]:
    ended = sum(week.ended for week in runs)
    return [(word, Share(sum(getattr(week, name) for week in runs), ended)) for word, name in OUTCOMES]


def _volume(asked: Asked, runs: Iterable[RunCount]) -> Chart:
    of_week = {week.week: week.ended for week in runs}
    return columns_chart(
        title="Runs that ended, by week",
        x_title="Week from Monday",
        y_title="Runs",
        columns=[(word, of_week.get(number, 0)) for number, word in enumerate(asked.weeks.words)],
    )


def _shares(asked: Asked, runs: Sequence[RunCount]) -> Chart:
    drawn = [OUTCOMES[index] for index in (0, 3, 4, 5)]
    return lines_chart(
        title="Outcomes by week",
        note="Shares of the runs that ended in the week.",
        x_title="Week from Monday",
        y_title="Share of runs",
        lines=[
            Line(word, [(float(week.week), getattr(week, name) / week.ended) for week in runs]) for word, name in drawn
        ],
        words=asked.weeks.words,
    )


def _rows(
    asked: Asked, counts: Sequence[StageCount], *, evaluated: Mapping[str, Card], finders: set[str], now: datetime
) -> list[StageRow]:
    stages = stages_asked(asked).filter(asked.of_model)
    scores = quantiles_list(stages, "probability", twentieths=SCORES)
    times = quantiles_list(stages, "ms", twentieths=TIMES)
    moved = drift_counts_list(asked, now=now, firsts=first_weeks_list(asked))
    rows = []
    for key, weeks in by_stage(counts).items():
        version = "/".join(key[:2])
        n = sum(week.asked for week in weeks)
        card = evaluated.get(version)
        rows.append(
            StageRow(
                key=key,
                title=weeks[-1].title,
                address=asked.address(model=version),
                evaluated=card.figures[0] if card and card.figures else None,
                asked=n,
                shares=_shares_of(weeks, n, can_find=key[2] in finders),
                score=_first(scores, key),
                ms=_first(times, key),
                drift=drift_of(*moved.get(key, ((), ()))),
            )
        )
    return rows


def finders_of(stages: Iterable[DrawnStage]) -> set[str]:
    """Return the steps that can find something; an outline only follows what another step found."""
    return {stage.name for stage in stages if stage.colours and stage.operation != "segment"}


def _shares_of(weeks: Sequence[StageCount], n: int, *, can_find: bool) -> list[Share | None]:
    """Return the shares in the order of SHARES; None for findings of a step that looks for none."""
    counted = {name: sum(getattr(week, name) for week in weeks) for _, name in SHARES}
    return [Share(count, n) if name != "flagged" or can_find or count else None for name, count in counted.items()]


def _first(quantiles: Mapping[Key, Mapping[int, Quantiles]], key: Key) -> Quantiles:
    return quantiles.get(key, {}).get(0, Quantiles(0, []))
