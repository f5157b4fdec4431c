"""A signed report as DICOM objects of its study: structured report by a person (TID 1500), and the PDF encapsulated."""

from collections.abc import Iterable
from pathlib import Path

from highdicom.sr import (
    CodedConcept,
    Comprehensive3DSR,
    ComprehensiveSR,
    ContainerContentItem,
    MeasurementReport,
    ObservationContext,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from webapp.imaging.archive.headers import load_header, of_study
from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.build_jobs import BuildFailedError
from webapp.imaging.dicom_objects.builder import TOO_LARGE, BuiltSet, write_object
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.dicom_objects.observers import Authorship, person_observer
from webapp.imaging.dicom_objects.segmentation import Segment, TooLargeError
from webapp.imaging.dicom_objects.sr_ai import RESEARCH, image_reference
from webapp.imaging.dicom_objects.uids import MANUFACTURER, MODEL_NAME, set_datetime
from webapp.imaging.inference.models import Run
from webapp.reading.reporting.models import Report
from webapp.reading.reporting.pdf import render_pdf
from webapp.reading.reporting.seg_person import DrawnFinding, build_reader_segments, drawn_findings
from webapp.reading.reporting.selectors import ADDENDUM
from webapp.reading.reporting.services import NO_HEADER
from webapp.reading.reporting.signing import images_of
from webapp.reading.reporting.sr_groups import statement_groups
from webapp.reading.reporting.uids import report_identity, signatory, signed_at

#: Sections as PS3.16 CID 7001 names them, and what stands in each (CID 7002).
HEADINGS = {
    "question": (("121062", "Request"), ("121062", "Request")),
    "technique": (("121064", "Current Procedure Descriptions"), ("121065", "Procedure Description")),
    "comparison": (("121066", "Prior Procedure Descriptions"), ("121065", "Procedure Description")),
    "findings": (("121070", "Findings"), ("121071", "Finding")),
    "impression": (("121072", "Impressions"), ("121073", "Impression")),
    "recommendation": (("121074", "Recommendations"), ("121075", "Recommendation")),
    ADDENDUM: (("121078", "Addendum"), ("121106", "Comment")),
}
OTHER = (("121076", "Conclusions"), ("121106", "Comment"))


def build_documents(report: Report, *, earlier: Iterable[Instance], into: Path, without_outlines: str = "") -> BuiltSet:
    """Build the objects of a signed report; deterministic, the same bytes at every build.

    Parameters
    ----------
    earlier
        The structured report of the version that it supersedes, where there is one (PS3.3 C.17.2).
    into
        An empty folder.
    without_outlines
        Why no segmentation of the outlines is to be built; empty where it is.

    Raises
    ------
    webapp.imaging.dicom_objects.build_jobs.BuildFailedError
        If the study has no DICOM header, or an outline is missing.
    """
    images = list(images_of(report.study).select_related("series__study", "index").order_by("series", "pk"))
    dicom = [image for image in images if not image.series.is_picture]
    if report.study.patient_id is None or not dicom:
        raise BuildFailedError(NO_HEADER)
    header = of_study(load_header(dicom[0]))
    kinds, drawn, reason = ResultSeries.Kind, drawn_findings(report), without_outlines
    segments: list[Segment[DrawnFinding]] = []
    try:
        if drawn and not without_outlines:
            segments = build_reader_segments(report, drawn)
    except TooLargeError:
        reason = TOO_LARGE
    sr = build_person_sr(report, header, dicom, earlier, drawn=drawn, segments=segments)
    objects = [
        *((kinds.SEG, one) for one in _segmentations(segments)),
        (kinds.SR, sr),
        (kinds.DOC, encapsulate_pdf(report, header)),
    ]
    return BuiltSet([write_object(kind, ds, into) for kind, ds in objects], reason if drawn else "")


def build_person_sr(
    report: Report,
    header: Dataset,
    images: Iterable[Instance],
    earlier: Iterable[Instance],
    *,
    drawn: Iterable[DrawnFinding] = (),
    segments: Iterable[Segment[DrawnFinding]] = (),
) -> ComprehensiveSR | Comprehensive3DSR:
    """Build the structured report: who signed, what they accept and outlined, and their words by section.

    Places in the patient stand in a Comprehensive 3D SR alone (PS3.3 A.35.13); without them any reader can show it.
    """
    person = signatory(report)
    run = Run.objects.filter(series__study=report.study, state=Run.State.DONE).order_by("-created_at").first()
    authorship = Authorship(person=person)
    context = authorship.observers(run) if run else ObservationContext(observer_person_context=person_observer(person))
    content = MeasurementReport(
        observation_context=context,
        procedure_reported=codes.SCT.ImagingProcedure,
        imaging_measurements=statement_groups(report, drawn, segments),
        title=codes.cid7021.ImagingMeasurementReport,
    )
    content[0].ContentSequence.extend(_text_containers(report))
    evidence = [image_reference(image) for image in images]
    evidence[0].update(header)
    sr = (Comprehensive3DSR if _is_in_space(content[0]) else ComprehensiveSR)(
        evidence=[*evidence, *_segmentations(segments)],
        content=content[0],
        previous_versions=[image_reference(instance) for instance in earlier] or None,
        specific_character_set=header.SpecificCharacterSet,
        **report_identity(report, ResultSeries.Kind.SR),
        **{**authorship.flags, "is_final": report.kind != Report.Kind.PRELIMINARY},
    )
    set_datetime(sr, person.at)
    sr.VerifyingObserverSequence[0].VerificationDateTime = person.at.strftime("%Y%m%d%H%M%S.%f")
    return sr


def _is_in_space(item: Dataset) -> bool:
    """Say whether some content item has coordinates in the patient (SCOORD3D)."""
    return item.ValueType == "SCOORD3D" or any(_is_in_space(one) for one in item.get("ContentSequence") or [])


def encapsulate_pdf(report: Report, header: Dataset) -> Dataset:
    """Return the PDF as an object (PS3.3 A.45.1)."""
    ds, at = Dataset(), signed_at(report)
    ds.update(header)
    given = report_identity(report, ResultSeries.Kind.DOC)
    content = render_pdf(report)
    ds.SOPClassUID, ds.SOPInstanceUID = EncapsulatedPDFStorage, given["sop_instance_uid"]
    ds.SeriesInstanceUID, ds.SeriesNumber = given["series_instance_uid"], given["series_number"]
    ds.SeriesDescription, ds.InstanceNumber = given["series_description"], 1
    ds.Modality, ds.ConversionType = "DOC", "WSD"
    ds.Manufacturer, ds.ManufacturerModelName = MANUFACTURER, MODEL_NAME
    ds.SoftwareVersions, ds.DeviceSerialNumber = given["software_versions"], given["device_serial_number"]
    ds.BurnedInAnnotation = "YES"  # it names the patient
    ds.AcquisitionDateTime = None
    ds.DocumentTitle = f"{report.get_kind_display()} report"
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "18748-4", "LN", "Diagnostic imaging study"
    ds.ConceptNameCodeSequence = [title]
    ds.VerificationFlag = "VERIFIED"
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocumentLength = len(content)
    ds.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    set_datetime(ds, at)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta = meta
    return ds


def _segmentations(segments: Iterable[Segment[DrawnFinding]]) -> Iterable[Dataset]:
    return {segment.segmentation.SOPInstanceUID: segment.segmentation for segment in segments}.values()


def _text_containers(report: Report) -> list[ContainerContentItem]:
    """Return the words of a report by section (as PS3.16 TID 2000 holds them), the research sentence first."""
    sections = [("", RESEARCH), *((section["key"], section["text"]) for section in report.sections)]
    sections.append(("free-text", report.free_text))
    containers = []
    for key, text in sections:
        if text.strip():
            heading, what = HEADINGS.get(key.partition("-")[0] if key.startswith(ADDENDUM) else key, OTHER)
            container = ContainerContentItem(name=_dcm(heading), relationship_type=RelationshipTypeValues.CONTAINS)
            words = text.replace("\n", "\r\n")
            item = TextContentItem(name=_dcm(what), value=words, relationship_type=RelationshipTypeValues.CONTAINS)
            container.ContentSequence = Sequence([item])
            containers.append(container)
    return containers


def _dcm(coded: tuple[str, str]) -> CodedConcept:
    return CodedConcept(coded[0], "DCM", coded[1])
