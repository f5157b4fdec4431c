"""A picture becomes a Secondary Capture object: the same pixels, nothing invented."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

from ml.dicomio.display import colour_share, grey_of
from ml.dicomio.errors import Refused
from ml.dicomio.header import facts_read
from ml.dicomio.inspect import inspect
from ml.dicomio.pictures import picture_frames
from ml.dicomio.pixels import frame_read, frames_read
from ml.dicomio.secondary_capture import captured
from tests.phantoms import pictures

GREY = pictures.disc(rows=41, columns=37)
COLOUR = pictures.tinted(GREY)
SIDEWAYS = Image.Exif()
SIDEWAYS[0x0112] = 6


def object_of(path: Path) -> FileDataset:
    """Return the object that a picture becomes."""
    captured(path, out=path.with_suffix(".dcm"))
    return pydicom.dcmread(path.with_suffix(".dcm"))


def drawn(pixels: NDArray[np.generic], mode: str = "") -> Image.Image:
    """Return pixels as a picture."""
    picture = Image.fromarray(pixels)
    return picture.convert(mode) if mode else picture


#: Name of the file -> how it is written.
WRITTEN: dict[str, Callable[[Path], object]] = {
    "grey.png": lambda path: drawn(GREY).save(path),
    "grey-rgb.png": lambda path: drawn(GREY, "RGB").save(path),
    "colour.png": lambda path: drawn(COLOUR).save(path),
    "palette.png": lambda path: drawn(COLOUR).quantize(16).save(path),
    "alpha.png": lambda path: drawn(np.dstack([COLOUR, GREY])).save(path),
    "bits.png": lambda path: drawn(GREY > 120).save(path),
    "deep.png": lambda path: drawn(GREY.astype(np.uint16) * 250).save(path),
    "grey.jpg": lambda path: drawn(GREY).save(path),
    "grey-in-three.jpg": lambda path: drawn(GREY, "RGB").save(path),
    "colour.jpg": lambda path: drawn(COLOUR).save(path),
    "colour-full.jpg": lambda path: drawn(COLOUR).save(path, subsampling=0),
    "colour-rgb.jpg": lambda path: drawn(COLOUR).save(path, keep_rgb=True),
    "progressive.jpg": lambda path: drawn(COLOUR).save(path, progressive=True),
    "sideways.jpg": lambda path: drawn(COLOUR).save(path, exif=SIDEWAYS),
    "cmyk.jpg": lambda path: drawn(COLOUR, "CMYK").save(path),
    "grey.tiff": lambda path: drawn(GREY).save(path, compression="tiff_lzw"),
    "deep.tiff": lambda path: drawn(GREY.astype(np.uint16) * 250).save(path),
    "pages.tiff": lambda path: drawn(GREY).save(path, save_all=True, append_images=[drawn(GREY[::-1].copy())]),
    "colour-pages.tiff": lambda path: drawn(COLOUR).save(path, save_all=True, append_images=[drawn(COLOUR)]),
}
#: Those whose own bytes are kept.
KEPT = {"grey.jpg", "grey-in-three.jpg", "colour.jpg", "colour-full.jpg", "colour-rgb.jpg"}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_pixels_reach_the_networks_and_the_screen(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITTEN[name](path)
    before, ds = list(picture_frames(path)), object_of(path)
    after = list(frames_read(path.with_suffix(".dcm")))
    assert len(after) == len(before) == int(ds.get("NumberOfFrames", 1))
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        assert (grey_of(old) == grey_of(new)).all()
        assert colour_share(old) == colour_share(new)
        assert (frame_read(path.with_suffix(".dcm"), frame=number) == new).all()
    kept = ds.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    assert kept == (name in KEPT)
    assert (path.read_bytes() in ds.PixelData) == kept
    assert kept or ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert ds.pixel_array.size  # other readers of DICOM can decode it too


def test_nothing_is_invented(tmp_path: Path) -> None:
    ds = object_of(pictures.png(tmp_path / "a.png", GREY))
    assert ds.SOPClassUID.name == "Secondary Capture Image Storage"
    assert (ds.Modality, ds.ConversionType, ds.SamplesPerPixel) == ("OT", "WSD", 1)
    for keyword in ("PatientName", "PatientID", "StudyDate", "ReferringPhysicianName", "AccessionNumber"):
        assert not ds[keyword].value
    for keyword in ("PixelSpacing", "ImagePositionPatient", "FrameOfReferenceUID", "DateOfSecondaryCapture"):
        assert keyword not in ds


def test_the_header_is_no_witness(tmp_path: Path) -> None:
    object_of(pictures.png(tmp_path / "a.png"))
    assert facts_read(tmp_path / "a.dcm").words == {"modality": "OT"}  # which every pathway takes for silence


@pytest.mark.parametrize(
    ("name", "sop_class"),
    [
        ("pages.tiff", "Multi-frame Grayscale Byte Secondary Capture Image Storage"),
        ("colour-pages.tiff", "Multi-frame True Color Secondary Capture Image Storage"),
        ("deep.tiff", "Secondary Capture Image Storage"),
    ],
)
def test_pages_are_frames(name: str, sop_class: str, tmp_path: Path) -> None:
    WRITTEN[name](tmp_path / name)
    ds = object_of(tmp_path / name)
    assert ds.SOPClassUID.name == sop_class
    if "pages" in name:
        assert (ds.NumberOfFrames, list(ds.PageNumberVector), ds.FrameIncrementPointer) == (2, [1, 2], 0x00182001)


def test_the_same_picture_is_the_same_object(tmp_path: Path) -> None:
    one, same = pictures.png(tmp_path / "a.png", seed=1), pictures.png(tmp_path / "b.png", seed=1)
    object_of(one)
    object_of(same)
    assert one.with_suffix(".dcm").read_bytes() == same.with_suffix(".dcm").read_bytes()
    other = inspect(pictures.png(tmp_path / "c.png", seed=2))
    assert inspect(one).sop_instance_uid not in {"", other.sop_instance_uid}


def test_what_has_no_place_in_such_an_object_is_refused(tmp_path: Path) -> None:
    uneven = tmp_path / "uneven.tiff"
    drawn(GREY).save(uneven, save_all=True, append_images=[drawn(GREY[:20].copy())])
    with pytest.raises(Refused, match="differ in size"):
        inspect(uneven)
    real = tmp_path / "real.tiff"
    drawn(GREY.astype(np.float32) / 7).save(real)
    with pytest.raises(Refused, match="16 bits a pixel"):
        inspect(real)
    cut = tmp_path / "cut.tiff"
    cut.write_bytes(b"II*\x00" + b"\xff" * 40)
    with pytest.raises(Refused, match="damaged"):
        inspect(cut)
