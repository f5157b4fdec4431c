"""What is chosen is kept as the standard's options say, and an export still hangs together."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import SecondaryCaptureImageStorage

from ml.deid.words import text_cleaned
from ml.dicomio.errors import Refused
from tests.ml.deid.conftest import Leave
from tests.phantoms import dicom

Left = Callable[..., FileDataset]


def pointing(at: Dataset, **elements: Any) -> FileDataset:
    """Return an image of the same series that refers to another one."""
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = at.SOPClassUID, at.SOPInstanceUID
    same = {keyword: at[keyword].value for keyword in ("StudyInstanceUID", "SeriesInstanceUID")}
    return dicom.image(ReferencedImageSequence=Sequence([reference]), **same, **elements)


def test_references_and_series_hang_together_and_nothing_keeps_its_uid(left: Left) -> None:
    first = dicom.image(FrameOfReferenceUID="1.2.3.4")
    second = pointing(first, FrameOfReferenceUID="1.2.3.4")
    one, two = left(first), left(second)
    assert two.ReferencedImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert one[keyword].value == two[keyword].value != first[keyword].value
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.SOPClassUID == first.SOPClassUID
    assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID
    assert one.SOPInstanceUID.is_valid


def test_another_key_gives_other_names(left: Left) -> None:
    ds = dicom.image()
    one, two = left(ds, secret="aa" * 32), left(ds, secret="bb" * 32)
    for keyword in ("StudyInstanceUID", "SOPInstanceUID", "PatientID"):
        assert one[keyword].value != two[keyword].value


def test_one_person_has_one_name_and_two_have_two(left: Left) -> None:
    names = [left(dicom.image(PatientID=number), person=who) for number, who in (("1", "a"), ("2", "a"), ("1", "b"))]
    assert names[0].PatientID == names[1].PatientID != names[2].PatientID
    assert names[0].PatientName == names[0].PatientID


def test_dates_go_or_move_together(left: Left) -> None:
    stated = {"StudyDate": "20240305", "AcquisitionDate": "20240310", "StudyTime": "101112"}
    stated |= {"AcquisitionDateTime": "20240310101112.5", "PatientBirthDate": "19700102"}
    bare = left(dicom.image(None, **stated))
    assert (bare.StudyDate, bare.StudyTime, bare.LongitudinalTemporalInformationModified) == ("", "", "REMOVED")
    moved = left(dicom.image(None, **stated), dates=True)
    assert moved.LongitudinalTemporalInformationModified == "MODIFIED"
    first, second = (date.fromisoformat(moved[word].value) for word in ("StudyDate", "AcquisitionDate"))
    assert (second - first).days == 5
    assert 365 <= (date(2024, 3, 5) - first).days < 365 * 11 + 5
    assert moved.AcquisitionDateTime == f"{second:%Y%m%d}101112.5"
    assert (moved.StudyTime, moved.PatientBirthDate) == ("101112", "")
    later = left(dicom.image(StudyDate="20250305"), dates=True)
    assert (date.fromisoformat(later.StudyDate) - first).days == 365
    other = left(dicom.image(None, **stated), dates=True, person="2")
    assert other.StudyDate != moved.StudyDate


def test_characteristics_of_the_patient(left: Left) -> None:
    stated = {"PatientAge": "093Y", "PatientWeight": "71", "PatientSex": "F"}
    bare, kept = left(dicom.image(None, **stated)), left(dicom.image(None, **stated), patient=True)
    assert "PatientAge" not in bare
    assert bare.PatientSex == ""
    assert (kept.PatientAge, kept.PatientWeight, kept.PatientSex) == ("090Y", 71, "F")
    assert left(dicom.image(PatientAge="047Y"), patient=True).PatientAge == "047Y"


def test_the_device(left: Left) -> None:
    stated = {"DeviceSerialNumber": "SN-123", "StationName": "CT01", "ManufacturerModelName": "Phantom 3000"}
    bare, kept = left(dicom.image(None, **stated)), left(dicom.image(None, **stated), device=True)
    assert {bare[keyword].value for keyword in stated} == {"REMOVED"}
    assert {keyword: kept[keyword].value for keyword in stated} == stated


def test_descriptors_keep_words_that_name_nobody(left: Left) -> None:
    ds = dicom.image(SeriesDescription="t1 tra HEAD Dr Zwitscher 5mm", StudyDescription="Zwitscher")
    assert "SeriesDescription" not in left(ds)
    kept = left(ds, descriptors=True)
    assert kept.SeriesDescription == "t1 tra HEAD 5mm"
    assert "StudyDescription" not in kept
    assert text_cleaned("Knie rechts, Frau Müller-Head 0301234567") == "Head"


def test_what_was_done_is_written_down(left: Left) -> None:
    done = left(dicom.image(), dates=True, patient=True, device=True, descriptors=True, pixels=True)
    assert done.PatientIdentityRemoved == "YES"
    codes = [code.CodeValue for code in done.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113105", "113107", "113108", "113109"], "no pixel was blacked out"
    assert done.DeidentificationMethod.startswith("Readroom")
    assert done.preamble == bytes(128)


@pytest.mark.parametrize(
    ("ds", "why"),
    [
        (dicom.header("1.2.840.10008.5.1.4.1.1.104.1", EncapsulatedDocument=b"%PDF"), "Documents"),
        (dicom.header("1.2.840.10008.5.1.4.1.1.11.1"), "writing or speech"),
        (dicom.header("1.2.840.10008.5.1.4.1.1.481.3"), "not understood"),
        (dicom.image(sop_class="1.2.276.0.4711.1"), "maker's own kind"),
        (dicom.image(BurnedInAnnotation="YES"), "its header says"),
        (dicom.image(sop_class=SecondaryCaptureImageStorage), "captured screen"),
        (dicom.image(Modality="US"), "on their margin"),
        (dicom.image(Modality="XA"), "free of writing"),
        (dicom.image(ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"]), "screen or a label"),
        (dicom.image(RecognizableVisualFeatures="YES"), "recognised"),
    ],
)
def test_what_may_show_a_name_is_refused_with_a_sentence(leave: Leave, ds: FileDataset, why: str) -> None:
    with pytest.raises(Refused, match=why):
        leave(ds, pixels=True)


def test_an_image_that_says_so_is_free_of_writing(leave: Leave) -> None:
    assert isinstance(leave(dicom.image(Modality="XA", BurnedInAnnotation="NO")), Path)


def test_what_a_person_looked_through_leaves_but_for_what_its_header_says_is_burned_in(leave: Leave) -> None:
    assert isinstance(leave(dicom.image(Modality="US"), looked_through=True), Path)
    with pytest.raises(Refused, match="writing is burned into it"):
        leave(dicom.image(Modality="US", BurnedInAnnotation="YES"), looked_through=True)


@pytest.mark.parametrize("kind", ["1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"])
def test_a_segmentation_keeps_its_bits_its_labels_and_what_it_points_to(left: Left, kind: str) -> None:
    source, segment = dicom.image(), Dataset()
    segment.SegmentNumber, segment.SegmentLabel, segment.TrackingID = 1, "Tumour of Zwitscher", "Zwitscher 1"
    same = {keyword: source[keyword].value for keyword in ("StudyInstanceUID", "SeriesInstanceUID")}
    ds = dicom.header(kind, Modality="SEG", SegmentationType="BINARY", SegmentSequence=[segment], **same)
    ds.Rows, ds.Columns, ds.NumberOfFrames, ds.SamplesPerPixel, ds.PhotometricInterpretation = 3, 5, 2, 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = ds.PixelRepresentation = 0
    ds.PixelData = bytes([0b10101010, 0b11110000, 0b00001111, 0b00101010])
    kept = left(ds)
    assert kept.SOPClassUID == kind
    assert bytes(kept.PixelData) == bytes(ds.PixelData)
    assert kept.StudyInstanceUID == left(source).StudyInstanceUID
    assert (kept.SegmentSequence[0].SegmentLabel, kept.SegmentSequence[0].TrackingID) == ("Tumour of", "REMOVED")


def test_a_made_nameless_object_can_be_made_nameless_again(leave: Leave) -> None:
    again = leave(pydicom.dcmread(leave(dicom.image(), dates=True)), dates=True)
    assert pydicom.dcmread(again).PatientIdentityRemoved == "YES"
