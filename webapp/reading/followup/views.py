"""The follow-up page, links of findings to lesions, and registrations."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.audit.services import study_view_record
from webapp.foundation.core.refusals import RefusalReason, show_refusal
from webapp.foundation.core.request_params import int_param, uuid_param
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.selectors import item_of
from webapp.imaging.archive.access import check_study_access, open_study
from webapp.imaging.archive.blinding import blinded_studies
from webapp.imaging.archive.models import Series, Study
from webapp.imaging.archive.presenters import person_of
from webapp.imaging.inference.image_views import serve_attempt_file
from webapp.imaging.inference.models import Finding
from webapp.reading.followup.models import Lesion, Registration, Sighting
from webapp.reading.followup.registration_jobs import REGISTRATION, NotAPairError, request_registration
from webapp.reading.followup.selectors import FollowUp, load_followup, registration_answer
from webapp.reading.followup.services import LinkRefusedError, finding_link, finding_unlink
from workers.contracts import RegistrationAnswer
from workers.storage import Attempt

#: Of an id in the database.
DIGITS = 17
GONE = RefusalReason("changed-meanwhile", "This was changed meanwhile; nothing was saved. Please check again.")


@require_GET
def follow_up(request: HttpRequest, study: UUID) -> HttpResponse:
    """Show the visits of a study's patient on one line, and each lesion over time."""
    opened = open_study(request=request, study=study)
    page = load_followup(study=opened, user=current_user(request))
    # Findings of all of them are shown, so each was looked at; a picture of nobody stands alone.
    for study_id in {visit.study.pk for visit in page.visits} | {opened.pk}:
        study_view_record(user=current_user(request), request=request, study=study_id)
    return render(request, "followup/page.html", _context(request, page))


@require_POST
def link(request: HttpRequest, study: UUID) -> HttpResponse:
    """Link a finding of the patient to a lesion: the chosen one, or a new one."""
    opened = open_study(request=request, study=study, act=Action.MARK)
    finding = _finding(request, opened)
    chosen = request.POST.get("lesion", "")
    lesion = Lesion.objects.filter(pk=requested).first() if (requested := uuid_param(chosen)) else None
    if finding is None or (chosen and lesion is None):
        show_refusal(request, GONE)
        return redirect("follow-up", study=study)
    try:
        name = request.POST.get("name", "")
        finding_link(finding=finding, lesion=lesion, name=name, user=current_user(request), request=request)
    except LinkRefusedError as refused:
        show_refusal(request, refused.reason)
    return redirect("follow-up", study=study)


@require_POST
def unlink(request: HttpRequest, study: UUID) -> HttpResponse:
    """Unlink a finding from its lesion."""
    opened = open_study(request=request, study=study, act=Action.MARK)
    requested = int_param(request.POST.get("sighting", ""), digits=DIGITS)
    sightings = Sighting.objects.select_related("study", "lesion").filter(study__patient=opened.patient_id)
    sightings = sightings.exclude(study__in=blinded_studies(current_user(request)))
    sighting = sightings.filter(pk=requested).first() if requested is not None else None
    if sighting is None:
        show_refusal(request, GONE)
    else:
        check_study_access(request=request, study=sighting.study, act=Action.MARK)
        finding_unlink(sighting=sighting, user=current_user(request), request=request)
    return redirect("follow-up", study=study)


@require_POST
def register(request: HttpRequest, study: UUID) -> HttpResponse:
    """Request the registration of a series of this study to one of a prior."""
    opened = open_study(request=request, study=study, act=Action.MARK)
    mine = Series.objects.select_related("study").filter(study__patient=opened.patient_id, study__patient__isnull=False)
    prior, follow_up = (
        mine.filter(pk=requested).first() if (requested := uuid_param(request.POST.get(name, ""))) else None
        for name in ("prior", "follow_up")
    )
    if prior is None or follow_up is None or follow_up.study_id != opened.pk:
        show_refusal(request, GONE)
        return redirect("follow-up", study=study)
    check_study_access(request=request, study=prior.study, act=Action.SEE)
    try:
        request_registration(prior=prior, follow_up=follow_up, user=current_user(request), request=request)
    except NotAPairError as refused:
        show_refusal(request, refused.reason)
    return redirect("follow-up", study=study)


@require_GET
def registration(request: HttpRequest, registration: UUID) -> HttpResponse:
    """Show the state of a registration, or its answer, to a page that polls."""
    one, answer, middle, work = _registration_parts(_registration(request, registration))
    context = {"one": one, "answer": answer, "middle": middle, "work": work}
    return render(request, "followup/registration.html", context)


@require_GET
def registration_file(request: HttpRequest, registration: UUID, name: str) -> HttpResponse:
    """Serve a picture that its answer names; any other name is nothing."""
    found = _registration(request, registration)
    answer = registration_answer(found)
    if answer is None or name not in {drawn for one in answer.slices for drawn in (one.fused, one.checkerboard)}:
        raise Http404
    return serve_attempt_file(request, Attempt(found.pk, found.attempt), name)


def _registration(request: HttpRequest, registration: UUID) -> Registration:
    """Return a registration whose both studies the user may see; looks at both are noted."""
    rows = Registration.objects.select_related("prior__study", "follow_up__study", "requested_by")
    try:
        found = rows.get(pk=registration)
    except Registration.DoesNotExist:
        raise Http404 from None
    for series in (found.follow_up, found.prior):
        check_study_access(request=request, study=series.study, act=Action.SEE)
        study_view_record(user=current_user(request), request=request, study=series.study_id)
    return found


def _registration_parts(
    found: Registration,
) -> tuple[Registration, RegistrationAnswer | None, int, OutboxItem | None]:
    """Return a registration, its answer, which of its pictures is shown first (from 1, the middle one), its work."""
    answer = registration_answer(found)
    middle = (len(answer.slices) + 1) // 2 if answer else 0
    return found, answer, middle, item_of(REGISTRATION, found.pk)


def _context(request: HttpRequest, page: FollowUp) -> dict[str, Any]:
    return {
        "page": page,
        "study": page.study,
        "person": person_of(page.study),
        "registrations": [_registration_parts(one) for one in page.registrations],
        "may_link": may(request.user, Action.MARK, page.study),
    }


def _finding(request: HttpRequest, opened: Study) -> Finding | None:
    """Return the posted finding, of a study of the same patient that the user may mark, unless it is blinded."""
    requested = int_param(request.POST.get("finding", ""), digits=DIGITS)
    if requested is None or opened.patient_id is None:
        return None
    of_patient = Finding.objects.filter(run__series__study__patient=opened.patient_id)
    of_patient = of_patient.exclude(run__series__study__in=blinded_studies(current_user(request)))
    found = of_patient.select_related("run__series__study__patient").filter(pk=requested).first()
    if found is not None:
        check_study_access(request=request, study=found.run.series.study, act=Action.MARK)
    return found
