"""Slices that one segmentation can hold together: of one size and direction, no two of them at one place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.finding_annotations import Outlined, Place, place_of
from webapp.imaging.dicom_objects.source_images import Geometry, Sources

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

    @cached_property
    def depth(self) -> float:
        """How far along the stack's normal it lies."""
        return round(self.geometry.along, PLACE_DIGITS) if self.geometry else 0.0


@dataclass(eq=False)
class Stack:
    """Slices in the order in which they lie."""

    slices: list[MarkedSlice] = field(default_factory=list)
    taken: set[float] = field(default_factory=set)

    def add(self, one: MarkedSlice) -> None:
        """Add a slice at a place that is still free."""
        self.slices.append(one)
        self.taken.add(one.depth)


def build_stacks(findings: Sequence[Outlined], sources: Sources) -> list[Stack]:
    """Sort the outlined slices into stacks.

    Slices without a geometry (projection, capture) stand alone; those of several times or echoes at one place come
    to lie in a stack each.
    """
    stacks: dict[object, list[Stack]] = {}
    for one in _slices(findings, sources):
        alike = stacks.setdefault(_kind(one), [])
        free = next((stack for stack in alike if one.depth not in stack.taken), None)
        if free is None:
            alike.append(free := Stack())
        free.add(one)
    made = [stack for alike in stacks.values() for stack in alike]
    for stack in made:
        stack.slices.sort(key=lambda one: one.depth)
    return made


def _slices(findings: Sequence[Outlined], sources: Sources) -> list[MarkedSlice]:
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
