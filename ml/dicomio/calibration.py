"""The pixel size of a frame and its position in the patient, as far as the header states them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ml.dicomio.header import SHORTEST_NORMAL, normal_of
from ml.dicomio.values import real_number, real_numbers, text

#: Projection modalities: the spacing at the detector, behind the patient, is not the spacing in the patient.
PROJECTION = frozenset({"CR", "DX", "MG", "RG", "XA", "RF", "PX", "IO", "XR"})
#: Spacings whose relative difference is at most this count as equal.
SAME = 1e-4
NONE_STATED = "Not calibrated: pixels. The header states no pixel spacing."
AT_DETECTOR = "Not calibrated: pixels. Spacing is known at the detector only."


@dataclass(frozen=True)
class FrameGrid:
    """The pixel grid of one frame.

    Attributes
    ----------
    size
        Distance between rows and between columns: in mm if `is_calibrated`, otherwise relative to a pixel width of 1.
    note
        A sentence for the reader: why lengths are in pixels, or how reliable the millimetres are; "" if none is needed.
    position
        Position along the normal of the slice in mm (PS3.3 C.7.6.2.1.1); None if the header does not state it.
    origin, cosines
        The centre of the first pixel, (x, y, z) in mm, and the direction cosines of a row and a column, (6,); x to the
        left, y to the back, z to the head. Both are None if `position` is.
    """

    size: tuple[float, float] = (1.0, 1.0)
    is_calibrated: bool = False
    note: str = NONE_STATED
    position: float | None = None
    origin: tuple[float, ...] | None = None
    cosines: tuple[float, ...] | None = None


#: The grid of a picture, whose file states nothing.
UNCALIBRATED = FrameGrid()


def frame_grid(ds: Dataset, frame: int) -> FrameGrid:
    """Return the pixel grid of a frame (from 0), calibrated by PixelSpacing; ImagerPixelSpacing alone is not enough.

    This follows PS3.3 10.7.1.1 and 10.7.1.3, like the viewer: a projection whose PixelSpacing merely repeats
    ImagerPixelSpacing is not calibrated unless PixelSpacingCalibrationType is present. With
    EstimatedRadiographicMagnificationFactor, the spacing at the detector is divided by it, and the note says so.
    """
    lies = _place(ds, frame)
    spacing = _pair(_places(ds, frame, "PixelMeasuresSequence"), "PixelSpacing")
    imager = _pair([ds], "ImagerPixelSpacing")
    if spacing:
        is_projection = text(ds, "Modality", longest=16).upper() in PROJECTION
        repeats = imager is not None and bool(np.allclose(spacing, imager, rtol=SAME, atol=0))
        if is_projection and repeats and not text(ds, "PixelSpacingCalibrationType", longest=16):
            return FrameGrid(_shape(spacing), is_calibrated=False, note=AT_DETECTOR, **lies)
        return FrameGrid(spacing, is_calibrated=True, note="", **lies)
    magnified = real_number(ds, "EstimatedRadiographicMagnificationFactor") or 0.0
    if imager and magnified >= 1:
        note = f"Estimated: magnified {magnified:g} times."
        return FrameGrid((imager[0] / magnified, imager[1] / magnified), is_calibrated=True, note=note)
    if imager:
        return FrameGrid(_shape(imager), is_calibrated=False, note=AT_DETECTOR)
    return FrameGrid(_shape(_pair([ds], "PixelAspectRatio") or (1.0, 1.0)), **lies)


def _place(ds: Dataset, frame: int) -> dict[str, Any]:
    """Return position, origin and cosines of a frame; an empty dict if the header does not state them."""
    cosines = _first(_places(ds, frame, "PlaneOrientationSequence"), "ImageOrientationPatient", 6)
    origin = _first(_places(ds, frame, "PlanePositionSequence"), "ImagePositionPatient", 3)
    if not cosines or not origin or np.linalg.norm(np.cross(cosines[:3], cosines[3:])) < SHORTEST_NORMAL:
        return {}
    along = float(np.dot(normal_of(cosines), origin))
    return {"position": along, "origin": tuple(origin), "cosines": tuple(cosines)} if np.isfinite(along) else {}


def _places(ds: Dataset, frame: int, macro: str) -> list[Dataset]:
    """Return the data sets that may hold an element of a frame: per-frame macro, shared macro, the object itself."""
    own = (ds.get("PerFrameFunctionalGroupsSequence") or [])[frame : frame + 1]
    shared = (ds.get("SharedFunctionalGroupsSequence") or [])[:1]
    return [*(item for group in (*own, *shared) for item in group.get(macro) or []), ds]


def _pair(places: list[Dataset], keyword: str) -> tuple[float, float] | None:
    """Return a pair of lengths, between rows and between columns; None unless both are positive."""
    found = _first(places, keyword, 2)
    return (found[0], found[1]) if found and min(found) > 0 else None


def _first(places: list[Dataset], keyword: str, count: int) -> list[float]:
    return next((found for place in places if len(found := real_numbers(place, keyword)) == count), [])


def _shape(size: tuple[float, float]) -> tuple[float, float]:
    """Return a pixel size relative to its width."""
    return size[0] / size[1], 1.0
