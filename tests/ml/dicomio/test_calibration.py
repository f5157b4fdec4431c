"""Millimetres only where the header calibrates, as the viewer does it."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ml.dicomio.calibration import AT_DETECTOR, NONE_STATED
from ml.dicomio.series import slices_read
from tests.phantoms import dicom, geometry
from tests.phantoms.pictures import png


@pytest.mark.parametrize(
    ("elements", "size", "is_calibrated", "note"),
    [
        ({"PixelSpacing": [0.5, 0.7]}, (0.5, 0.7), True, ""),
        ({}, (1.0, 1.0), False, NONE_STATED),
        ({"PixelAspectRatio": [2, 1]}, (2.0, 1.0), False, NONE_STATED),
        ({"PixelSpacing": [0.0, 0.0]}, (1.0, 1.0), False, NONE_STATED),
        ({"ImagerPixelSpacing": [0.2, 0.1], "Modality": "DX"}, (2.0, 1.0), False, AT_DETECTOR),
        (
            {"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.2, 0.2], "Modality": "CR"},
            (1.0, 1.0),
            False,
            AT_DETECTOR,
        ),
        (
            {
                "ImagerPixelSpacing": [0.2, 0.2],
                "PixelSpacing": [0.2, 0.2],
                "Modality": "CR",
                "PixelSpacingCalibrationType": "FIDUCIAL",
            },
            (0.2, 0.2),
            True,
            "",
        ),
        ({"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.15, 0.15], "Modality": "CR"}, (0.15, 0.15), True, ""),
        (
            {"ImagerPixelSpacing": [0.3, 0.3], "EstimatedRadiographicMagnificationFactor": 1.5, "Modality": "XA"},
            (0.2, 0.2),
            True,
            "Estimated: magnified 1.5 times.",
        ),
    ],
)
def test_a_header_calibrates_or_not(
    elements: dict[str, Any], size: tuple[float, float], *, is_calibrated: bool, note: str, tmp_path: Path
) -> None:
    (read,) = slices_read([dicom.saved(dicom.image(**elements), tmp_path / "one.dcm")])

    assert read.grid.size == pytest.approx(size)
    assert (read.grid.is_calibrated, read.grid.note) == (is_calibrated, note)


def test_a_picture_is_not_calibrated(tmp_path: Path) -> None:
    (read,) = slices_read([png(tmp_path / "disc.png")])

    assert (read.grid.size, read.grid.is_calibrated, read.grid.position) == ((1.0, 1.0), False, None)


@pytest.mark.parametrize("form", [geometry.single_frames, geometry.enhanced])
def test_frames_lie_where_their_headers_say(form: Any, tmp_path: Path) -> None:
    cut = geometry.CUTS["anisotropic"]
    files = [dicom.saved(ds, tmp_path / f"{number}.dcm") for number, ds in enumerate(form(cut))]
    read = slices_read(files)

    assert {one.grid.size for one in read} == {cut.spacing}
    positions = [one.grid.position or 0.0 for one in read]
    assert [later - former for former, later in pairwise(positions)] == pytest.approx([cut.gap] * 4)
