"""What other systems find in the objects of a run: codes, places, measurements, and what was not found."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from django.test import Client
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ComputedRadiographyImageStorage, UltrasoundMultiFrameImageStorage
from pytest_django import Settings

from tests.phantoms import dicom, geometry
from tests.webapp import factories
from tests.webapp.exchange.dicomweb.answers import body_of
from tests.webapp.imaging.dicom_objects.conftest import Send, finding_outlined, made, run_answered, segmentation_of
from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.dicom_objects.codes import OPINION
from webapp.imaging.dicom_objects.observers import Authorship, Signatory
from webapp.imaging.dicom_objects.source_images import Sources
from webapp.imaging.dicom_objects.sr_ai import build_ai_report
from webapp.imaging.inference.services import series_needing_run
from workers import storage

pytestmark = pytest.mark.sqlite

CUT = geometry.Cut(shape=(4, 40, 48))


def report_of(ds: Dataset) -> hd.sr.MeasurementReport:
    """Have highdicom read a report."""
    content = hd.sr.ComprehensiveSR.from_dataset(ds).content
    assert isinstance(content, hd.sr.MeasurementReport)
    return content


def said(ds: Dataset) -> str:
    """Return all words of a report, one content item a line."""
    found: list[str] = []

    def walk(item: Dataset) -> None:
        found.extend([item.TextValue] if "TextValue" in item else [])
        found.extend(code.CodeMeaning for code in item.get("ConceptCodeSequence") or [])
        for child in item.get("ContentSequence") or []:
            walk(child)

    walk(ds)
    return "\n".join(found)


def test_a_segment_and_its_measurement_group_are_one_finding(sent: Send) -> None:
    run = run_answered(sent(geometry.single_frames(CUT)))
    masks = [CUT.ball(radius=8), CUT.ball(radius=4, aside=4), CUT.ball(radius=4, aside=14)]
    for mask in masks:
        finding_outlined(run, mask)
    objects = made(run)
    first, second = (segmentation_of(ds) for ds in objects["SEG"])  # the second finding overlaps the first
    volume = first.get_volume().array
    assert np.array_equal(volume, np.stack([masks[0], masks[2]], axis=-1)[-len(volume) :])
    segment, _beside = first.SegmentSequence
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == codes.SCT.Neoplasm.value
    (model,) = segment.SegmentationAlgorithmIdentificationSequence
    assert (model.AlgorithmName, model.AlgorithmVersion) == ("tumour-segmenter", "2")
    assert run.cascade_digest in model.AlgorithmParameters
    colour = hd.color.CIELabColor.from_dicom_value(list(segment.RecommendedDisplayCIELabValue))
    assert np.allclose(colour.to_rgb(), (255, 159, 67), atol=2)

    (ds,) = objects["SR"]
    groups = report_of(ds).get_volumetric_roi_measurement_groups()
    assert [group.tracking_uid for group in groups] == [
        first.SegmentSequence[0].TrackingUID,
        second.SegmentSequence[0].TrackingUID,
        first.SegmentSequence[1].TrackingUID,
    ]
    assert groups[0].finding_type == codes.SCT.Neoplasm
    certainty, threshold = groups[0].get_measurements()
    assert (certainty.name, certainty.value, threshold.value) == (codes.DCM.CertaintyOfFinding, 87, 31)
    (observer,) = report_of(ds).get_observer_contexts()
    assert observer.observer_type == codes.DCM.Device
    assert (ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag) == ("PARTIAL", "UNVERIFIED", "PRELIMINARY")
    assert "research use only, not for diagnosis" in said(ds)
    evidence = {one for _, _, one, _ in hd.sr.ComprehensiveSR.from_dataset(ds).get_evidence()}
    assert evidence == {
        *(one.sop_instance_uid for one in run.series.instances.all()),
        first.SOPInstanceUID,
        second.SOPInstanceUID,
    }


def test_a_calibrated_outline_leaves_with_its_size_and_an_uncalibrated_one_without(sent: Send) -> None:
    run = run_answered(sent(geometry.single_frames(CUT)))
    mask = CUT.ball(radius=8)
    finding_outlined(run, mask, measures=factories.measures(mask, spacing=CUT.spacing, gap=CUT.gap))
    finding_outlined(run, CUT.ball(radius=4, aside=14), measures=factories.measures(mask))
    finding_outlined(run, mask, outlined=False, measures=factories.measures(mask, spacing=CUT.spacing))
    (ds,) = made(run)["SR"]
    sized, pixels, boxed = (
        {one.name.meaning: (one.value, one.unit.value) for one in group.get_measurements()}
        for group in report_of(ds).get_volumetric_roi_measurement_groups()
    )
    assert sized["Volume"][0] == pytest.approx(CUT.gap * mask.sum(), rel=1e-4)
    assert sized["Area"] == (mask.sum(axis=(1, 2)).max(), "mm2")
    assert sized["Long axis"][0] == pytest.approx(17, abs=1.5)
    names = ("Volume", "Long axis", "Perpendicular Axis")
    assert [sized[name][1] for name in names] == ["mm3", "mm", "mm"]
    assert len(pixels) == len(boxed) == 2  # certainty and threshold


def test_boxes_without_an_outline_are_regions_of_their_slices(sent: Send) -> None:
    run = run_answered(sent(geometry.single_frames(CUT)))
    masks = CUT.ball(radius=8)
    finding_outlined(run, masks, outlined=False)
    objects = made(run)
    assert set(objects) == {"SR", "SC"}
    (group,) = report_of(objects["SR"][0]).get_volumetric_roi_measurement_groups()
    marks = run.findings.get().marks.all()
    assert isinstance(group.roi, list)
    assert [region.ContentSequence[0].referenced_sop_instance_uid for region in group.roi] == [
        mark.instance.sop_instance_uid for mark in marks
    ]
    for region, mark in zip(group.roi, marks, strict=True):
        assert [*region.value.min(axis=0), *region.value.max(axis=0)] == mark.box


@pytest.mark.parametrize("kind", ["projection", "cine"])
def test_pictures_that_lie_nowhere_are_segmented_frame_by_frame(kind: str, sent: Send) -> None:
    pixels = np.zeros((3, 40, 48), np.uint8)
    ds = (
        dicom.image(pixels[0], sop_class=ComputedRadiographyImageStorage, Modality="CR")
        if kind == "projection"
        else dicom.image(pixels, sop_class=UltrasoundMultiFrameImageStorage, Modality="US")
    )
    masks = np.zeros((1, 40, 48) if kind == "projection" else pixels.shape, bool)
    masks[-1, 5:15, 10:30] = True
    run = run_answered(sent([ds]))
    finding_outlined(run, masks)
    objects = made(run)
    (segmentation,) = objects["SEG"]
    assert np.array_equal(segmentation.pixel_array.reshape(40, 48), masks[-1])
    (source,) = segmentation.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence
    assert (source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID) == (ds.SOPClassUID, ds.SOPInstanceUID)
    assert source.get("ReferencedFrameNumber") == (3 if kind == "cine" else None)
    (group,) = report_of(objects["SR"][0]).get_planar_roi_measurement_groups()
    assert group.finding_type == codes.SCT.Neoplasm


def test_echoes_at_one_place_come_to_lie_in_two_segmentations(sent: Send) -> None:
    echoes = geometry.single_frames(CUT)
    again = geometry.single_frames(
        CUT, **{key: echoes[0][key].value for key in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")}
    )
    run = run_answered(sent([*echoes, *again]))
    finding_outlined(run, np.repeat(CUT.ball(radius=8), 2, axis=0))
    assert [len(ds.PerFrameFunctionalGroupsSequence) for ds in made(run)["SEG"]] == [4, 4]


def test_label_maps_where_the_site_asks_for_them(sent: Send, settings: Settings) -> None:
    settings.RESULTS_LABEL_MAPS = True
    run = run_answered(sent(geometry.single_frames(CUT)))
    masks = CUT.ball(radius=8)
    finding_outlined(run, masks)
    (ds,) = made(run)["SEG"]
    assert ds.SOPClassUID == "1.2.840.10008.5.1.4.1.1.66.7"
    assert np.array_equal(ds.pixel_array, masks[masks.any(axis=(1, 2))])


@pytest.mark.parametrize(
    ("outcome", "reason", "code", "words"),
    [
        ("negative", "", "111241", "This does not rule out disease."),
        ("negative", "1 of 3 files was left out.", "111243", "1 of 3 files was left out."),
        ("sorted_only", "Sorted as MRI.", "sorted-only", "No finding was looked for, so none can be ruled out."),
        ("not_analysed", "It is a photograph.", "not-analysed", "Not analysed: the models give no answer"),
    ],
)
def test_that_nothing_was_found_or_asked_is_said(outcome: str, reason: str, code: str, words: str, sent: Send) -> None:
    run = run_answered(sent([dicom.image()]), outcome=outcome, reason=reason)
    objects = made(run)
    assert set(objects) == {"SR"}
    (group,) = report_of(objects["SR"][0]).get_image_measurement_groups()
    (summary,) = group.get_qualitative_evaluations()
    assert summary[0].value.value == code
    assert words in said(objects["SR"][0])
    assert "Tumour detector (tumour-detector 2): Done, 87% (told from 31%)." in said(objects["SR"][0])


def test_a_picture_shows_the_marks_in_their_colour(sent: Send) -> None:
    run = run_answered(sent(geometry.single_frames(CUT)))
    finding_outlined(run, CUT.ball(radius=8))
    (ds,) = made(run)["SC"]
    pixels = ds.pixel_array
    assert pixels.shape[1] >= 512
    assert (pixels == (0xFF, 0x9F, 0x43)).all(axis=2).sum() > 200
    assert (ds.Modality, ds.ConversionType, ds.PatientID) == ("OT", "DI", dicom.CANARY_ID)


def test_a_second_answer_names_the_report_of_the_first(sent: Send) -> None:
    series = sent([dicom.image()])
    runs = [run_answered(series), run_answered(series)]
    first, second = (made(run)["SR"][0] for run in runs)
    assert "PredecessorDocumentsSequence" not in first
    (study,) = second.PredecessorDocumentsSequence
    assert study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert [ds.SeriesDescription for ds in (first, second)] == [f"AI report, answer {n}, unverified" for n in (1, 2)]


def test_images_that_came_after_the_answer_are_no_part_of_it(sent: Send) -> None:
    early, late = dicom.series(2)
    run = run_answered(sent([early]))
    sent([late])
    (ds,) = made(run)["SR"]
    assert [one for _, _, one, _ in hd.sr.ComprehensiveSR.from_dataset(ds).get_evidence()] == [early.SOPInstanceUID]


def test_a_person_can_sign_what_a_device_found(sent: Send) -> None:
    run = run_answered(sent([dicom.image()]))
    person = Signatory("Moreau^Claire^^Dr", "claire", "Main clinic", datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
    ds = build_ai_report(
        run,
        findings=[],
        segments=[],
        sources=Sources.of_run(run),
        version=1,
        authorship=Authorship(person),
    )
    person_said, device = report_of(ds).get_observer_contexts()
    assert [person_said.observer_type, device.observer_type] == [codes.DCM.Person, codes.DCM.Device]
    assert (ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag) == ("COMPLETE", "VERIFIED", "FINAL")
    assert ds.VerifyingObserverSequence[0].VerificationDateTime.startswith("20260301093000")
    assert "No person has verified it" not in said(ds)


def test_objects_are_listed_and_served_like_others_and_never_analysed(sent: Send, clinician: Client) -> None:
    series = sent(geometry.single_frames(CUT))
    run = run_answered(series)
    finding_outlined(run, CUT.ball(radius=8))
    made(run)
    uid = series.study.study_instance_uid
    listed = clinician.get(f"/dicomweb/studies/{uid}/series").json()
    assert sorted(one["00080060"]["Value"][0] for one in listed) == ["MR", "OT", "SEG", "SR"]
    for instance in Instance.objects.exclude(series=series).select_related("series"):
        series_uid, instance_uid = instance.series.series_instance_uid, instance.sop_instance_uid
        address = f"/dicomweb/studies/{uid}/series/{series_uid}/instances/{instance_uid}"
        answer = clinician.get(address, headers={"Accept": "application/dicom; transfer-syntax=*"})
        assert answer.status_code == 200
        assert body_of(answer) == storage.object_path(instance.sha256).read_bytes()
    assert series not in series_needing_run(quiet_seconds=0)
    assert (
        not Series.objects.filter(pk__in=[one.pk for one in series_needing_run(quiet_seconds=0)])
        .exclude(result=None)
        .exists()
    )
    page = clinician.get(f"/studies/{series.study_id}/").content.decode()
    assert "Segmentation: 1 object" in page
    assert page.count("Not analysed") == page.count("Holds no image.") == 0
    listing = clinician.get("/").content.decode()
    assert "AI outlines" not in listing


def test_a_second_opinion_is_a_group_of_its_own_by_its_own_model(sent: Send) -> None:
    run = run_answered(sent(geometry.single_frames(CUT)))
    code = {"value": "meningioma", "scheme": "99READROOM", "meaning": "Meningioma"}
    row = finding_outlined(run, CUT.ball(radius=8), opinions=[factories.opinion(code=code)])
    (ds,) = made(run)["SR"]
    (found,) = report_of(ds).get_volumetric_roi_measurement_groups()
    _summary, opinion = report_of(ds).get_image_measurement_groups()
    assert (opinion.tracking_uid, opinion.tracking_identifier) == (found.tracking_uid, "Finding 1, second opinion")
    assert opinion.finding_type is None  # who lists findings does not find it
    (answer,) = opinion.get_qualitative_evaluations(name=OPINION)
    assert answer[0].value == hd.sr.CodedConcept("meningioma", "99READROOM", "Meningioma")
    assert [(one.name.value, one.value) for one in opinion.get_measurements()] == [
        (codes.DCM.CertaintyOfFinding.value, 96),
        ("told-from", 93),
    ]
    (source,) = opinion.source_images
    assert source.referenced_sop_instance_uid == row.instance.sop_instance_uid
    algorithms = [dict(told_by(one)) for one in (found, opinion)]
    assert [one["Algorithm Name"] for one in algorithms] == ["tumour-detector", "tumour-kind-boxes"]
    assert algorithms[1]["Algorithm Version"] == "1"
    assert "does not affect priority" in said(ds)


@pytest.mark.parametrize(("likeliest", "code"), [("meningioma", "114011"), (None, "114007")])
def test_an_opinion_that_abstains_leaves_with_a_code_for_that_and_without_a_number(
    likeliest: str | None, code: str, sent: Send
) -> None:
    run = run_answered(sent(geometry.single_frames(CUT)))
    reason = "It is unlike everything that was measured in the teaching pictures."
    abstains = factories.opinion(label=None, label_title="Unsure", likeliest=likeliest, reason=reason)
    finding_outlined(run, CUT.ball(radius=8), opinions=[abstains])
    (ds,) = made(run)["SR"]
    _summary, opinion = report_of(ds).get_image_measurement_groups()
    (answer,) = opinion.get_qualitative_evaluations(name=OPINION)
    assert answer[0].value.value == code
    assert [one.name.value for one in opinion.get_measurements()] == ["told-from"]
    assert f"Second opinion, Kind, by features (tumour-kind-boxes 1): no answer. {reason}" in said(ds)


def told_by(group: Any) -> list[tuple[str, str]]:
    """Return which algorithm a measurement group names (PS3.16 TID 4019)."""
    return [
        (item.ConceptNameCodeSequence[0].CodeMeaning, item.TextValue)
        for item in group[0].ContentSequence
        if item.ValueType == "TEXT" and item.ConceptNameCodeSequence[0].CodeMeaning.startswith("Algorithm")
    ]


def test_tools_of_others_read_the_objects_and_find_no_error(sent: Send, tmp_path: Path) -> None:
    run = run_answered(sent(geometry.single_frames(CUT)))
    opinions = [factories.opinion(), factories.opinion(label=None, label_title="Unsure", reason="It is unlike all.")]
    finding_outlined(run, CUT.ball(radius=8), opinions=opinions)
    objects = {kind: dicom.saved(ds, tmp_path / kind) for kind, (ds,) in made(run).items()}
    dumped = subprocess.run(["dsrdump", objects["SR"]], capture_output=True, text=True, check=True).stdout
    assert "Verification Flag   : UNVERIFIED" in dumped
    assert '<contains NUM:(,,"Certainty of Finding")="87.0" (%,UCUM,"Percent")>' in dumped
    assert '"Second opinion on the kind of a finding")=(meningioma,99READROOM,"Meningioma")>' in dumped
    assert '"Second opinion on the kind of a finding")=(114011,DCM,"Value indeterminate")>' in dumped
    for path in objects.values():
        told = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False).stderr
        assert [line for line in told.splitlines() if line.startswith("Error")] == []
