"""A signed report as DICOM objects of its study: structured report by a person (TID 1500), and the PDF encapsulated."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    CodedConcept,
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

from webapp.reports.models import Report
from webapp.reports.pdf import pdf_made
from webapp.reports.regions import statement_groups
from webapp.reports.selectors import ADDENDUM
from webapp.reports.services import NO_HEADER
from webapp.reports.signing import images_of
from webapp.results.authorship import Authorship, Signatory, person_observer
from webapp.results.building import object_written
from webapp.results.headers import header_read, of_study
from webapp.results.identity import MANUFACTURER, MODEL_NAME, OWN_SCHEME, moment_put, uid_made
from webapp.results.models import ResultSeries
from webapp.results.owed import Built, CannotBeMadeError
from webapp.results.report import RESEARCH, image_reference
from webapp.runs.models import Run
from webapp.studies.models import Instance

#: Behind the series of the AI (webapp.results.identity).
SERIES_NUMBERS = {ResultSeries.Kind.SR: 9011, ResultSeries.Kind.DOC: 9012}
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


def documents_built(report: Report, *, earlier: Iterable[Instance], into: Path) -> list[Built]:
    """Build the objects of a signed report, the same bytes whenever they are made again.

    Parameters
    ----------
    earlier
        The structured report of the version that it supersedes, where there is one (PS3.3 C.17.2).
    into
        An empty folder.

    Raises
    ------
    webapp.results.owed.CannotBeMadeError
        If the study has no DICOM header.
    """
    images = list(images_of(report.study).select_related("series__study", "index").order_by("series", "pk"))
    dicom = [image for image in images if not image.series.is_picture]
    if report.study.patient_id is None or not dicom:
        raise CannotBeMadeError(NO_HEADER)
    header = of_study(header_read(dicom[0]))
    return [
        object_written(ResultSeries.Kind.SR, sr_built(report, header, dicom, earlier), into),
        object_written(ResultSeries.Kind.DOC, pdf_encapsulated(report, header), into),
    ]


def sr_built(
    report: Report, header: Dataset, images: Iterable[Instance], earlier: Iterable[Instance]
) -> ComprehensiveSR:
    """Build the structured report: who signed, what they accept, and their words by section."""
    person = _signatory(report)
    run = Run.objects.filter(series__study=report.study, state=Run.State.DONE).order_by("-created_at").first()
    authorship = Authorship(person=person)
    context = authorship.observers(run) if run else ObservationContext(observer_person_context=person_observer(person))
    content = MeasurementReport(
        observation_context=context,
        procedure_reported=codes.SCT.ImagingProcedure,
        imaging_measurements=statement_groups(report),
        title=codes.cid7021.ImagingMeasurementReport,
    )
    content[0].ContentSequence.extend(_text_containers(report))
    evidence = [image_reference(image) for image in images]
    evidence[0].update(header)
    made = ComprehensiveSR(
        evidence=evidence,
        content=content[0],
        previous_versions=[image_reference(instance) for instance in earlier] or None,
        specific_character_set=header.SpecificCharacterSet,
        **_identity(report, ResultSeries.Kind.SR),
        **{**authorship.flags, "is_final": report.kind != Report.Kind.PRELIMINARY},
    )
    moment_put(made, person.at)
    made.VerifyingObserverSequence[0].VerificationDateTime = person.at.strftime("%Y%m%d%H%M%S.%f")
    return made


def pdf_encapsulated(report: Report, header: Dataset) -> Dataset:
    """Return the PDF as an object (PS3.3 A.45.1)."""
    ds, at = Dataset(), _at(report)
    ds.update(header)
    given = _identity(report, ResultSeries.Kind.DOC)
    content = pdf_made(report)
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
    moment_put(ds, at)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta = meta
    return ds


def _text_containers(report: Report) -> list[ContainerContentItem]:
    """Return the words of a report by section (as PS3.16 TID 2000 holds them), the research sentence first."""
    told = [("", RESEARCH), *((section["key"], section["text"]) for section in report.sections)]
    told.append(("free-text", report.free_text))
    containers = []
    for key, text in told:
        if text.strip():
            heading, what = HEADINGS.get(key.partition("-")[0] if key.startswith(ADDENDUM) else key, OTHER)
            container = ContainerContentItem(name=_dcm(heading), relationship_type=RelationshipTypeValues.CONTAINS)
            words = text.replace("\n", "\r\n")
            item = TextContentItem(name=_dcm(what), value=words, relationship_type=RelationshipTypeValues.CONTAINS)
            container.ContentSequence = Sequence([item])
            containers.append(container)
    return containers


def _signatory(report: Report) -> Signatory:
    user = report.signature.user
    family, given = user.last_name, user.first_name
    name = f"{family}^{given}" if family or given else report.signature.login
    return Signatory(name, report.signature.login, report.study.site.name, _at(report))


def _at(report: Report) -> datetime:
    return timezone.localtime(report.signature.at)


def _identity(report: Report, kind: ResultSeries.Kind) -> dict[str, Any]:
    """Return what makes an object of a report the same object when it is made again."""
    digest = report.signature.digest
    return {
        "series_instance_uid": uid_made(report.pk, kind, "series"),
        "series_number": SERIES_NUMBERS[kind],
        "sop_instance_uid": uid_made(report.pk, kind),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL_NAME,
        "device_serial_number": digest[:16],
        "software_versions": digest,
        "coding_schemes": [
            CodingSchemeIdentificationItem(
                OWN_SCHEME, name="Words that PS3.16 has no code for", responsible_organization=MANUFACTURER
            )
        ],
        "series_description": f"Report, version {report.number}, {report.get_kind_display().lower()}",
    }


def _dcm(coded: tuple[str, str]) -> CodedConcept:
    return CodedConcept(coded[0], "DCM", coded[1])
