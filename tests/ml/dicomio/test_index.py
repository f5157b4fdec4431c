"""Where frames and large values lie, and the header as JSON: held against pydicom's own reading."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended, get_frame
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

from ml.dicomio import limits
from ml.dicomio.dicom import dataset_read
from ml.dicomio.errors import Refused
from ml.dicomio.index import ObjectIndex, index_of
from ml.dicomio.inspect import inspect
from ml.dicomio.pixels import frames_read
from ml.dicomio.unpacking import frames_unpacked, object_unpacked
from tests.phantoms import dicom, pictures

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"


def indexed(path: Path) -> ObjectIndex:
    """Index a file as intake does."""
    index = inspect(path).index
    assert index is not None
    return index


def bytes_at(path: Path, index: ObjectIndex, frame: int) -> bytes:
    """Return a frame as its pieces lie in the file."""
    data = path.read_bytes()
    return b"".join(data[offset : offset + length] for offset, length in index.frames[frame])


def three_frames() -> Any:
    """Return a drawing of three frames of 16 bits."""
    return np.stack([pictures.disc(seed=number).astype(np.uint16) + 500 for number in range(3)])


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_plain_frames_lie_one_behind_the_other(tmp_path: Path, syntax: str) -> None:
    pixels = three_frames()
    path = dicom.saved(dicom.image(pixels, syntax=syntax), tmp_path / "a")
    index = indexed(path)
    assert [bytes_at(path, index, frame) for frame in range(3)] == [frame.tobytes() for frame in pixels]
    assert (index.transfer_syntax_uid, index.is_part10) == (syntax, True)


def fragments(frames: list[bytes]) -> list[bytes]:
    """Return frames of even length cut into two fragments each."""
    return [piece for frame in frames for piece in (frame[:100], frame[100:])]


def jpegs(tmp_path: Path) -> list[bytes]:
    """Return three different JPEGs of even length."""
    made = [pictures.jpeg(tmp_path / f"{seed}", seed=seed).read_bytes() for seed in range(3)]
    return [one + b"\x00" * (len(one) % 2) for one in made]


def items(values: list[bytes]) -> bytes:
    """Return values as items (PS3.5 A.4)."""
    return b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(value)) + value for value in values)


@pytest.mark.parametrize("packing", ["table", "no table", "extended table", "fragments and table", "fragments alone"])
def test_packed_frames_are_told_apart(tmp_path: Path, packing: str) -> None:
    frames = jpegs(tmp_path)
    ds = dicom.image(np.zeros((3, 96, 80), np.uint8), syntax=JPEGBaseline8Bit)
    starts = np.cumsum([0, *(len(frame) + 16 for frame in frames[:2])])
    match packing:
        case "table":
            ds.PixelData = encapsulate(frames)
        case "no table":
            ds.PixelData = encapsulate(frames, has_bot=False)
        case "extended table":
            ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(frames)
        case "fragments and table":
            ds.PixelData = items([struct.pack("<3I", *starts), *fragments(frames)])
        case "fragments alone":
            ds.PixelData = items([b"", *fragments(frames)])
    ds["PixelData"].is_undefined_length = True
    path = dicom.saved(ds, tmp_path / "a.dcm")
    index = indexed(path)
    assert [bytes_at(path, index, frame) for frame in range(3)] == frames
    assert {len(pieces) for pieces in index.frames} == {2 if "fragments" in packing else 1}


@pytest.mark.parametrize(
    "name", ["examples_ybr_color.dcm", "SC_rgb_rle_2frame.dcm", "JPEG2000.dcm", "MR_small_jpeg_ls_lossless.dcm"]
)
def test_samples_of_others_are_told_apart(name: str) -> None:
    path = SAMPLES / name
    index, ds = indexed(path), pydicom.dcmread(path)
    count = int(ds.get("NumberOfFrames") or 1)
    assert len(index.frames) == count
    for frame in {0, count - 1}:
        assert bytes_at(path, index, frame) == get_frame(ds.PixelData, frame, number_of_frames=count)


def test_frames_of_objects_that_are_no_images_are_found_too() -> None:
    assert len(indexed(SAMPLES / "rtdose.dcm").frames) == 15


@pytest.mark.parametrize("syntax", [DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_where_bytes_are_not_the_values_nothing_is_promised(tmp_path: Path, syntax: str) -> None:
    ds = dicom.image(syntax=syntax)
    ds.add_new(0x00091001, "OB", bytes(5_000))
    index = indexed(dicom.saved(ds, tmp_path / "a"))
    assert (index.frames, index.bulk) == ([], {})
    assert "InlineBinary" in json.loads(index.header)["00091001"]


def test_single_bits_that_fill_no_bytes_are_left_to_decoding(tmp_path: Path) -> None:
    ds = dicom.image(np.zeros((2, 3, 5), np.uint8), BitsAllocated=1, BitsStored=1, HighBit=0)
    ds.PixelData = b"\xff\xff\xff\x3f"
    path = dicom.saved(ds, tmp_path / "a")
    assert indexed(path).frames == []
    assert frames_unpacked(path, frames=[1], out=tmp_path / "out") == [2]
    assert (tmp_path / "out").read_bytes() == b"\xff\x7f"


def test_the_header_is_told_as_json_and_large_values_by_place(tmp_path: Path) -> None:
    ds = dicom.image(SliceThickness="2.5", PixelSpacing=[0.5, 0.25])
    inner = Dataset()
    inner.add_new(0x00091002, "OB", b"inner" * 1_000)
    inner.CodeMeaning = 'a "BulkDataURI":"bulk:trap'
    ds.ContentSequence = Sequence([inner])
    ds.add_new(0x00091001, "OW", b"outer " * 1_000)
    path = dicom.saved(ds, tmp_path / "a")
    index, data = indexed(path), path.read_bytes()
    header = json.loads(index.header)
    assert header["00180050"] == {"vr": "DS", "Value": [2.5]}
    assert header["00100010"]["Value"] == [{"Alphabetic": dicom.CANARY}]
    assert header["00083002"]["Value"] == [ExplicitVRLittleEndian]
    assert header["7FE00010"]["BulkDataURI"] == "bulk:7FE00010"
    inside = header["0040A730"]["Value"][0]["00091002"]["BulkDataURI"].removeprefix("bulk:")
    outside = header["00091001"]["BulkDataURI"].removeprefix("bulk:")
    told = {key: data[offset : offset + length] for key, (offset, length) in index.bulk.items()}
    assert told == {inside: b"inner" * 1_000, outside: b"outer " * 1_000}
    assert index.header.count('"BulkDataURI":"bulk:') == 3  # the trap's quotes are written otherwise


def test_numbers_that_json_has_no_word_for_are_spelt(tmp_path: Path) -> None:
    ds = dicom.image()
    ds.add_new(0x00189087, "FD", [float("nan"), float("inf"), 1.5])
    index = indexed(dicom.saved(ds, tmp_path / "a"))
    assert json.loads(index.header)["00189087"]["Value"] == ["NaN", "inf", 1.5]


def test_a_header_without_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEADER_BYTES", 500)
    with pytest.raises(Refused, match="The DICOM header is larger than"):
        indexed(dicom.saved(dicom.image(), tmp_path / "a"))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
def test_an_object_is_unpacked_whole(tmp_path: Path, syntax: str) -> None:
    pixels = three_frames()
    plain = dicom.image(pixels, WindowCenter=620, WindowWidth=300)
    ds = dicom.image(
        pixels, syntax=syntax if syntax != RLELossless else ExplicitVRLittleEndian, WindowCenter=620, WindowWidth=300
    )
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = pixels.astype(">u2").tobytes()
    if syntax == RLELossless:
        ds.compress(RLELossless, generate_instance_uid=False)
    path = dicom.saved(ds, tmp_path / "a")
    object_unpacked(path, out=tmp_path / "out")
    unpacked = pydicom.dcmread(tmp_path / "out")
    assert unpacked.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert (unpacked.PixelData, unpacked.SOPInstanceUID) == (plain.PixelData, ds.SOPInstanceUID)
    lengths = frames_unpacked(path, frames=[2, 0], out=tmp_path / "frames")
    assert (tmp_path / "frames").read_bytes() == pixels[2].tobytes() + pixels[0].tobytes()
    assert lengths == [pixels[0].nbytes] * 2
    assert len(list(frames_read(tmp_path / "out"))) == 3


def test_a_frame_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = dicom.saved(dicom.image(), tmp_path / "a")
    with pytest.raises(Refused, match="holds no such frame"):
        frames_unpacked(path, frames=[1], out=tmp_path / "out")
    with pytest.raises(Refused, match="holds no image"):
        frames_unpacked(dicom.saved(dicom.report(), tmp_path / "b"), frames=[0], out=tmp_path / "out")
    assert index_of(dataset_read(path), path).is_part10
