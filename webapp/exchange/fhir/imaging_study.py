"""ImagingStudy: a study with its series and objects, and where DICOMweb serves them."""

from fhir.resources.R4B.endpoint import Endpoint
from fhir.resources.R4B.identifier import Identifier
from fhir.resources.R4B.imagingstudy import ImagingStudy, ImagingStudySeries, ImagingStudySeriesInstance
from fhir.resources.R4B.meta import Meta
from fhir.resources.R4B.reference import Reference

from webapp.exchange.fhir.datatypes import (
    IDENTIFIER_TYPE,
    SYSTEMS,
    URI,
    coding,
    concept,
    day,
    instant,
    reference,
    uid_identifier,
    words,
)
from webapp.imaging.archive.models import Series, Study

ENDPOINT_TYPE = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
UNKNOWN_MODALITY = "OT"


def imaging_resource(study: Study, *, root: str) -> ImagingStudy:
    """Return an ImagingStudy.

    Parameters
    ----------
    study
        With its patient, and series and instances fetched before.
    root
        Our address, such as "https://readroom.example".
    """
    series = [one for one in study.series.all() if not one.is_picture]
    modalities = sorted({one.modality.strip() or UNKNOWN_MODALITY for one in series})
    identifiers = [uid_identifier(study.study_instance_uid)]
    if study.accession_number:
        accession = concept(coding(IDENTIFIER_TYPE, "ACSN", "Accession ID"))
        identifiers.append(Identifier(type=accession, value=words(study.accession_number)))
    return ImagingStudy(
        id=str(study.pk),
        meta=Meta(lastUpdated=instant(max([study.arrived_at, *(one.last_arrival_at for one in series)]))),
        contained=[_endpoint(root)],
        identifier=identifiers,
        status="available",
        modality=[coding(SYSTEMS["DCM"], modality) for modality in modalities] or None,
        subject=reference("Patient", study.patient_id),
        started=day(study.study_date),
        endpoint=[Reference(reference="#dicomweb")],
        numberOfSeries=len(series),
        numberOfInstances=sum(len(one.instances.all()) for one in series),
        description=words(study.description),
        series=[_series(one) for one in series] or None,
    )


def _series(series: Series) -> ImagingStudySeries:
    instances = series.instances.all()
    number = series.series_number if series.series_number is not None and series.series_number >= 0 else None
    return ImagingStudySeries(
        uid=series.series_instance_uid,
        number=number,
        modality=coding(SYSTEMS["DCM"], series.modality.strip() or UNKNOWN_MODALITY),
        description=words(series.description),
        numberOfInstances=len(instances),
        instance=[
            ImagingStudySeriesInstance(
                uid=one.sop_instance_uid,
                sopClass=coding(URI, f"urn:oid:{one.sop_class_uid}"),
                number=one.instance_number if (one.instance_number or 0) > 0 else None,
            )
            for one in instances
            if one.sop_class_uid
        ]
        or None,
    )


def _endpoint(root: str) -> Endpoint:
    return Endpoint(
        id="dicomweb",
        status="active",
        connectionType=coding(ENDPOINT_TYPE, "dicom-wado-rs"),
        payloadType=[concept(text="DICOM")],
        payloadMimeType=["application/dicom"],
        address=f"{root}/dicomweb",
    )
