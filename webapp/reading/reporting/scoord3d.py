"""Marks on cuts as measurement groups: where they lie in the patient (SCOORD3D, PS3.3 C.18.9), and their figures."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from highdicom.sr import (
    CoordinatesForMeasurement3D,
    GraphicTypeValues3D,
    ImageRegion3D,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
)
from numpy.typing import NDArray
from pydicom.sr.codedict import codes

from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.dicom_objects.measurement_groups import Group

#: Figures that have a code and, where the image is calibrated, a unit.
FIGURES = {
    "length": (codes.SCT.Length, codes.UCUM.Millimeter),
    "area": (codes.SCT.Area, codes.UCUM.SquareMillimeter),
    "angle": (codes.SCT.Angle, codes.UCUM.Degree),
}
#: What is a line, no region: its places belong to the figure that was measured along it.
LINES = frozenset({Annotation.Kind.LENGTH, Annotation.Kind.ANGLE})
#: A viewer's rectangle names its corners line by line; going round it, the last two change places.
ROUND = [0, 1, 3, 2, 0]


def cut_group(mark: AnnotationVersion, said: dict[str, Any]) -> Group:
    """Return the group of something that a reader marked on a cut.

    A length or an angle is a measurement with its places (PS3.16 TID 1501, TID 320), all else a region (TID 1410).

    Parameters
    ----------
    said
        What else the group holds, as highdicom takes it.
    """
    graphic, places = _drawn(mark)
    frame_of_reference = mark.mark.frame_of_reference
    measured = list(measurements_of(mark, [CoordinatesForMeasurement3D(graphic, places, frame_of_reference)]))
    if mark.mark.kind in LINES and measured:
        return MeasurementsAndQualitativeEvaluations(**{**said, "measurements": measured})
    region = ImageRegion3D(graphic, places, frame_of_reference)
    return PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region, **said)


def measurements_of(
    mark: AnnotationVersion, places: list[CoordinatesForMeasurement3D] | None = None
) -> Iterable[Measurement]:
    """Return the figures that have a unit, measured at these places; pixels have none, and stay words."""
    for name, (concept, unit) in FIGURES.items():
        if name in mark.figures and (mark.unit == AnnotationVersion.Unit.MM or name == "angle"):
            value = mark.figures[name]
            yield Measurement(name=concept, value=value, unit=unit, referenced_coordinates=places)


def _drawn(mark: AnnotationVersion) -> tuple[GraphicTypeValues3D, NDArray[np.float64]]:
    """Return a mark as the standard draws it, places as (n, 3) in mm."""
    places = np.asarray(mark.points, dtype=np.float64)
    match mark.mark.kind:
        case Annotation.Kind.PROBE:
            return GraphicTypeValues3D.POINT, places
        case Annotation.Kind.RECTANGLE:
            return GraphicTypeValues3D.POLYGON, places[ROUND]
        case Annotation.Kind.ELLIPSE:  # the ends of the longer axis first (PS3.3 C.18.9.1.2)
            axes = places.reshape(2, 2, 3)
            lengths = np.linalg.norm(axes[:, 1] - axes[:, 0], axis=-1)
            return GraphicTypeValues3D.ELLIPSE, axes[np.argsort(-lengths)].reshape(4, 3)
    return GraphicTypeValues3D.POLYLINE, places
