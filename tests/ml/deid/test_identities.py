"""Nothing that says who it is leaves, wherever it was planted."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit

from ml.deid.table import TECHNICAL, rules
from tests.ml.deid.conftest import Leave
from tests.phantoms import dicom, identified, pictures

CHOSEN = {"dates": True, "descriptors": True, "pixels": True}
#: What these two options keep as the standard says: the table marks it K.
KEPT = {
    name: frozenset(rule.keyword for rule in rules().values() if rule.options.get(name) == "K")
    for name in ("device", "patient")
}


def traces(path: Path) -> list[bytes]:
    """Return what is still to be found in the bytes of a file."""
    small = path.read_bytes().lower()
    return [trace for trace in identified.TRACES if trace in small]


@pytest.mark.parametrize(
    ("syntax", "options"),
    [(ExplicitVRLittleEndian, {}), (ImplicitVRLittleEndian, CHOSEN), (ExplicitVRBigEndian, CHOSEN)],
    ids=["basic profile", "options, implicit", "options, big endian"],
)
def test_no_planted_identity_leaves(leave: Leave, syntax: str, options: dict[str, bool]) -> None:
    ds = identified.planted(syntax=syntax)
    assert len(ds) > 1500
    assert traces(leave(ds, **options)) == []


@pytest.mark.parametrize("name", ["device", "patient"])
def test_an_option_keeps_what_the_table_says_and_nothing_else(leave: Leave, name: str) -> None:
    ds = identified.planted(without=KEPT[name] | TECHNICAL)
    assert traces(leave(ds, **{name: True})) == []


def test_every_attribute_of_the_standards_table_is_treated() -> None:
    by_keyword = {rule.keyword: rule for rule in rules().values()}
    assert len(by_keyword) > 640
    expected = {"PatientName": "Z", "StudyDescription": "X", "DeviceUID": "U", "DeviceSerialNumber": "X/Z/D"}
    expected |= {"ContentCreatorName": "Z/D", "SeriesDate": "X/D", "StudyDate": "Z", "SourceImageSequence": "X/Z/U*"}
    assert {keyword: by_keyword[keyword].basic for keyword in expected} == expected


def test_text_in_a_codecs_comments_and_behind_the_pixels_is_left_behind(leave: Leave, tmp_path: Path) -> None:
    jpeg = pictures.jpeg(tmp_path / "disc.jpg").read_bytes()
    comment = b"Kanarienvogel 47110815"
    marked = jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + jpeg[2:]
    ds = dicom.image(PhotometricInterpretation="MONOCHROME2", LossyImageCompression="01", syntax=JPEGBaseline8Bit)
    ds.PixelData = encapsulate([marked])
    out = leave(ds)
    assert traces(out) == []
    after = pydicom.dcmread(out)
    assert after.LossyImageCompression == "01"
    assert np.array_equal(after.pixel_array, pydicom.dcmread(dicom.saved(ds, tmp_path / "before")).pixel_array)
    native = dicom.image()
    native.PixelData += comment
    assert traces(leave(native)) == []


def test_an_overlay_in_unused_bits_is_emptied_and_values_stay(left: Callable[..., FileDataset]) -> None:
    values = np.arange(64, dtype=np.uint16).reshape(8, 8)
    ds = dicom.image(values | 0xF000, BitsStored=12, HighBit=11)
    assert np.array_equal(np.frombuffer(left(ds).PixelData, "<u2").reshape(8, 8), values)
    signed = np.arange(-32, 32, dtype=np.int16).reshape(8, 8)
    ds = dicom.image(signed & 0x0FFF, BitsStored=12, HighBit=11)
    assert np.array_equal(np.frombuffer(left(ds).PixelData, "<i2").reshape(8, 8), signed)


def test_a_report_keeps_codes_and_measurements_but_no_words(leave: Leave) -> None:
    def item(kind: str, **elements: Any) -> Dataset:
        made = Dataset()
        made.ValueType, made.RelationshipType = kind, "CONTAINS"
        for keyword, value in elements.items():
            setattr(made, keyword, value)
        return made

    code, own, measured = Dataset(), Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "121071", "DCM", "Finding of Kanarienvogel"
    own.CodeValue, own.CodingSchemeDesignator, own.CodeMeaning = "KANARI-47110815", "99LOCAL", "Kanarienvogel"
    measured.NumericValue = "12.5"
    ds = dicom.report(
        ContentSequence=Sequence(
            [
                item("TEXT", TextValue="Kanarienvogel fell ill."),
                item("PNAME", PersonName="Kanarienvogel^Zwitscher"),
                item("CODE", ConceptNameCodeSequence=[code], ConceptCodeSequence=[own]),
                item("NUM", ConceptNameCodeSequence=[code], MeasuredValueSequence=[measured]),
            ]
        )
    )
    out = leave(ds)
    assert traces(out) == []
    kept = pydicom.dcmread(out).ContentSequence
    assert [one.ValueType for one in kept] == ["CODE", "NUM"]
    assert kept[0].ConceptNameCodeSequence[0].CodeMeaning == "Finding"
    assert kept[0].ConceptCodeSequence[0].CodingSchemeDesignator == "99READROOM"
    assert kept[1].MeasuredValueSequence[0].NumericValue == 12.5


TEXTS = sorted(
    keyword
    for tag, (vr, *_rest) in DicomDictionary.items()
    if vr in {"LO", "LT", "SH", "ST", "UC", "UT", "CS", "PN"} and tag >> 16 >= 8 and (keyword := keyword_for_tag(tag))
)
HEADERS = st.dictionaries(
    st.sampled_from([keyword for keyword in TEXTS if keyword not in identified.UNTOUCHED]),
    st.tuples(st.text(" ,.-_/äß1", max_size=3), st.sampled_from(["", "MRI HEAD ", "t1 "])),
    max_size=30,
)


@pytest.mark.filterwarnings("ignore:Invalid value for VR")  # what is planted is no value as it should be
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HEADERS, st.integers(0, 1), st.integers(0, 3))
def test_no_name_leaves_a_random_header(
    leave: Leave,
    told: dict[str, tuple[str, str]],
    descriptors: int,
    depth: int,
) -> None:
    ds = dicom.image()
    place: Dataset = ds
    for _ in range(depth):
        item = Dataset()
        place.ReferencedImageSequence = Sequence([item])
        place = item
    ds.SpecificCharacterSet = "ISO_IR 192"
    for keyword, (mark, before) in told.items():
        setattr(place, keyword, f"{before}{mark}Kanari{mark[:1]}"[:16])
    assert traces(leave(ds, descriptors=bool(descriptors), dates=True)) == []
