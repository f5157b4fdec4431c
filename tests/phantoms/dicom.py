"""Drawn DICOM objects."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    BasicTextSRStorage,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

from tests.phantoms.pictures import disc

#: A name that no log, no audit row and no address may ever hold (the canary's).
CANARY = "Kanarienvogel^Zwitscher"
CANARY_ID = "KANARI-4711"
AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def header(sop_class: str = CTImageStorage, *, syntax: str = ExplicitVRLittleEndian, **elements: Any) -> FileDataset:
    """Return an object without pixels: identity, patient, study, series; `elements` by keyword replace them."""
    little, implicit = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    ds = FileDataset("", {}, bytes(128), FileMetaDataset(), is_little_endian=little, is_implicit_VR=implicit)
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = CANARY, CANARY_ID, "19700102", "F"
    ds.StudyDate, ds.Modality = "20240305", "MR" if sop_class == MRImageStorage else "CT"
    _put(ds, elements)
    return ds


def image(pixels: NDArray[np.generic] | None = None, **elements: Any) -> FileDataset:
    """Return an image object of pixels (rows, columns), or (frames, rows, columns), or with a last axis of 3."""
    stored = disc() if pixels is None else pixels
    sop_class, syntax = elements.pop("sop_class", CTImageStorage), elements.pop("syntax", ExplicitVRLittleEndian)
    colour = stored.ndim >= 3 and stored.shape[-1] == 3
    ds = header(sop_class, syntax=syntax)
    ds.Rows, ds.Columns = stored.shape[-3:-1] if colour else stored.shape[-2:]
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        ds.PlanarConfiguration = 0
    if stored.ndim == (4 if colour else 3):
        ds.NumberOfFrames = stored.shape[0]
    ds.BitsAllocated = ds.BitsStored = stored.dtype.itemsize * 8
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(stored.dtype.kind == "i")
    raw = stored.tobytes()
    ds.PixelData = raw + b"\x00" * (len(raw) % 2)
    _put(ds, elements)
    return ds


def series(count: int, *, gap: float = 2.5, **elements: Any) -> list[FileDataset]:
    """Return the slices of one axial series, from the feet to the head, `gap` mm apart."""
    study, own = generate_uid(), generate_uid()
    return [
        image(
            disc(radius=8 + number, seed=number),
            **{
                "StudyInstanceUID": study,
                "SeriesInstanceUID": own,
                "InstanceNumber": number + 1,
                "ImageOrientationPatient": AXIAL,
                "ImagePositionPatient": [0.0, 0.0, gap * number],
                **elements,
            },
        )
        for number in range(count)
    ]


def report(**elements: Any) -> FileDataset:
    """Return a structured report: an object without an image."""
    return header(BasicTextSRStorage, **{"Modality": "SR", **elements})


def nested(depth: int) -> FileDataset:
    """Return an image whose header nests one sequence in another, `depth` times."""
    ds = image()
    inner = Dataset()
    inner.CodeMeaning = "the innermost"
    for _ in range(depth):
        outer = Dataset()
        outer.ContentSequence = Sequence([inner])
        inner = outer
    ds.ContentSequence = inner.ContentSequence
    return ds


def saved(ds: Dataset, path: Path) -> Path:
    """Write an object as a DICOM file and return the path."""
    ds.save_as(path, enforce_file_format=True)
    return path


def _put(ds: Dataset, elements: dict[str, Any]) -> None:
    """Set elements; None takes one away."""
    for keyword, value in elements.items():
        if value is None:
            if keyword in ds:
                delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
