"""Planes of multiplanar reformats (MPR): their names, and checks of their geometry.

All coordinates are in mm in the patient coordinate system (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the
head.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

from webapp.imaging.archive.headers import load_header, values
from webapp.imaging.archive.models import Series

Vector: TypeAlias = Sequence[float]
#: Names of the planes perpendicular to the patient's x, y and z axis.
PLANES = ("sagittal", "coronal", "axial")
#: Cosine of 5 degrees; a plane tilted by more is called oblique.
UPRIGHT_FROM = 0.996
#: Distance in mm that a point may lie off the plane of its annotation, since browsers round.
OFF_PLANE = 0.1


def plane_words(normal: Vector) -> str:
    """Return the name of the plane with that normal: "coronal reformat", "oblique coronal reformat"."""
    shares = [abs(value) for value in normal]
    name = PLANES[shares.index(max(shares))]
    return f"{'' if max(shares) >= UPRIGHT_FROM * math.hypot(*normal) else 'oblique '}{name} reformat"


def is_flat(points: Sequence[Vector], normal: Vector) -> bool:
    """Return whether all points lie in one plane with that normal."""
    along = [sum(value * share for value, share in zip(point, normal, strict=True)) for point in points]
    return max(along) - min(along) <= OFF_PLANE


def frame_of_reference_of(series: Series) -> str:
    """Return the Frame of Reference UID of a series; "" if it has none, like a picture or a projection."""
    image = None if series.is_picture else series.instances.filter(has_pixels=True).first()
    told = values(load_header(image), "FrameOfReferenceUID") if image else []
    return str(told[0]) if told else ""
