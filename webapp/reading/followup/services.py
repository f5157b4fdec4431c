"""Saying that findings are one lesion, and taking it back."""

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.inference.models import Finding
from webapp.reading.followup.models import Lesion, Sighting

ANOTHER_PATIENT = "That lesion belongs to another patient."
NOBODY = "This picture names no patient, so its findings cannot be followed."
TAKEN = (
    "This finding is linked already, or the lesion is linked to another finding of that study: unlink that one first."
)


class LinkRefusedError(Exception):
    """A finding is not linked; the message is for the one who asked."""


@transaction.atomic
def finding_link(
    *, finding: Finding, lesion: Lesion | None, user: User, request: HttpRequest, name: str = ""
) -> Sighting:
    """Say that a finding is a lesion.

    Parameters
    ----------
    lesion
        None makes a new one, called `name`, or as the finding is called where that is empty.

    Raises
    ------
    LinkRefusedError
        If the finding's patient is another one or unknown, or either of the two is linked already.
    """
    study = finding.run.series.study
    if study.patient is None:
        raise LinkRefusedError(NOBODY)
    if lesion is None:
        called = name.strip()[:60] or finding.label_title[:60]
        lesion = Lesion.objects.create(patient=study.patient, name=called, created_by=user)
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
    """Take back that a finding is a lesion; a lesion without sightings is gone."""
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
