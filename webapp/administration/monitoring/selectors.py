"""Counts, scores and times of finished runs, added up by the database in a number of queries that never grows."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import (
    Case,
    Count,
    Exists,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from webapp.administration.monitoring.filters import Asked
from webapp.administration.monitoring.periods import WEEK, Weeks, monday_of, weeks_until
from webapp.administration.monitoring.scores import BINS, DRIFT_WEEKS, bin_of
from webapp.imaging.inference.models import Finding, Run, Stage

#: Model, version, stage: what a figure is about.
Key = tuple[str, str, str]
KEY = ("model", "version", "name")
ENDED, STUDY = "run__finished_at", "run__series__study"


@dataclass(frozen=True)
class RunCount:
    """Runs that ended in one week."""

    week: int
    ended: int
    with_findings: int
    negative: int
    sorted_only: int
    not_analysed: int
    quarantined: int
    disagreeing: int


@dataclass(frozen=True)
class StageCount:
    """What one stage of one model version did in one week; `flagged` counts runs that it found something in."""

    model: str
    version: str
    name: str
    title: str
    week: int
    asked: int
    answered: int
    unsuitable: int
    failed: int
    disagreeing: int
    flagged: int

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.model, self.version, self.name


def runs_ended(asked: Asked) -> QuerySet[Run]:
    """Return the runs that ended in the weeks and at the sites meant, well or not."""
    return Run.objects.filter(asked.weeks.holds("finished_at"), asked.at_site("series__study"))


def stages_asked(asked: Asked) -> QuerySet[Stage]:
    """Return the stages of finished runs that a model was asked for, in the weeks and at the sites meant."""
    return _asked(asked).filter(asked.weeks.holds(ENDED))


def run_counts_list(asked: Asked) -> list[RunCount]:
    """Return the counts of runs, one for each week in which any ended."""
    outcome = Run.Outcome
    rows = (
        runs_ended(asked)
        .annotate(week=asked.weeks.number_of("finished_at"))
        .values("week")
        .annotate(
            ended=Count("pk"),
            with_findings=Count("pk", filter=Q(outcome=outcome.FINDINGS)),
            negative=Count("pk", filter=Q(outcome=outcome.NEGATIVE)),
            sorted_only=Count("pk", filter=Q(outcome=outcome.SORTED_ONLY)),
            not_analysed=Count("pk", filter=Q(outcome=outcome.NOT_ANALYSED)),
            quarantined=Count("pk", filter=Q(state=Run.State.QUARANTINED)),
            disagreeing=Count("pk", filter=~Q(contradictions=[])),
        )
        .order_by("week")
    )
    return [RunCount(**row) for row in rows]


def stage_counts_list(asked: Asked) -> list[StageCount]:
    """Return the counts of stages by model version, stage and week, of all models."""
    found = Exists(Finding.objects.filter(run=OuterRef("run"), stage=OuterRef("name")))
    rows = (
        stages_asked(asked)
        .annotate(week=asked.weeks.number_of(ENDED))
        .values(*KEY, "week")
        .annotate(
            title=Max("title"),
            asked=Count("pk"),
            answered=Count("pk", filter=Q(status=Stage.Status.DONE)),
            unsuitable=Count("pk", filter=Q(status=Stage.Status.NOT_SUITABLE)),
            failed=Count("pk", filter=Q(status=Stage.Status.FAILED)),
            disagreeing=Count("pk", filter=Q(contradiction=True)),
            flagged=Count("pk", filter=Q(found)),
        )
        .order_by(*KEY, "week")
    )
    return [StageCount(**row) for row in rows]


def score_counts_list(asked: Asked) -> dict[Key, dict[int, dict[int, int]]]:
    """Return how many scores fell into which bin (`scores.EDGES`), by model version and stage, and by week."""
    rows = (
        stages_asked(asked)
        .filter(asked.of_model, probability__isnull=False)
        .annotate(week=asked.weeks.number_of(ENDED), bin=bin_of("probability"))
        .values_list(*KEY, "week", "bin")
        .annotate(n=Count("pk"))
        .order_by(*KEY, "week", "bin")
    )
    counts: dict[Key, dict[int, dict[int, int]]] = {}
    for model, version, name, week, number, n in rows:
        counts.setdefault((model, version, name), {}).setdefault(week, {})[number] = n
    return counts


def first_weeks_list(asked: Asked) -> dict[tuple[str, str], datetime]:
    """Return when each model version's first run ended at the sites meant, in whatever week."""
    rows = _asked(asked).order_by().values_list("model", "version").annotate(first=Min(ENDED))
    return {(model, version): first for model, version, first in rows}


def drift_counts_list(
    asked: Asked, *, now: datetime, firsts: dict[tuple[str, str], datetime]
) -> dict[Key, tuple[list[int], list[int]]]:
    """Return the score bins of each version's first four weeks, and of the last four, by stage.

    Parameters
    ----------
    firsts
        When each version's first run ended. Versions whose first four weeks reach into the last four are left
        out: there is nothing to compare yet.
    """
    recent = weeks_until(now, count=DRIFT_WEEKS)
    compared = {
        version: Weeks(start, DRIFT_WEEKS)
        for version, first in firsts.items()
        if (start := monday_of(first)) + DRIFT_WEEKS * WEEK <= recent.start
    }
    if not compared:
        return {}
    of_versions, in_first = Q(), Q()
    for (model, version), weeks in compared.items():
        of_versions |= Q(model=model, version=version)
        in_first |= Q(model=model, version=version) & weeks.holds(ENDED)
    rows = (
        _asked(asked)
        .filter(of_versions, in_first | recent.holds(ENDED), probability__isnull=False)
        .annotate(is_first=Case(When(in_first, then=Value(1)), default=Value(0)), bin=bin_of("probability"))
        .values_list(*KEY, "is_first", "bin")
        .annotate(n=Count("pk"))
        .order_by()
    )
    counts: dict[Key, tuple[list[int], list[int]]] = {}
    for model, version, name, is_first, number, n in rows:
        both = counts.setdefault((model, version, name), ([0] * len(BINS), [0] * len(BINS)))
        both[0 if is_first else 1][number] += n
    return counts


def _asked(asked: Asked) -> QuerySet[Stage]:
    """Return the stages that a model was asked for, at the sites meant; those not asked name no model."""
    return Stage.objects.filter(asked.at_site(STUDY), run__state=Run.State.DONE).exclude(
        Q(status=Stage.Status.NOT_RUN) | Q(model="")
    )
