"""What a reader outlined leaves with the signed report as a DICOM segmentation by a person, pixel for pixel."""

import subprocess
import uuid
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from highdicom.seg import SegmentAlgorithmTypeValues
from numpy.typing import NDArray
from pydicom.dataset import FileDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation

from tests.phantoms import dicom, geometry
from tests.webapp import factories
from tests.webapp.exchange.fhir.test_resources import got
from tests.webapp.imaging.dicom_objects.conftest import (  # noqa: F401
    Send,
    finding_outlined,
    read,
    run_answered,
    segmentation_of,
    sent,
)
from tests.webapp.reading.reporting.conftest import sign
from tests.webapp.reading.reporting.test_documents import items
from webapp.exchange.routing.models import Delivery, Destination
from webapp.foundation.accounts.models import User
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.services import work_due
from webapp.imaging.annotations.models import AnnotationVersion
from webapp.imaging.archive.models import Series
from webapp.imaging.dicom_objects.models import ResultSet
from webapp.reading.reporting.accepted_findings import accepted_statements
from webapp.reading.reporting.models import Report, ReportObjects
from webapp.reading.reporting.selectors import newest_report
from webapp.reading.reporting.signing import signature_verify
from webapp.reading.reporting.storage import REPORT_OBJECTS
from webapp.reading.reviews.segmentation_services import OutlineInput, outline_save
from webapp.reading.reviews.selectors import read_of
from webapp.reading.worklist.services import task_claim
from workers import storage

pytestmark = pytest.mark.sqlite

CUT = geometry.Cut(shape=(3, 40, 48))
Mask = NDArray[np.bool_]


def blob(cut: geometry.Cut, at: int) -> Mask:
    """Draw an outline that no flip and no turn leaves as it is, (rows, columns)."""
    mask = np.zeros(cut.shape[1:], bool)
    mask[3 : 9 + at, 4:12] = mask[5, 4:30] = True
    mask[4, 6] = False
    return mask


class Scan:
    """A study that came in by the intake, in its reader's hands; the AI outlined a ball on it."""

    def __init__(self, series: Series, cut: geometry.Cut, request: HttpRequest) -> None:
        self.cut, self.request, self.study = cut, request, series.study
        self.finding = finding_outlined(run_answered(series), cut.ball(radius=9))
        ResultSet.objects.all().delete()
        user = factories.clinician()
        User.objects.filter(pk=user.pk).update(first_name="Claire", last_name="Moreau")
        self.reader = User.objects.get(pk=user.pk)
        task_claim(task=self.study.task, user=self.reader)
        images = series.instances.all()
        self.slices = [(image, frame + 1) for image in images for frame in range(image.number_of_frames)]

    def outline(self, at: int, mask: Mask, *, missed: str = "", first: uuid.UUID | None = None) -> uuid.UUID:
        """Outline the finding, or what the AI missed, on a slice; an empty mask says that nothing of it lies there."""
        image, frame = self.slices[at]
        finding = None if missed else self.finding.pk
        figures, is_empty, mark = {"area": float(mask.sum())}, not mask.any(), uuid.uuid4()
        drawn = OutlineInput(
            image, frame, factories.runs(mask), finding, missed, figures, "mm", missed=first, is_empty=is_empty
        )
        outline_save(mark=mark, outline=drawn, base_version=0, user=self.reader, request=self.request)
        return mark

    def sign(self, kind: str = Report.Kind.FINAL, **texts: str) -> None:
        sign(self.study, self.reader, self.request, kind, **(texts or {"impression": "Tumour."}))

    @property
    def newest(self) -> Report:
        report = newest_report(self.study)
        assert report is not None
        return report

    def stored_objects(self) -> dict[str, list[FileDataset]]:
        """Let housekeeping file the objects of the newest version, and read them by kind."""
        assert work_due(REPORT_OBJECTS) == 1
        owed = ReportObjects.objects.get(report=self.newest)
        assert owed.state == "done", owed.reason
        found: dict[str, list[FileDataset]] = {}
        for row in owed.series.all():
            found.setdefault(row.kind, []).extend(read(instance) for instance in row.series.instances.all())
        return found


@pytest.fixture
def scan(sent: Send, request_of: HttpRequest) -> Scan:  # noqa: F811
    return Scan(sent(geometry.single_frames(CUT)), CUT, request_of)


def groups(ds: FileDataset) -> list[Any]:
    """Return the groups of a report that lie somewhere."""
    report = hd.sr.ComprehensiveSR.from_dataset(ds).content
    assert isinstance(report, hd.sr.MeasurementReport)
    return report.get_planar_roi_measurement_groups() + report.get_volumetric_roi_measurement_groups()


