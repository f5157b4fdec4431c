"""How far outlines lie over each other, by the model version that drew the first of them. Never by reader."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from webapp.administration.monitoring.filters import Asked
from webapp.administration.monitoring.intervals import Mean, mean_of
from webapp.reading.reviews.models import OutlineOverlap

#: A study, and an overlap in it.
Value = tuple[object, float]


@dataclass
class _Counted:
    """What was measured of the outlines of one model version."""

    left: list[Value] = field(default_factory=list)
    drawn: list[Value] = field(default_factory=list)
    between: list[Value] = field(default_factory=list)


@dataclass(frozen=True)
class OutlineFit:
    """Outlines of one model version, as Dice (0 to 1).

    Attributes
    ----------
    left, judged
        How many outlines readers let stand, and of how many.
    corrected
        Of those that they drew anew: theirs against the AI's.
    accepted
        Of all that they took for real; one that was let stand counts as 1.
    between
        Of two readers of one study, where one of them at least drew.
    """

    model: str
    version: str
    left: int
    judged: int
    corrected: Mean | None
    accepted: Mean | None
    between: Mean | None

    @property
    def named(self) -> Iterable[tuple[str, Mean]]:
        """Yield the means that there are, by name."""
        for name in ("corrected", "accepted", "between"):
            if mean := getattr(self, name):
                yield name, mean


def outline_list(asked: Asked) -> list[OutlineFit]:
    """Return the outlines of each model version: reads that were finished in the weeks and at the sites meant."""
    study = "finding__run__series__study"
    rows = OutlineOverlap.objects.filter(asked.weeks.holds("at"), asked.at_site(study)).filter(asked.of_model)
    counted: defaultdict[tuple[str, str], _Counted] = defaultdict(_Counted)
    for model, version, other, is_drawn, of_study, dice in rows.order_by("model", "version", "pk").values_list(
        "model", "version", "other", "is_drawn", study, "dice"
    ):
        of_version = counted[model, version]
        kind = of_version.between if other else of_version.drawn if is_drawn else of_version.left
        kind.append((of_study, dice))
    return [
        OutlineFit(
            model,
            version,
            left=len(one.left),
            judged=len(one.left) + len(one.drawn),
            corrected=mean_of(one.drawn),
            accepted=mean_of([*one.left, *one.drawn]),
            between=mean_of(one.between),
        )
        for (model, version), one in counted.items()
    ]
