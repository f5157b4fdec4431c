"""Every transfer syntax gives the same picture: drawn objects packed here, and the samples that pydicom ships."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from ml.dicomio.errors import Refused
from ml.dicomio.inspect import inspect
from ml.dicomio.pixels import frame_read, frames_read
from tests.phantoms import dicom, pictures

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"
WINDOW = {"WindowCenter": 620, "WindowWidth": 300}


def sixteen_bits() -> np.ndarray:
    """Return a drawing of three frames with 16-bit values round 600."""
    return np.stack([pictures.disc(seed=number).astype(np.uint16) + 500 for number in range(3)])


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_plain_syntaxes_show_the_same(tmp_path: Path, syntax: str) -> None:
    plain = dicom.saved(dicom.image(sixteen_bits(), **WINDOW), tmp_path / "plain.dcm")
    other = dicom.saved(dicom.image(sixteen_bits(), syntax=syntax, **WINDOW), tmp_path / "other.dcm")
    assert all((a == b).all() for a, b in zip(frames_read(plain), frames_read(other), strict=True))


def test_big_endian_shows_the_same(tmp_path: Path) -> None:
    plain = dicom.saved(dicom.image(sixteen_bits(), **WINDOW), tmp_path / "plain.dcm")
    ds = dicom.image(sixteen_bits(), syntax=ExplicitVRBigEndian, **WINDOW)
    ds.PixelData = sixteen_bits().astype(">u2").tobytes()
    other = dicom.saved(ds, tmp_path / "big.dcm")
    assert all((a == b).all() for a, b in zip(frames_read(plain), frames_read(other), strict=True))


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_lossless_packing_shows_the_same(tmp_path: Path, syntax: str) -> None:
    ds = dicom.image(sixteen_bits(), **WINDOW)
    plain = list(frames_read(dicom.saved(ds, tmp_path / "plain.dcm")))
    ds.compress(syntax, generate_instance_uid=False)
    packed = list(frames_read(dicom.saved(ds, tmp_path / "packed.dcm")))
    assert len(packed) == 3
    assert all((a == b).all() for a, b in zip(plain, packed, strict=True))


def test_jpeg_in_colour_is_shown_as_rgb(tmp_path: Path) -> None:
    colour = pictures.tinted(pictures.disc())
    stream = BytesIO()
    Image.fromarray(colour).save(stream, format="JPEG", quality=95, subsampling=0)
    ds = dicom.image(colour, syntax=JPEGBaseline8Bit, PhotometricInterpretation="YBR_FULL")
    ds.PixelData = encapsulate([stream.getvalue()])
    shown = frame_read(dicom.saved(ds, tmp_path / "colour.dcm"), frame=0)
    assert float(np.abs(shown.astype(int) - colour).mean()) < 6


@pytest.mark.parametrize("with_meta", [True, False])
def test_a_data_set_without_preamble_is_read(tmp_path: Path, *, with_meta: bool) -> None:
    whole = dicom.saved(dicom.image(), tmp_path / "whole.dcm")
    data = whole.read_bytes()
    start = 132 if with_meta else 144 + int.from_bytes(data[140:144], "little")
    bare = tmp_path / "bare.dcm"
    bare.write_bytes(data[start:])
    assert (frame_read(bare, frame=0) == frame_read(whole, frame=0)).all()


MR = sorted(SAMPLES.glob("MR_small*.dcm"))
#: Samples that are broken on purpose, are no whole object, or lack an identity.
UNREADABLE = {
    "JPEG-lossy.dcm",  # a marker that its process forbids
    "JPEG2000-embedded-sequence-delimiter.dcm",  # a made-up stream
    "JPEGLSNearLossless_08.dcm",  # no StudyInstanceUID, as the next three
    "JPEGLSNearLossless_16.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_jls_lossy_sample.dcm",
    "MR_truncated.dcm",
    "rtplan_truncated.dcm",
    "DICOMDIR-empty.dcm",
    "UN_sequence.dcm",  # a few elements, as the rest
    "empty_charset_LEI.dcm",
    "meta_missing_tsyntax.dcm",
    "nested_priv_SQ.dcm",
    "no_meta.dcm",
    "no_meta_group_length.dcm",
    "priv_SQ.dcm",
}
COLOUR = [path for name in ("dcmtk*", "rle*", "jpeg_dcmtk", "jpeg_gdcm") for path in SAMPLES.glob(f"SC_rgb_{name}.dcm")]


@pytest.mark.parametrize("path", MR, ids=lambda path: path.name)
def test_one_mr_slice_in_many_syntaxes(path: Path) -> None:
    assert (frame_read(path, frame=0) == frame_read(SAMPLES / "MR_small.dcm", frame=0)).all()


@pytest.mark.parametrize("path", COLOUR, ids=lambda path: path.name)
def test_one_colour_chart_in_many_syntaxes(path: Path) -> None:
    shown, chart = frame_read(path, frame=0), frame_read(SAMPLES / "SC_rgb_rle.dcm", frame=0)
    assert float(np.abs(shown.astype(int) - chart).mean()) < 3


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.dcm")), ids=lambda path: path.name)
def test_every_sample_is_read_or_refused_with_a_sentence(path: Path) -> None:
    said = ""
    try:
        found = inspect(path)
    except Refused as refused:
        said = str(refused)
    else:
        assert found.sop_instance_uid
        assert found.rows > 0 or not found.has_pixels
    assert bool(said) == (path.name in UNREADABLE)
    assert said == "" or said.endswith(".")