def pixels(ds: FileDataset, segment: int, of: list[tuple[Any, int]]) -> list[Mask]:
    """Have highdicom read a segment on some (image, frame from 1)."""
    made = segmentation_of(ds)
    if of[0][0].number_of_frames > 1:
        uid, frames = of[0][0].sop_instance_uid, [frame for _, frame in of]
        told = made.get_pixels_by_source_frame(
            uid, frames, segment_numbers=[segment], assert_missing_frames_are_empty=True
        )
    else:
        uids = [image.sop_instance_uid for image, _ in of]
        told = made.get_pixels_by_source_instance(uids, segment_numbers=[segment], assert_missing_frames_are_empty=True)
    return [told[at, :, :, 0] == 1 for at in range(len(of))]


@pytest.mark.parametrize("form", ["single frames", "enhanced"])
@pytest.mark.parametrize("name", ["axial", "flipped rows", "oblique"])
def test_a_segment_is_on_each_image_just_what_the_reader_drew(
    name: str,
    form: str,
    sent: Send,  # noqa: F811
    request_of: HttpRequest,
) -> None:
    cut = geometry.CUTS[name]
    objects = geometry.single_frames(cut) if form == "single frames" else geometry.enhanced(cut)
    scan = Scan(sent(objects), cut, request_of)
    for at in (1, 3):
        scan.outline(at, blob(cut, at))
    scan.sign()
    (ds,) = scan.stored_objects()["SEG"]
    nothing = np.zeros(cut.shape[1:], bool)
    for at, shown in enumerate(pixels(ds, 1, scan.slices)):
        assert np.array_equal(shown, blob(cut, at) if at in {1, 3} else nothing), at
    volume = segmentation_of(ds).get_volume(combine_segments=True)
    found = volume.map_indices_to_reference(np.argwhere(volume.array == 1))
    wanted = np.concatenate([cut.points()[at][blob(cut, at)] for at in (1, 3)])
    assert np.allclose(np.sort(found.round(3), axis=0), np.sort(wanted.round(3), axis=0), atol=2e-3)


def test_it_is_a_persons_and_the_report_points_at_it(scan: Scan) -> None:
    for at in (0, 1):
        scan.outline(at, blob(CUT, at))
    scan.outline(2, blob(CUT, 2), missed="Fracture")
    scan.sign()
    assert signature_verify(scan.newest.signature).holds
    filed = scan.stored_objects()
    (seg,), (sr,) = filed["SEG"], filed["SR"]
    made = segmentation_of(seg)
    assert made.segmentation_type == hd.seg.SegmentationTypeValues.BINARY
    assert (seg.ContentCreatorName, seg.PatientID) == ("Moreau^Claire", sr.PatientID)
    tumour, fracture = (made.get_segment_description(number) for number in (1, 2))
    assert tumour.algorithm_type == fracture.algorithm_type == SegmentAlgorithmTypeValues.MANUAL
    assert [one.segment_label for one in (tumour, fracture)] == ["1. Suspected brain tumour", "2. Fracture"]
    assert (tumour.segmented_property_type.value, tumour.segmented_property_type.scheme_designator) == (
        "108369006",
        "SCT",
    )
    assert fracture.segmented_property_type.meaning == "Fracture"
    planar, volumetric = groups(sr)
    frame = planar.referenced_segmentation_frame[0].ReferencedSOPSequence[0]
    (at,) = [
        number
        for number, group in enumerate(seg.PerFrameFunctionalGroupsSequence, start=1)
        if group.SegmentIdentificationSequence[0].ReferencedSegmentNumber == 2
    ]
    assert (frame.ReferencedSOPInstanceUID, frame.ReferencedFrameNumber) == (seg.SOPInstanceUID, at)
    assert planar.tracking_uid == fracture.tracking_uid
    assert len(planar.get_measurements()) == 1
    whole = volumetric.referenced_segment[0].ReferencedSOPSequence[0]
    assert (whole.ReferencedSOPInstanceUID, whole.ReferencedSegmentNumber) == (seg.SOPInstanceUID, 1)
    assert volumetric.tracking_uid == tumour.tracking_uid
    assert volumetric.get_measurements() == []  # the size of the one drawn last is not that of both
    assert "Outlined by a person on 2 images. On 1 more the AI's outline stands." in {
        one.TextValue for one in items(sr, "TEXT")
    }
    evidence = {one.ReferencedSOPInstanceUID for one in _evidence(sr)}
    assert evidence == {seg.SOPInstanceUID, *scan.newest.signature.digests["images"]}


