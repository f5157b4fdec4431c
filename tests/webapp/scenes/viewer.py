"""Studies with known geometry, taken in as real objects: ``python -m tests.webapp.scenes.viewer``."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()

from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, MRImageStorage, generate_uid

from tests.phantoms import dicom
from tests.webapp import factories
from webapp.imaging.archive.ingest import ingest_file

PERSON = {"PatientName": "Sehtest^Vera", "PatientID": "VIEW-1", "PatientBirthDate": "19580614", "PatientSex": "F"}
ROWS, COLUMNS, SLICES = 60, 80, 24
SPACING, GAP = (0.5, 0.5), 2.0
#: Hounsfield units of the ground, the block at the patient's right front, the bar at the left.
GROUND, BLOCK, BAR = -200, 300, 80


def hounsfield(number: int) -> NDArray[np.int16]:
    """Draw one axial slice: a block right and in front, a bar at the left, a stripe as long as the slice's number."""
    pixels = np.full((ROWS, COLUMNS), GROUND, dtype=np.int16)
    pixels[6:18, 8:24] = BLOCK
    pixels[20:56, 68:72] = BAR
    pixels[50:54, 8 : 10 + 2 * number] = 40
    return pixels


def ct(study: str, *, date: str, frame: str, slices: int = SLICES, **elements: Any) -> list[FileDataset]:
    """Return an axial CT with rows from right to left and columns from front to back, `GAP` mm apart."""
    own = generate_uid()
    return [
        dicom.image(
            (hounsfield(number) + 1024).astype(np.uint16),
            **{
                **PERSON,
                "StudyInstanceUID": study, "SeriesInstanceUID": own, "StudyDate": date,
                "StudyDescription": "CT phantom", "FrameOfReferenceUID": frame,
                "SeriesNumber": 2, "SeriesDescription": "axial 2 mm",
                "BodyPartExamined": "ABDOMEN", "InstanceNumber": number + 1, "PixelSpacing": list(SPACING),
                "SliceThickness": GAP, "RescaleSlope": 1, "RescaleIntercept": -1024,
                "WindowCenter": 40, "WindowWidth": 400,
                "ImageOrientationPatient": dicom.AXIAL, "ImagePositionPatient": [0.0, 0.0, GAP * number],
                **elements,
            },
        )
        for number in range(slices)
    ]  # fmt: skip


def oblique(study: str, frame: str) -> list[FileDataset]:
    """Return four tilted MR slices with pixels twice as high as wide, too few and too apart to be a volume."""
    own, (cos, sin) = generate_uid(), (np.cos(np.pi / 6), np.sin(np.pi / 6))
    return [
        dicom.image(
            (hounsfield(number) + 300).astype(np.uint16),
            sop_class=MRImageStorage,
            **{
                **PERSON,
                "StudyInstanceUID": study, "SeriesInstanceUID": own, "StudyDate": "20260301",
                "FrameOfReferenceUID": frame, "StudyDescription": "CT phantom",
                "SeriesNumber": 3, "SeriesDescription": "oblique, tall pixels", "InstanceNumber": number + 1,
                "PixelSpacing": [1.0, 0.5], "ImageOrientationPatient": [0.0, cos, sin, 0.0, -sin, cos],
                "ImagePositionPatient": [10.0 * number, 0.0, 0.0],
            },
        )
        for number in range(4)
    ]  # fmt: skip


def uncalibrated(study: str) -> FileDataset:
    """Return an X-ray whose spacing is known at the detector only and whose header has no orientation."""
    return dicom.image(
        (hounsfield(10) + 300).astype(np.uint16),
        sop_class=DigitalXRayImageStorageForPresentation,
        **{
            **PERSON,
            "StudyInstanceUID": study, "StudyDate": "20260301", "StudyDescription": "CT phantom",
            "Modality": "DX", "SeriesNumber": 4, "SeriesDescription": "wrist",
            "ImagerPixelSpacing": [0.15, 0.15], "ImageLaterality": "L", "WindowCenter": 300, "WindowWidth": 800,
            "PhotometricInterpretation": "MONOCHROME2",
        },
    )  # fmt: skip


def taken_in(objects: Sequence[Dataset]) -> None:
    """Take objects in, as if a clinician had uploaded them."""
    user = factories.clinician()
    with tempfile.TemporaryDirectory() as name:
        for number, ds in enumerate(objects):
            path = dicom.saved(ds, Path(name) / f"{number}.dcm")
            (filed,) = ingest_file(path=path, name=path.name, user=user, request=None)
            assert filed.status == "stored", filed.reason


def scene() -> None:
    """Take in a study of four series and its prior."""
    now, before, frame = generate_uid(), generate_uid(), generate_uid()
    report = dicom.report(
        **PERSON,
        StudyInstanceUID=now,
        StudyDate="20260301",
        SeriesNumber=9,
        SeriesDescription="dose report",
        StudyDescription="CT phantom",
    )
    taken_in([
        *ct(now, date="20260301", frame=frame), *oblique(now, frame), uncalibrated(now), report,
        *ct(before, date="20250110", frame=generate_uid(), slices=12, StudyDescription="CT phantom before"),
    ])  # fmt: skip


if __name__ == "__main__":
    scene()
