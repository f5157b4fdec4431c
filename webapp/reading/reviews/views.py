"""Committing a first impression, finishing a read, and the masks of outlines."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.audit.services import study_view_record
from webapp.foundation.core.refusals import RefusalReason, show_refusal
from webapp.imaging.archive.access import open_study
from webapp.imaging.inference.image_views import serve_drawing
from webapp.reading.reviews.selectors import visible_outlines, visible_reads
from webapp.reading.reviews.services import NextStep, ReviewRefusedError, read_commit, read_finish
from webapp.reading.worklist.views import open_next_case
from workers import storage


@require_POST
def commit(request: HttpRequest, study: UUID) -> HttpResponse:
    """Commit the reader's first impression, which reveals the AI's answer."""
    opened = open_study(request=request, study=study, act=Action.READ)
    is_abnormal = {"abnormal": True, "normal": False}.get(request.POST.get("call", ""))
    if is_abnormal is None:
        show_refusal(request, RefusalReason("no-impression", "Choose first whether the study is normal or abnormal."))
        return redirect("study", study)
    try:
        read_commit(
            study=opened,
            user=current_user(request),
            is_abnormal=is_abnormal,
            impression=request.POST.get("impression", ""),
            request=request,
        )
    except ReviewRefusedError as refused:
        show_refusal(request, refused.reason)
    return redirect("study", study)


@require_POST
def finish(request: HttpRequest, study: UUID) -> HttpResponse:
    """Finish the reader's read of a study and open the next one."""
    opened = open_study(request=request, study=study, act=Action.READ)
    try:
        then = read_finish(study=opened, user=current_user(request), request=request)
    except ReviewRefusedError as refused:
        show_refusal(request, refused.reason)
        return redirect("study", study)
    if then != NextStep.DONE:
        messages.info(request, f"Your read is saved: {then}.")
    return open_next_case(request)


@require_GET
def outline_mask(request: HttpRequest, study: UUID, mark: UUID, version: int) -> HttpResponse:
    """Serve the mask of a current outline as PNG, white inside; 404 for one that the user may not see yet."""
    opened, user = open_study(request=request, study=study), current_user(request)
    visible = visible_outlines(visible_reads(study=opened, user=user))
    found = next((one for one in visible if (one.mark.pk, one.version.version) == (mark, version)), None)
    if found is None:
        raise Http404
    study_view_record(user=user, request=request, study=opened.pk)
    return serve_drawing(request, storage.mask_path(found.version.mask), tag=found.version.mask)
