"""Linking findings to lesions, and unlinking them."""

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.refusals import Refusal, RefusalReason
from webapp.imaging.inference.models import Finding
from webapp.reading.followup.models import Lesion, Sighting

ANOTHER_PATIENT = RefusalReason("other-patient", "That lesion belongs to another patient.")
NOBODY = RefusalReason("no-patient", "This picture names no patient, so its findings cannot be followed.")
TAKEN = RefusalReason(
    "linked-already",
    "This finding is linked already, or the lesion is linked to another finding of that study: unlink it first.",
)


class LinkRefusedError(Refusal):
    """A finding cannot be linked; the message is for the user."""


@transaction.atomic
def finding_link(
    *, finding: Finding, lesion: Lesion | None, user: User, request: HttpRequest, name: str = ""
) -> Sighting:
    """Link a finding to a lesion.

    Parameters
    ----------
    lesion
        None creates a new one, named `name`, or like the finding where that is empty.

    Raises
    ------
    LinkRefusedError
        If the finding's patient is another one or unknown, or either of the two is linked already.
    """
    study = finding.run.series.study
    if study.patient is None:
        raise LinkRefusedError(NOBODY)
    if lesion is None:
        title = name.strip()[:60] or finding.label_title[:60]
        lesion = Lesion.objects.create(patient=study.patient, name=title, created_by=user)
    elif lesion.patient_id != study.patient_id:
        raise LinkRefusedError(ANOTHER_PATIENT)
    try:
        with transaction.atomic():
            sighting = Sighting.objects.create(lesion=lesion, finding=finding, study=study, linked_by=user)
    except IntegrityError:
        raise LinkRefusedError(TAKEN) from None
    audit_record(
        code=Code.LESION_LINKED,
        user=user,
        request=request,
        study=study.pk,
        details=f"finding {finding.pk} is lesion {lesion.pk}",
    )
    return sighting


@transaction.atomic
def finding_unlink(*, sighting: Sighting, user: User, request: HttpRequest) -> None:
    """Unlink a finding from its lesion; a lesion without sightings is deleted."""
    # Whoever links meanwhile waits, and then finds no lesion rather than one that is about to go.
    lesion = Lesion.objects.select_for_update().filter(pk=sighting.lesion_id).first()
    gone, _ = Sighting.objects.filter(pk=sighting.pk).delete()
    if not gone or lesion is None:
        return
    audit_record(
        code=Code.LESION_UNLINKED,
        user=user,
        request=request,
        study=sighting.study_id,
        details=f"finding {sighting.finding_id} is not lesion {lesion.pk}",
    )
    if not lesion.sightings.exists():
        lesion.delete()
