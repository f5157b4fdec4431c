"""Slices that one segmentation can hold together: of one size and direction, no two of them at one place."""

from dataclasses import dataclass, field

from webapp.results.marked import MarkedFinding, Place, place_of
from webapp.results.sources import Geometry, Sources
from webapp.studies.models import Instance

#: Directions and spacings are equal, and places are one, that differ in no more than these digits (mm).
DIGITS, PLACE_DIGITS = 4, 3


@dataclass(frozen=True, eq=False)
class MarkedSlice:
    """A slice that something was outlined on."""

    instance: Instance
    frame: int
    geometry: Geometry | None

    @property
    def place(self) -> Place:
        """Object and frame."""
        return self.instance.pk, self.frame


@dataclass(eq=False)
class Stack:
    """Slices in the order in which they lie."""

    slices: list[MarkedSlice] = field(default_factory=list)

    def takes(self, one: MarkedSlice) -> bool:
        """Say whether a slice lies at a place that is still free."""
        return all(_depth(other) != _depth(one) for other in self.slices)


def stacks_made(findings: list[MarkedFinding], sources: Sources) -> list[Stack]:
    """Sort the outlined slices into stacks.

    Slices without a geometry (projection, capture) stand alone; those of several times or echoes at one place come
    to lie in a stack each.
    """
    stacks: dict[object, list[Stack]] = {}
    for one in _slices(findings, sources):
        alike = stacks.setdefault(_kind(one), [])
        free = next((stack for stack in alike if stack.takes(one)), None)
        if free is None:
            alike.append(free := Stack())
        free.slices.append(one)
    made = [stack for alike in stacks.values() for stack in alike]
    for stack in made:
        stack.slices.sort(key=_depth)
    return made


def _slices(findings: list[MarkedFinding], sources: Sources) -> list[MarkedSlice]:
    marked = {place_of(mark): mark for finding in findings for mark in finding.outlined}
    order = {instance.pk: index for index, instance in enumerate(sources.instances)}
    return [
        MarkedSlice(mark.instance, mark.frame, sources.image(mark.instance).geometry(mark.frame))
        for _, mark in sorted(marked.items(), key=lambda pair: (order[pair[0][0]], pair[0][1]))
    ]


def _kind(one: MarkedSlice) -> object:
    if (lies := one.geometry) is None:
        return one.place
    numbers = (round(number, DIGITS) for number in (*lies.orientation, *lies.spacing))
    return lies.frame_of_reference, one.instance.rows, one.instance.columns, *numbers


def _depth(one: MarkedSlice) -> float:
    return round(one.geometry.along, PLACE_DIGITS) if one.geometry else 0.0
