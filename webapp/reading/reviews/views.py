"""A reader's first impression, committed before the AI's answer is shown; and the end of their read."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action
from webapp.imaging.archive.access import open_study
from webapp.reading.reviews.services import ReviewRefusedError, Then, read_commit, read_finish
from webapp.reading.worklist.views import open_next_case


@require_POST
def commit(request: HttpRequest, study: UUID) -> HttpResponse:
    """Keep what the reader thinks before the AI's answer, and show the answer."""
    opened = open_study(request=request, study=study, act=Action.READ)
    is_abnormal = {"abnormal": True, "normal": False}.get(request.POST.get("call", ""))
    if is_abnormal is None:
        messages.error(request, "Please say first whether you see something abnormal.")
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
        messages.error(request, str(refused))
    return redirect("study", study)


@require_POST
def finish(request: HttpRequest, study: UUID) -> HttpResponse:
    """Finish the reader's read of a study and open the next one."""
    opened = open_study(request=request, study=study, act=Action.READ)
    try:
        then = read_finish(study=opened, user=current_user(request), request=request)
    except ReviewRefusedError as refused:
        messages.error(request, str(refused))
        return redirect("study", study)
    if then != Then.DONE:
        messages.info(request, f"Your read is kept: {then}.")
    return open_next_case(request)