def test_what_the_ai_missed_is_one_segment_over_its_images(scan: Scan) -> None:
    first = scan.outline(0, blob(CUT, 0), missed="Fracture")
    scan.outline(2, blob(CUT, 2), missed="Fracture", first=first)
    scan.sign()
    filed = scan.stored_objects()
    (seg,), (sr,) = filed["SEG"], filed["SR"]
    shown = pixels(seg, 1, scan.slices)
    assert [np.array_equal(shown[at], blob(CUT, at)) for at in (0, 2)] == [True, True]
    assert not shown[1].any()
    (group,) = groups(sr)
    whole = group.referenced_segment[0].ReferencedSOPSequence[0]
    assert (whole.ReferencedSOPInstanceUID, whole.ReferencedSegmentNumber) == (seg.SOPInstanceUID, 1)


def test_where_a_person_says_that_nothing_lies_the_report_says_so_and_no_segment_is_there(scan: Scan) -> None:
    nothing = np.zeros(CUT.shape[1:], bool)
    scan.outline(0, nothing)
    scan.outline(1, blob(CUT, 1))
    scan.sign()
    assert signature_verify(scan.newest.signature).holds
    filed = scan.stored_objects()
    (seg,) = filed["SEG"]
    shown = pixels(seg, 1, scan.slices)
    assert [bool(mask.any()) for mask in shown] == [False, True, False]
    told = "Outlined by a person on 1 image. Nothing to outline on 1 image, a person says."
    assert f"{told} On 1 more the AI's outline stands." in {one.TextValue for one in items(filed["SR"][0], "TEXT")}


@pytest.mark.parametrize(("empty", "regions"), [((0, 1, 2), 0), ((0,), 1), ((1,), 2)])
def test_a_finding_that_lies_nowhere_is_told_without_a_place(scan: Scan, empty: tuple[int, ...], regions: int) -> None:
    for at in empty:
        scan.outline(at, np.zeros(CUT.shape[1:], bool))
    (line,) = accepted_statements(read_of(study=scan.study, user=scan.reader))
    assert bool(line.place) == (len(empty) < 3)
    scan.sign()
    filed = scan.stored_objects()
    assert "SEG" not in filed
    placed = groups(filed["SR"][0])
    assert [len(group.roi) if isinstance(group.roi, list) else 1 for group in placed] == [regions] * bool(regions)


def _evidence(ds: FileDataset) -> list[pydicom.Dataset]:
    told = [
        *(ds.get("CurrentRequestedProcedureEvidenceSequence") or []),
        *(ds.get("PertinentOtherEvidenceSequence") or []),
    ]
    return [one for study in told for series in study.ReferencedSeriesSequence for one in series.ReferencedSOPSequence]


def test_outlines_that_overlap_keep_all_their_pixels(scan: Scan) -> None:
    scan.outline(1, blob(CUT, 1))
    scan.outline(1, blob(CUT, 2), missed="Fracture")
    scan.sign()
    first, second = scan.stored_objects()["SEG"]
    assert np.array_equal(pixels(first, 1, scan.slices[1:2])[0], blob(CUT, 1))
    assert np.array_equal(pixels(second, 1, scan.slices[1:2])[0], blob(CUT, 2))
    assert first.SeriesInstanceUID == second.SeriesInstanceUID


def test_what_was_signed_leaves_and_not_what_is_drawn_later(scan: Scan) -> None:
    scan.outline(1, blob(CUT, 1))
    scan.sign()
    version = AnnotationVersion.objects.get()
    version.mark.versions.create(version=2, points=version.points, unit="mm", mask="0" * 64)
    (ds,) = scan.stored_objects()["SEG"]
    assert np.array_equal(pixels(ds, 1, scan.slices[1:2])[0], blob(CUT, 1))


def test_an_addendum_files_another_and_changes_none(scan: Scan) -> None:
    scan.outline(1, blob(CUT, 1))
    scan.sign("preliminary")
    assert "SEG" not in scan.stored_objects()
    scan.sign()
    (first,) = scan.stored_objects()["SEG"]
    scan.sign("addendum", addendum="Told the ward.")
    (second,) = scan.stored_objects()["SEG"]
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.SeriesInstanceUID != second.SeriesInstanceUID
    assert second.SeriesDescription == "Outlines of report, version 3, addendum"
    assert np.array_equal(pixels(second, 1, scan.slices[1:2])[0], blob(CUT, 1))
    kept = [series.instances.get() for series in Series.objects.filter(result__kind="SEG")]
    assert {read(one).SOPInstanceUID for one in kept} == {first.SOPInstanceUID, second.SOPInstanceUID}


