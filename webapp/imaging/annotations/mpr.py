"""Cuts through the volume of a series: whose plane they are, in words and in numbers.

All in mm of the patient (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the head.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

from webapp.imaging.archive.headers import load_header, values
from webapp.imaging.archive.models import Series

Vector: TypeAlias = Sequence[float]
#: Axis of the patient that a plane stands upright on, and what such a plane is called.
PLANES = ("sagittal", "coronal", "axial")
#: Cosine of 5 degrees: what is tilted by more is called oblique.
UPRIGHT_FROM = 0.996
#: mm that a point may lie off the plane of its mark, for browsers round.
OFF_PLANE = 0.1


def plane_words(normal: Vector) -> str:
    """Return what a plane is called by its normal: "coronal reformat", "oblique coronal reformat"."""
    shares = [abs(value) for value in normal]
    name = PLANES[shares.index(max(shares))]
    return f"{'' if max(shares) >= UPRIGHT_FROM * math.hypot(*normal) else 'oblique '}{name} reformat"


def is_flat(points: Sequence[Vector], normal: Vector) -> bool:
    """Say whether all points lie in one plane with that normal."""
    along = [sum(value * share for value, share in zip(point, normal, strict=True)) for point in points]
    return max(along) - min(along) <= OFF_PLANE


def frame_of_reference_of(series: Series) -> str:
    """Return the Frame of Reference UID of a series, "" where it has none: a picture, a projection."""
    image = None if series.is_picture else series.instances.filter(has_pixels=True).first()
    told = values(load_header(image), "FrameOfReferenceUID") if image else []
    return str(told[0]) if told else ""
