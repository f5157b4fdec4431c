"""How large the pixels of a frame are and where it lies, as far as the header allows to say so."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ml.dicomio.header import SHORTEST_NORMAL, normal_of
from ml.dicomio.values import real_number, real_numbers, text

#: Modalities whose detector lies behind the patient: a spacing at the detector is none in the patient.
PROJECTION = frozenset({"CR", "DX", "MG", "RG", "XA", "RF", "PX", "IO", "XR"})
#: Two spacings are one that differ by no more than this part.
SAME = 1e-4
NONE_STATED = "Not calibrated: pixels. The header states no pixel spacing."
AT_DETECTOR = "Not calibrated: pixels. Spacing is known at the detector only."


@dataclass(frozen=True)
class FrameGrid:
    """The grid of one frame.

    Attributes
    ----------
    size
        Distance between rows and between columns: mm where `is_calibrated`, else the shape of a pixel, its width 1.
    note
        A sentence for the reader: why lengths are pixels, or how sure millimetres are; "" where nothing is to say.
    position
        Along the normal of the slice in mm (PS3.3 C.7.6.2.1.1), None where the header does not say.
    origin, cosines
        Of the centre of the first pixel, (x, y, z), and of a row and a column, (6,): mm, x to the left, y to the back,
        z to the head; both None where `position` is.
    """

    size: tuple[float, float] = (1.0, 1.0)
    is_calibrated: bool = False
    note: str = NONE_STATED
    position: float | None = None
    origin: tuple[float, ...] | None = None
    cosines: tuple[float, ...] | None = None


#: Of a picture, whose file says nothing.
UNCALIBRATED = FrameGrid()


def frame_grid(ds: Dataset, frame: int) -> FrameGrid:
    """Return the grid of a frame (from 0) by PixelSpacing; ImagerPixelSpacing alone calibrates nothing in a patient.

    As PS3.3 10.7.1.1 and 10.7.1.3 say, and as the viewer does it: a projection whose PixelSpacing merely repeats
    ImagerPixelSpacing is not calibrated, unless PixelSpacingCalibrationType says how it was; with
    EstimatedRadiographicMagnificationFactor the detector's spacing is scaled down, and the note says so.
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
    """Return where a frame lies; nothing where the header does not say."""
    cosines = _first(_places(ds, frame, "PlaneOrientationSequence"), "ImageOrientationPatient", 6)
    origin = _first(_places(ds, frame, "PlanePositionSequence"), "ImagePositionPatient", 3)
    if not cosines or not origin or np.linalg.norm(np.cross(cosines[:3], cosines[3:])) < SHORTEST_NORMAL:
        return {}
    along = float(np.dot(normal_of(cosines), origin))
    return {"position": along, "origin": tuple(origin), "cosines": tuple(cosines)} if np.isfinite(along) else {}


def _places(ds: Dataset, frame: int, macro: str) -> list[Dataset]:
    """Return where an element of a frame may stand: its own group's macro, the shared one, the object itself."""
    own = (ds.get("PerFrameFunctionalGroupsSequence") or [])[frame : frame + 1]
    shared = (ds.get("SharedFunctionalGroupsSequence") or [])[:1]
    return [*(item for group in (*own, *shared) for item in group.get(macro) or []), ds]


def _pair(places: list[Dataset], keyword: str) -> tuple[float, float] | None:
    """Return two lengths, down and across; None where one of them is none."""
    found = _first(places, keyword, 2)
    return (found[0], found[1]) if found and min(found) > 0 else None


def _first(places: list[Dataset], keyword: str, count: int) -> list[float]:
    return next((found for place in places if len(found := real_numbers(place, keyword)) == count), [])


def _shape(size: tuple[float, float]) -> tuple[float, float]:
    """Keep the shape of a pixel, not its size."""
    return size[0] / size[1], 1.0
