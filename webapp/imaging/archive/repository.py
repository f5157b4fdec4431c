"""The rows of one object (patient, study, series, instance), found or created in one transaction."""

import hashlib

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from webapp.foundation.accounts.models import Site, User
from webapp.foundation.outbox.wake import wake
from webapp.imaging.archive.indexing import build_index
from webapp.imaging.archive.models import Instance, Patient, Series, Study
from webapp.imaging.archive.object_store import Bytes, is_same_data_set
from workers import storage
from workers.api import Inspection, Refused

OTHER_CONTENTS = (
    "An object with the same SOPInstanceUID but other contents is already stored. That one was kept, this one was not."
)
OTHER_PATIENT = "The StudyInstanceUID already belongs to a study of another patient. Nothing of this file was stored."
OTHER_STUDY = "The SeriesInstanceUID already belongs to another study. Nothing of this file was stored."
OTHER_PERSON = (
    "The PatientID is already known with a different name and date of birth. Nothing of this file was stored."
)


class HeaderConflictError(Refused):
    """The object's UIDs or patient contradict what is already stored; the message is for the sender."""


def find_instance(*, site: Site, original_sha256: str) -> Instance | None:
    """Return the instance that was stored when the same bytes were sent before; None if they were not."""
    known = Instance.objects.filter(site=site).select_related("series__study")
    # Two queries: with both conditions in one, SQLite would scan all instances of the site.
    return known.filter(original_sha256=original_sha256).first() or known.filter(sha256=original_sha256).first()


def is_picture_of(known: Instance, weighed: Bytes) -> bool:
    """Return whether the bytes of a known instance are the original picture rather than the object that wraps it."""
    return known.series.is_picture and weighed.original_sha256 == known.original_sha256


@transaction.atomic(savepoint=False)
def persist_instance(*, found: Inspection, weighed: Bytes, site: Site, user: User) -> tuple[Instance, bool]:
    """Return the instance row of one object, creating it and its patient, study and series as needed.

    Parameters
    ----------
    found
        The reader process's inspection of the object.
    weighed
        Its bytes, already stored.
    site, user
        The site it belongs to, and the user who sent it.

    Returns
    -------
    tuple of Instance and bool
        The row, and whether it is new (False if the same object has been stored meanwhile).

    Raises
    ------
    HeaderConflictError
        If its UIDs or its patient contradict what is already stored.
    """
    # One object per site at a time: concurrent arrivals queue here, so that what is looked up below stays true until
    # the commit. (SQLite serialises its write transactions anyway.)
    if connection.features.has_select_for_update:
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    if same := _same_uid(found, site):
        if weighed.original_sha256 not in {same.original_sha256, same.sha256} and not is_same_data_set(
            weighed.path, storage.object_path(same.sha256)
        ):
            raise HeaderConflictError(OTHER_CONTENTS)
        return same, False
    series = _series(found, _study(found, site, user))
    instance = Instance.objects.create(
        series=series,
        site=site,
        sop_instance_uid=found.sop_instance_uid,
        sop_class_uid=found.sop_class_uid,
        sha256=weighed.sha256,
        original_sha256=weighed.original_sha256,
        file_size=weighed.path.stat().st_size,
        instance_number=found.instance_number,
        position=found.position,
        number_of_frames=found.number_of_frames,
        rows=found.rows,
        columns=found.columns,
        has_pixels=found.has_pixels,
        laterality=found.laterality,
    )
    if found.index is not None:
        build_index(instance=instance, index=found.index)
    wake()
    return instance, True


def _same_uid(found: Inspection, site: Site) -> Instance | None:
    known = Instance.objects.select_related("series__study")
    return known.filter(site=site, sop_instance_uid=found.sop_instance_uid).first()


def _patient(found: Inspection, site: Site) -> Patient | None:
    """Return the patient, None for a picture. Without a PatientID, each study gets a patient of its own."""
    if found.kind == "picture":
        return None
    unnumbered = f"no number ({hashlib.sha256(found.study_instance_uid.encode()).hexdigest()[:12]})"
    stated = {"name": found.patient_name, "birth_date": found.patient_birth_date, "sex": found.patient_sex}
    patient, made = Patient.objects.get_or_create(site=site, patient_id=found.patient_id or unnumbered, defaults=stated)
    if made:
        return patient
    if _differ(patient.name, found.patient_name) and _differ(patient.birth_date, found.patient_birth_date):
        raise HeaderConflictError(OTHER_PERSON)
    blanks = {field: value for field, value in stated.items() if value and not getattr(patient, field)}
    if blanks:
        Patient.objects.filter(pk=patient.pk).update(**blanks)
    return patient


def _differ(known: object, stated: object) -> bool:
    """Return whether two values are both stated and differ."""
    return bool(known) and bool(stated) and known != stated


def _study(found: Inspection, site: Site, user: User) -> Study:
    patient = _patient(found, site)
    study, _ = Study.objects.get_or_create(
        site=site,
        study_instance_uid=found.study_instance_uid,
        defaults={
            "patient": patient,
            "study_id": found.study_id,
            "study_date": found.study_date,
            "study_time": found.study_time,
            "referring_physician": found.referring_physician,
            "description": found.study_description,
            "accession_number": found.accession_number,
            "uploaded_by": user,
        },
    )
    if study.patient_id != (patient.pk if patient else None):
        raise HeaderConflictError(OTHER_PATIENT)
    return study


def _series(found: Inspection, study: Study) -> Series:
    """Return the series, created if need be, with its time of last arrival set to now."""
    # Looked up by the UID alone: with the site in the query, SQLite would scan all studies of the site.
    same = Series.objects.filter(series_instance_uid=found.series_instance_uid).annotate(site=F("study__site"))
    known = next((one for one in same if one.site == study.site_id), None)
    if known is None:
        return Series.objects.create(
            study=study,
            series_instance_uid=found.series_instance_uid,
            series_number=found.series_number,
            modality=found.modality,
            description=found.series_description,
            body_part=found.body_part,
            is_picture=found.kind == "picture",
            last_arrival_at=timezone.now(),
        )
    if known.study_id != study.pk:
        raise HeaderConflictError(OTHER_STUDY)
    Series.objects.filter(pk=known.pk).update(last_arrival_at=timezone.now())
    return known
