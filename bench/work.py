"""The two kinds of studies that the queue is timed on: many small ones, and whole series."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage, generate_uid

from bench.pictures import as_new, collection, pictures
from tests.phantoms import dicom

PICTURES = 40
SERIES, SLICES = 5, 24


@dataclass(frozen=True)
class Work:
    """Some studies to analyse.

    Attributes
    ----------
    words
        What they are.
    uploads
        Makes one file to upload for each study; every call makes studies that nobody has sent before.
    files
        The same studies as lists of files for the cascade itself.
    """

    words: str
    uploads: Callable[[], list[tuple[str, bytes]]]
    files: list[list[Path]]


def single_pictures(folder: Path) -> Work:
    """Return studies of one picture each."""
    chosen, words = pictures(PICTURES)

    def uploads() -> list[tuple[str, bytes]]:
        return [("picture.png", as_new(picture, mark=generate_uid())) for picture in chosen]

    files = []
    for number, (name, content) in enumerate(uploads()):
        files.append([folder / f"{number}-{name}"])
        files[-1][0].write_bytes(content)
    return Work(f"{PICTURES} studies of one picture: {words}", uploads, files)


def whole_series(folder: Path) -> Work:
    """Return studies of one brain MR series each."""
    slices, words = _slices()

    def uploads() -> list[tuple[str, bytes]]:
        return [("series.zip", _zipped(slices)) for _ in range(SERIES)]

    files = []
    for number in range(SERIES):
        files.append([folder / f"{number}-{index}.dcm" for index in range(SLICES)])
        for path, ds in zip(files[-1], slices, strict=True):
            ds.save_as(path, enforce_file_format=True)
    return Work(f"{SERIES} studies of one series of {SLICES} slices: {words}", uploads, files)


def _slices() -> tuple[list[Dataset], str]:
    real = sorted((collection() / "dicom" / "brain_mr_t2").glob("*"))[:SLICES]
    if len(real) == SLICES:
        return [pydicom.dcmread(path) for path in real], "a brain MR (T2)"
    drawn = dicom.series(SLICES, sop_class=MRImageStorage, BodyPartExamined="BRAIN")
    return list(drawn), "drawn discs that call themselves brain MR (no collection at hand)"


def _zipped(slices: list[Dataset]) -> bytes:
    """Return the slices in a zip, as a study of their own."""
    study, series, patient = generate_uid(), generate_uid(), generate_uid()[-16:]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, ds in enumerate(slices):
            ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = study, series, patient
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            one = io.BytesIO()
            ds.save_as(one, enforce_file_format=True)
            archive.writestr(f"{number}.dcm", one.getvalue())
    return out.getvalue()
