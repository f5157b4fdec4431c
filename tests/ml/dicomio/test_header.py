"""What the header states, told in words."""

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from ml.dicomio.header import header_facts, plane_of, position_along_normal
from tests.phantoms import dicom


def item(**elements: Any) -> Dataset:
    """Return a sequence item."""
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def turned(degrees: float) -> list[float]:
    """Return an axial plane's cosines, tilted about the x axis."""
    angle = np.radians(degrees)
    return [1.0, 0.0, 0.0, 0.0, float(np.cos(angle)), float(np.sin(angle))]


@pytest.mark.parametrize(
    ("cosines", "plane"),
    [
        ([1, 0, 0, 0, 1, 0], "axial"),
        ([1, 0, 0, 0, -1, 0], "axial"),
        ([0, 1, 0, 0, 0, -1], "sagittal"),
        ([1, 0, 0, 0, 0, -1], "coronal"),
        (turned(25), "axial"),
        (turned(45), None),
        (turned(65), "coronal"),
        (None, None),
    ],
)
def test_plane_by_the_normal(cosines: list[float] | None, plane: str | None) -> None:
    assert plane_of(cosines) == plane


def test_words_of_a_plain_object() -> None:
    ds = dicom.image(BodyPartExamined="CHEST", ImageOrientationPatient=dicom.AXIAL, ImageLaterality="L")
    expected = {"modality": "CT", "part": "CHEST", "plane": "axial", "laterality": "L"}
    assert header_facts(ds).words == expected


def test_words_of_an_enhanced_object() -> None:
    group = item(
        PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=[0.0, 1.0, 0.0, 0.0, 0.0, -1.0])]),
        FrameAnatomySequence=Sequence(
            [item(FrameLaterality="R", AnatomicRegionSequence=Sequence([item(CodeMeaning="Knee")]))]
        ),
    )
    ds = dicom.image(SharedFunctionalGroupsSequence=Sequence([group]))
    assert header_facts(ds).words == {"modality": "CT", "part": "KNEE", "plane": "sagittal", "laterality": "R"}


def test_a_header_that_states_nothing_answers_nothing() -> None:
    assert header_facts(dicom.image(Modality=None)).words == {}


@pytest.mark.parametrize("cosines", [[0.0] * 6, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
def test_cosines_that_span_no_plane_are_no_orientation(cosines: list[float]) -> None:
    ds = dicom.image(ImageOrientationPatient=cosines, ImagePositionPatient=[1.0, 2.0, 3.0])
    assert "plane" not in header_facts(ds).words
    assert position_along_normal(ds) is None


def test_position_is_measured_along_the_normal() -> None:
    ds = dicom.image(ImageOrientationPatient=[0.0, 1.0, 0.0, 0.0, 0.0, -1.0], ImagePositionPatient=[12.5, 99.0, -7.0])
    assert position_along_normal(ds) == -12.5  # (0,1,0) x (0,0,-1) points to -x
    assert position_along_normal(dicom.image()) is None
