"""What readers said of findings, and how far two readers of a study agree. Never by reader."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, Subquery

from webapp.administration.monitoring.filters import Asked
from webapp.administration.monitoring.intervals import Mean, mean_of
from webapp.imaging.inference.models import Stage
from webapp.reading.reviews.agreement import kappa
from webapp.reading.reviews.models import Comparison, Review

Decision = Review.Decision


@dataclass(frozen=True)
class Agreement:
    """Judged findings of one model version: how often readers agreed."""

    model: str
    version: str
    agreed: int
    corrected: int
    disagreed: int

    @property
    def judged(self) -> int:
        """How many findings were judged."""
        return self.agreed + self.corrected + self.disagreed

    @property
    def share(self) -> str:
        """How often they agreed, in percent."""
        return f"{100 * self.agreed / self.judged:.1f} %"


@dataclass(frozen=True)
class BetweenReaders:
    """Studies that two have read.

    Attributes
    ----------
    studies, differing
        How many, and in how many of them the two differed.
    kappa
        How far they agree beyond chance on what is there (Cohen 1960); None where that cannot be said.
    overlap, boxes
        Mean overlap (IoU) of the boxes that both drew, and how many pairs that were.
    outlines
        Overlap (Dice) of outlines of one thing, of what the AI missed too; None where nobody drew any.
    """

    studies: int
    differing: int
    kappa: float | None
    asked: int
    overlap: float | None
    boxes: int
    outlines: Mean | None


def agreement_list(asked: Asked) -> list[Agreement]:
    """Return agreement by model version: what was said in the weeks and at the sites meant, the newest word of each."""
    later = Review.objects.filter(read=OuterRef("read"), finding=OuterRef("finding"), pk__gt=OuterRef("pk"))
    stage = Stage.objects.filter(run=OuterRef("finding__run"), name=OuterRef("finding__stage"))
    said = Review.objects.filter(
        asked.weeks.holds("at"), asked.at_site("read__study"), ~Exists(later), finding__isnull=False
    ).annotate(model=Subquery(stage.values("model")[:1]), version=Subquery(stage.values("version")[:1]))
    rows = (
        said.exclude(says=Decision.WITHDRAWN)
        .filter(asked.of_model)
        .order_by("model", "version")
        .values("model", "version")
        .annotate(
            agreed=Count("pk", filter=Q(says=Decision.AGREE)),
            corrected=Count("pk", filter=Q(says=Decision.EDIT)),
            disagreed=Count("pk", filter=Q(says=Decision.DISAGREE)),
        )
    )
    return [Agreement(**row) for row in rows]


def between_readers(asked: Asked) -> BetweenReaders | None:
    """Return how far two readers agree, over the studies of the weeks and sites meant; None where nobody compared."""
    rows = list(Comparison.objects.filter(asked.weeks.holds("created_at"), asked.at_site("study")))
    if not rows:
        return None
    ious = [value for row in rows for value in row.ious]
    return BetweenReaders(
        studies=len(rows),
        differing=sum(bool(row.differences) for row in rows),
        kappa=kappa(rows),
        asked=sum(row.both_present + row.only_first + row.only_second + row.both_absent for row in rows),
        overlap=sum(ious) / len(ious) if ious else None,
        boxes=len(ious),
        outlines=mean_of([(row.pk, value) for row in rows for value in row.dices]),
    )
