"""What the header states about modality, body part, plane and side; the networks predict the same from the pixels."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ml.dicomio.dicom import dataset_read
from ml.dicomio.sniff import sniff
from ml.dicomio.values import real_number, real_numbers, text

PLANES = ("sagittal", "coronal", "axial")  # by the axis of their normal: x to the left, y to the back, z to the head
#: Degrees; an image that is tilted by more from every plane is oblique, and counts as stating no plane.
OBLIQUE_DEGREES = 30.0
#: Least length of the cross product of the cosines; below it, the header states no directions (often zeros).
SHORTEST_NORMAL = 0.5


@dataclass(frozen=True)
class HeaderFacts:
    """The header's answers, by question; a question that it does not answer is absent.

    Attributes
    ----------
    words
        "modality" (0008,0060) and "part" (0018,0015) in capitals, "plane" from (0020,0037), "laterality"
        L, R or B from (0020,0062) or (0020,0060), "spacing" in mm from (0018,0088) or (0018,0050).
    """

    words: dict[str, str] = field(default_factory=dict)


def header_facts(ds: Dataset) -> HeaderFacts:
    """Return what a data set states about modality, body part, plane, side and slice spacing."""
    words = {
        "modality": text(ds, "Modality", longest=16).upper(),
        "part": body_part(ds),
        "plane": plane_of(orientation(ds)) or "",
        "laterality": laterality(ds),
        "spacing": slice_spacing(ds),
    }
    return HeaderFacts({question: word for question, word in words.items() if word})


def facts_read(path: Path) -> HeaderFacts:
    """Return the facts in the header of one file; none for a picture.

    Raises
    ------
    Refused
        If the file cannot be read.
    """
    return HeaderFacts() if sniff(path) == "picture" else header_facts(dataset_read(path, pixels=False))


def body_part(ds: Dataset) -> str:
    """Return BodyPartExamined, or else the code meaning of AnatomicRegionSequence (PS3.3 10.5), in capitals."""
    if part := text(ds, "BodyPartExamined", longest=64):
        return part.upper()
    for place in (ds, *_functional_groups(ds, "FrameAnatomySequence")):
        for region in place.get("AnatomicRegionSequence") or []:
            if meaning := text(region, "CodeMeaning", longest=64):
                return meaning.upper()
    return ""


def laterality(ds: Dataset) -> str:
    """Return the side: L, R or B (both); "" if it is not stated or the structure is unpaired."""
    anatomy = [text(item, "FrameLaterality", longest=1) for item in _functional_groups(ds, "FrameAnatomySequence")]
    for word in (text(ds, "ImageLaterality", longest=1), text(ds, "Laterality", longest=1), *anatomy):
        if word.upper() in {"L", "R", "B"}:
            return word.upper()
    return ""


def slice_spacing(ds: Dataset) -> str:
    """Return SpacingBetweenSlices, or else SliceThickness, in mm as text; "" if neither is a length."""
    for place in (ds, *_functional_groups(ds, "PixelMeasuresSequence")):
        for keyword in ("SpacingBetweenSlices", "SliceThickness"):
            if (stated := real_number(place, keyword)) is not None and abs(stated) > 0:
                return f"{abs(stated):.3g}"  # some scanners state the direction as a sign
    return ""


def orientation(ds: Dataset) -> list[float] | None:
    """Return the six direction cosines (PS3.3 C.7.6.2.1.1), of the first frame if frames have their own; else None."""
    for place in (ds, *_functional_groups(ds, "PlaneOrientationSequence")):
        cosines = real_numbers(place, "ImageOrientationPatient")
        if len(cosines) == 6 and np.linalg.norm(np.cross(cosines[:3], cosines[3:])) >= SHORTEST_NORMAL:
            return cosines
    return None


def normal_of(cosines: list[float]) -> NDArray[np.float64]:
    """Return the unit normal of the image plane in patient coordinates (x left, y back, z head)."""
    normal = np.cross(cosines[:3], cosines[3:])
    return np.asarray(normal / np.linalg.norm(normal))


def plane_of(cosines: list[float] | None) -> str | None:
    """Return the name of the plane nearest to the image; None if it is oblique, or without cosines."""
    if cosines is None:
        return None
    along = np.abs(normal_of(cosines))
    nearest = int(along.argmax())
    return PLANES[nearest] if along[nearest] >= np.cos(np.radians(OBLIQUE_DEGREES)) else None


def position_along_normal(ds: Dataset) -> float | None:
    """Return the slice's position along its normal, in mm; None if the header does not state it."""
    cosines, place = orientation(ds), real_numbers(ds, "ImagePositionPatient")
    if cosines is None or len(place) != 3:
        return None
    along = float(np.dot(normal_of(cosines), place))
    return along if np.isfinite(along) else None


def _functional_groups(ds: Dataset, keyword: str) -> Iterator[Dataset]:
    """Yield the items of one macro of an enhanced object: the shared ones, then those of the first frame."""
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in (ds.get(groups) or [])[:1]:
            yield from group.get(keyword) or []
