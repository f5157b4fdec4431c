"""Exact quantiles of scores and times, picked out by the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from webapp.administration.monitoring.filters import Asked
from webapp.administration.monitoring.periods import Weeks
from webapp.administration.monitoring.selectors import ENDED, KEY, Key, runs_ended
from webapp.imaging.inference.models import Stage


@dataclass(frozen=True)
class Quantiles:
    """Quantiles of a number, and of how many values they are."""

    n: int
    values: list[float]


def quantiles_list(
    stages: QuerySet[Stage], field: str, *, twentieths: Sequence[int], weeks: Weeks | None = None
) -> dict[Key, dict[int, Quantiles]]:
    """Return exact quantiles (nearest rank) of a stage's number by model version and stage, and by week.

    Parameters
    ----------
    field
        "probability" or "ms".
    twentieths
        Which quantiles: 10 is the median, 19 the 95th percentile.
    weeks
        Without, all are taken together as week 0.
    """
    known = stages.filter(**{f"{field}__isnull": False})
    # A constant week would be a parameter, which makes each window another one to SQLite: a sort each.
    placed = known.annotate(week=weeks.number_of(ENDED)) if weeks else known
    by = (*KEY, "week") if weeks else KEY
    counted = placed.annotate(
        rank=Window(RowNumber(), partition_by=[F(column) for column in by], order_by=F(field).asc()),
        of=Window(Count("pk"), partition_by=[F(column) for column in by]),
    ).order_by()
    wanted = Q()
    for share in twentieths:
        # The smallest rank that is at least share/20 of all, in whole numbers: n - floor(n (20 - share) / 20).
        wanted |= Q(rank=F("of") - F("of") * (20 - share) / 20)
    # Sorted here: the database would sort all rows a second time, not only those that are wanted.
    rows = sorted(counted.filter(wanted).values_list(*by, "rank", "of", field))
    quantiles: dict[Key, dict[int, Quantiles]] = {}
    for model, version, name, *week, rank, of, value in rows:
        found = quantiles.setdefault((model, version, name), {}).setdefault(week[0] if week else 0, Quantiles(of, []))
        # Among few, one rank is several quantiles.
        found.values.extend(value for share in twentieths if rank == of - of * (20 - share) // 20)
    return quantiles


def total_ms_quantiles(asked: Asked) -> Quantiles:
    """Return the median and the 95th percentile of the milliseconds of a run; no values where none is known."""
    timed = runs_ended(asked).filter(total_ms__isnull=False)
    counted = timed.annotate(rank=Window(RowNumber(), order_by=F("total_ms").asc()), of=Window(Count("pk"))).order_by()
    wanted = Q(rank=F("of") - F("of") / 2) | Q(rank=F("of") - F("of") / 20)
    rows = sorted(counted.filter(wanted).values_list("rank", "of", "total_ms"))
    times = [ms for _rank, _of, ms in rows if ms is not None]
    return Quantiles(rows[0][1], [times[0], times[-1]]) if rows else Quantiles(0, [])
