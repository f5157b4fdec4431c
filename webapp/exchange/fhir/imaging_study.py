"""ImagingStudy: a study with its series and objects, and where DICOMweb serves them."""

from webapp.exchange.fhir.datatypes import (
    IDENTIFIER_TYPE,
    SYSTEMS,
    URI,
    Resource,
    coding,
    concept,
    filled,
    instant,
    reference,
    uid_identifier,
)
from webapp.imaging.archive.models import Series, Study

ENDPOINT_TYPE = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
UNKNOWN_MODALITY = "OT"


def imaging_resource(study: Study, *, root: str) -> Resource:
    """Return an ImagingStudy.

    Parameters
    ----------
    study
        With its patient, and series and instances fetched before.
    root
        Our address, such as "https://readroom.example".
    """
    series = [one for one in study.series.all() if not one.is_picture]
    modalities = sorted({one.modality or UNKNOWN_MODALITY for one in series})
    number = {"type": concept(coding(IDENTIFIER_TYPE, "ACSN", "Accession ID")), "value": study.accession_number}
    return filled(
        {
            "resourceType": "ImagingStudy",
            "id": str(study.pk),
            "meta": {"lastUpdated": instant(max([study.arrived_at, *(one.last_arrival_at for one in series)]))},
            "contained": [_endpoint(root)],
            "identifier": [uid_identifier(study.study_instance_uid), *([number] if study.accession_number else [])],
            "status": "available",
            "modality": [coding(SYSTEMS["DCM"], modality) for modality in modalities],
            "subject": reference("Patient", study.patient_id),
            "started": study.study_date.isoformat() if study.study_date else None,
            "endpoint": [{"reference": "#dicomweb"}],
            "numberOfSeries": len(series),
            "numberOfInstances": sum(len(one.instances.all()) for one in series),
            "description": study.description,
            "series": [_series(one) for one in series],
        }
    )


def _series(series: Series) -> Resource:
    instances = series.instances.all()
    number = series.series_number if series.series_number is not None and series.series_number >= 0 else None
    return filled(
        {
            "uid": series.series_instance_uid,
            "number": number,
            "modality": coding(SYSTEMS["DCM"], series.modality or UNKNOWN_MODALITY),
            "description": series.description,
            "numberOfInstances": len(instances),
            "instance": [
                filled(
                    {
                        "uid": one.sop_instance_uid,
                        "sopClass": coding(URI, f"urn:oid:{one.sop_class_uid}"),
                        "number": one.instance_number if (one.instance_number or 0) > 0 else None,
                    }
                )
                for one in instances
                if one.sop_class_uid
            ],
        }
    )


def _endpoint(root: str) -> Resource:
    return {
        "resourceType": "Endpoint",
        "id": "dicomweb",
        "status": "active",
        "connectionType": coding(ENDPOINT_TYPE, "dicom-wado-rs"),
        "payloadType": [concept(text="DICOM")],
        "payloadMimeType": ["application/dicom"],
        "address": f"{root}/dicomweb",
    }
