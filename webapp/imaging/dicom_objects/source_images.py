"""The slices that somebody looked at, as derived objects refer to them: which object and frame, where in the body."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from pydicom.dataset import Dataset

from webapp.imaging.archive.headers import Header, load_header, numbers, of_study, values
from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.inference.models import Run

#: Shorter than this, a row, a column or their cross product is no direction.
SHORTEST = 0.5


@dataclass(frozen=True)
class Geometry:
    """Where a slice lies (PS3.3 C.7.6.2): all in mm, x to the left, y to the back, z to the head.

    Attributes
    ----------
    position
        Of the centre of the first pixel, (x, y, z).
    orientation
        Direction cosines of a row and of a column, (6,).
    spacing
        Between rows, between columns.
    thickness, gap
        Of the slice, and to the next one; None where not stated.
    """

    frame_of_reference: str
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    thickness: float | None
    placeholder: float | None

    @property
    def along(self) -> float:
        """How far along its normal the slice lies."""
        return float(np.dot(np.cross(self.orientation[:3], self.orientation[3:]), self.position))


@dataclass(frozen=True, eq=False)
class SourceImage:
    """One stored image with its kept header, read once."""

    instance: Instance

    @cached_property
    def header(self) -> Header:
        """Its header as DICOM JSON."""
        return load_header(self.instance)

    def geometry(self, frame: int) -> Geometry | None:
        """Return where a frame (from 0) lies; None where the header does not say (projection, capture, damage)."""
        told, is_single = self.header, self.instance.number_of_frames == 1
        places = [*([told] if is_single else []), *_groups(told, frame)]
        orientation = _first(places, "PlaneOrientationSequence", "ImageOrientationPatient", 6)
        position = _first(places, "PlanePositionSequence", "ImagePositionPatient", 3)
        spacing = _first(places, "PixelMeasuresSequence", "PixelSpacing", 2)
        frame_of_reference = values(told, "FrameOfReferenceUID")
        if orientation is None or position is None or spacing is None or not frame_of_reference:
            return None
        if np.linalg.norm(np.cross(orientation[:3], orientation[3:])) < SHORTEST or min(spacing) <= 0:
            return None
        thickness, placeholder = (
            _first(places, "PixelMeasuresSequence", keyword, 1)
            for keyword in ("SliceThickness", "SpacingBetweenSlices")
        )
        return Geometry(
            str(frame_of_reference[0]),
            position,
            orientation,
            spacing,
            thickness[0] if thickness else None,
            abs(placeholder[0]) if placeholder else None,
        )


class Sources:
    """The images of a series that objects are about, each header read when it is first asked for."""

    def __init__(self, series: Series, instances: Iterable[Instance]) -> None:
        self.series = series
        self.instances = list(instances)
        self._images = {instance.pk: SourceImage(instance) for instance in self.instances}

    @classmethod
    def of_run(cls, run: Run) -> Self:
        """Return what a run was about: not what came later, as its objects are the same whenever they are made."""
        known = run.series.instances.filter(has_pixels=True, arrived_at__lte=run.started_at or run.finished_at)
        return cls(run.series, known.select_related("index", "series__study"))

    def image(self, instance: Instance) -> SourceImage:
        """Return an image of the series."""
        return self._images[instance.pk]

    @cached_property
    def study(self) -> Dataset:
        """What every object of the study states of patient and study."""
        return of_study(self._images[self.instances[0].pk].header)


def _groups(told: Header, frame: int) -> list[Header]:
    """Return the functional groups of a frame: its own first, then the shared ones."""
    own = values(told, "PerFrameFunctionalGroupsSequence")
    return [*own[frame : frame + 1], *values(told, "SharedFunctionalGroupsSequence")[:1]]


def _first(places: list[Header], macro: str, keyword: str, count: int) -> tuple[float, ...] | None:
    """Return numbers from the first place that holds them, plainly or in a functional group's macro."""
    for place in places:
        for item in (place, *values(place, macro)[:1]):
            if (found := numbers(item, keyword, count=count)) is not None:
                return found
    return None
