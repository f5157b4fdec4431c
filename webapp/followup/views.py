"""The follow-up page, and what a reader says on it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from webapp.accounts.policy import Act, may
from webapp.audit.services import study_view_record
from webapp.followup.models import Lesion, Sighting
from webapp.followup.selectors import FollowUp, followup_read
from webapp.followup.services import LinkRefusedError, finding_link, finding_unlink
from webapp.pages.access import study_checked, study_opened, user_of
from webapp.pages.presentation import person_of
from webapp.runs.models import Finding
from webapp.studies.models import Study

GONE = "This was changed meanwhile; nothing was saved. Please look again."


@require_GET
def follow_up(request: HttpRequest, study: UUID) -> HttpResponse:
    """Show the visits of a study's patient on one line, and each lesion over time."""
    opened = study_opened(request=request, study=study)
    page = followup_read(study=opened, user=user_of(request))
    # Findings of all of them are shown, so each was looked at; a picture of nobody stands alone.
    for seen in {visit.study.pk for visit in page.visits} | {opened.pk}:
        study_view_record(user=user_of(request), request=request, study=seen)
    return render(request, "followup/page.html", _shown(request, page))


@require_POST
def link(request: HttpRequest, study: UUID) -> HttpResponse:
    """Say that a finding of the patient is a lesion: one that is named, or a new one."""
    opened = study_opened(request=request, study=study, act=Act.MARK)
    finding = _finding(request, opened)
    chosen = request.POST.get("lesion", "")
    lesion = Lesion.objects.filter(pk=chosen).first() if _is_uuid(chosen) else None
    if finding is None or (chosen and lesion is None):
        messages.error(request, GONE)
        return redirect("follow-up", study=study)
    try:
        name = request.POST.get("name", "")
        finding_link(finding=finding, lesion=lesion, name=name, user=user_of(request), request=request)
    except LinkRefusedError as refused:
        messages.error(request, str(refused))
    return redirect("follow-up", study=study)


@require_POST
def unlink(request: HttpRequest, study: UUID) -> HttpResponse:
    """Take back that a finding is a lesion."""
    opened = study_opened(request=request, study=study, act=Act.MARK)
    asked = request.POST.get("sighting", "")
    sightings = Sighting.objects.select_related("study", "lesion").filter(study__patient=opened.patient_id)
    sighting = sightings.filter(pk=asked).first() if _is_number(asked) else None
    if sighting is None:
        messages.error(request, GONE)
    else:
        study_checked(request=request, study=sighting.study, act=Act.MARK)
        finding_unlink(sighting=sighting, user=user_of(request), request=request)
    return redirect("follow-up", study=study)


def _shown(request: HttpRequest, page: FollowUp) -> dict[str, Any]:
    return {
        "page": page,
        "study": page.study,
        "person": person_of(page.study),
        "may_link": may(request.user, Act.MARK, page.study),
    }


def _finding(request: HttpRequest, opened: Study) -> Finding | None:
    """Return the finding that is meant, of a study of the same patient that the user may mark."""
    asked = request.POST.get("finding", "")
    if not _is_number(asked) or opened.patient_id is None:
        return None
    of_patient = Finding.objects.filter(run__series__study__patient=opened.patient_id)
    found = of_patient.select_related("run__series__study__patient").filter(pk=asked).first()
    if found is not None:
        study_checked(request=request, study=found.run.series.study, act=Act.MARK)
    return found


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 18


def _is_uuid(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return True