def test_a_report_without_outlines_files_none(scan: Scan) -> None:
    scan.sign(impression="Normal.")
    assert sorted(scan.stored_objects()) == ["DOC", "SR"]


def test_a_lost_outline_keeps_nobodys_report_back(scan: Scan) -> None:
    scan.outline(1, blob(CUT, 1))
    scan.outline(2, blob(CUT, 2))
    scan.sign()
    storage.mask_path(AnnotationVersion.objects.last().mask).unlink()  # type: ignore[union-attr]
    for _ in range(2):
        assert work_due(REPORT_OBJECTS) == 1
        owed = ReportObjects.objects.get()
        assert (owed.state, owed.reason) == ("owed", "An outline that the report rests on is missing or damaged.")
        OutboxItem.objects.update(next_at=timezone.now())
    filed = scan.stored_objects()
    assert sorted(filed) == ["DOC", "SR"]
    (group,) = groups(filed["SR"][0])
    assert len(group.roi) == 2  # told by boxes
    assert ReportObjects.objects.get().reason.startswith("Without a segmentation of the outlines")
    assert signature_verify(scan.newest.signature).holds


def test_it_is_served_listed_and_sent_as_the_report_is(scan: Scan, clinician: Client) -> None:
    Destination.objects.create(name="Archive", host="127.0.0.1", port=104, title="ARCHIVE", auto_forward_results=True)
    scan.outline(1, blob(CUT, 1))
    scan.sign()
    (ds,) = scan.stored_objects()["SEG"]
    taken = Delivery.objects.get().objects_sent.values_list("instance__series__modality", flat=True)
    assert sorted(taken) == ["DOC", "SEG", "SR"]
    uid = scan.study.study_instance_uid
    listed = clinician.get(f"/dicomweb/studies/{uid}/series?Modality=SEG").json()
    assert [one["0020000E"]["Value"][0] for one in listed] == [ds.SeriesInstanceUID]
    address = f"/dicomweb/studies/{uid}/series/{ds.SeriesInstanceUID}/instances/{ds.SOPInstanceUID}"
    answer = clinician.get(address, headers={"Accept": "application/dicom; transfer-syntax=*"})
    assert answer.status_code == 200
    imaging = got(clinician, f"/fhir/ImagingStudy/{scan.study.pk}")
    assert "SEG" in {one["modality"]["code"] for one in imaging["series"]}
    viewed = clinician.get(f"/api/studies/{scan.study.pk}/viewer/").json()["series"]
    (layer,) = [one for one in viewed if one["modality"] == "SEG"]
    assert (layer["isOurs"], layer["images"]) == (True, [])


def test_tools_of_others_find_no_error(scan: Scan, tmp_path: Path) -> None:
    for at in (0, 1):
        scan.outline(at, blob(CUT, at))
    scan.outline(2, blob(CUT, 2), missed="Fracture")
    scan.sign()
    for kind, objects in scan.stored_objects().items():
        path = dicom.saved(objects[0], tmp_path / kind)
        told = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False).stderr
        assert [line for line in told.splitlines() if line.startswith("Error")] == [], kind


def test_it_is_the_same_object_whenever_it_is_made(scan: Scan, tmp_path: Path) -> None:
    from webapp.reading.reporting.sr_person import build_documents  # noqa: PLC0415 - as housekeeping imports it

    scan.outline(1, blob(CUT, 1))
    scan.sign()
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        built = build_documents(scan.newest, earlier=[], into=tmp_path / name)
        made.append([one.path.read_bytes() for one in built.objects])
    assert made[0] == made[1]
    assert len(made[0]) == 3


def test_an_x_ray_without_a_place_in_the_patient_is_named_by_its_image(
    sent: Send,  # noqa: F811
    request_of: HttpRequest,
) -> None:
    series = sent(
        [dicom.image(np.zeros((40, 48), np.uint8), Modality="DX", sop_class=DigitalXRayImageStorageForPresentation)]
    )
    scan = Scan(series, geometry.Cut(shape=(1, 40, 48)), request_of)
    scan.outline(0, blob(CUT, 1))
    scan.sign()
    (ds,) = scan.stored_objects()["SEG"]
    assert np.array_equal(pixels(ds, 1, scan.slices)[0], blob(CUT, 1))
