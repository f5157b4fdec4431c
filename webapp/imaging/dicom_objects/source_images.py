"""The source images of derived objects: their stored headers, and the geometry of each frame."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from pydicom.dataset import Dataset

from webapp.imaging.archive.headers import Header, load_header, numbers, of_study, values
from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.inference.models import Run

#: Least length of the cross product of row and column cosines: if it is shorter, they define no plane.
SHORTEST = 0.5


@dataclass(frozen=True)
class Geometry:
    """The geometry of a slice (PS3.3 C.7.6.2), in mm in the patient: x to the left, y to the back, z to the head.

    Attributes
    ----------
    position
        The centre of the first pixel, (x, y, z).
    orientation
        Direction cosines of a row and a column, shape (6,).
    spacing
        Distance between rows, distance between columns.
    thickness, placeholder
        Slice thickness (0018,0050), and spacing between slices (0018,0088); None if not stated.
    """

    frame_of_reference: str
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    thickness: float | None
    placeholder: float | None

    @property
    def along(self) -> float:
        """The slice's position along its normal, in mm."""
        return float(np.dot(np.cross(self.orientation[:3], self.orientation[3:]), self.position))


@dataclass(frozen=True, eq=False)
class SourceImage:
    """One stored image with its stored header, which is read once."""

    instance: Instance

    @cached_property
    def header(self) -> Header:
        """Its header as DICOM JSON."""
        return load_header(self.instance)

    def geometry(self, frame: int) -> Geometry | None:
        """Return the geometry of a frame (from 0); None if the header lacks it (projection, capture) or is damaged."""
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
    """The source images of a series; each header is read on first use."""

    def __init__(self, series: Series, instances: Iterable[Instance]) -> None:
        self.series = series
        self.instances = list(instances)
        self._images = {instance.pk: SourceImage(instance) for instance in self.instances}

    @classmethod
    def of_run(cls, run: Run) -> Self:
        """Return the images that a run analysed, without later ones, so that its objects can be built again exactly."""
        known = run.series.instances.filter(has_pixels=True, arrived_at__lte=run.started_at or run.finished_at)
        return cls(run.series, known.select_related("index", "series__study"))

    def image(self, instance: Instance) -> SourceImage:
        """Return an image of the series."""
        return self._images[instance.pk]

    @cached_property
    def study(self) -> Dataset:
        """The patient and study elements that every object of the study shares."""
        return of_study(self._images[self.instances[0].pk].header)


def _groups(told: Header, frame: int) -> list[Header]:
    """Return the functional groups of a frame: the per-frame ones first, then the shared ones."""
    own = values(told, "PerFrameFunctionalGroupsSequence")
    return [*own[frame : frame + 1], *values(told, "SharedFunctionalGroupsSequence")[:1]]


def _first(places: list[Header], macro: str, keyword: str, count: int) -> tuple[float, ...] | None:
    """Return `count` numbers of an element, from the first place that has them directly or in its functional group."""
    for place in places:
        for item in (place, *values(place, macro)[:1]):
            if (found := numbers(item, keyword, count=count)) is not None:
                return found
    return None
