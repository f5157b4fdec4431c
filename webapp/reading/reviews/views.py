"""Saying something of a finding, and committing before the AI's answer is shown."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from webapp.foundation.accounts.permissions import Action
from webapp.imaging.archive.access import check_answer_visible, current_user, open_study
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.models import Reason
from webapp.reading.reviews.presenters import reads_read
from webapp.reading.reviews.services import ReviewRefusedError, Said, read_commit, review_finding
from webapp.reading.study_page.selectors import load_study


@require_POST
def say(request: HttpRequest, study: UUID) -> HttpResponse:
    """Keep what the reader says of a finding and show the finding with it; why not, where it is refused."""
    opened, user = open_study(request=request, study=study, act=Action.READ), current_user(request)
    number = request.POST.get("finding", "")
    if not number.isdecimal():
        raise BadRequest
    finding = get_object_or_404(Finding.objects.select_related("run"), pk=number, run__series__study=opened)
    check_answer_visible(request=request, study=opened)
    said = Said(
        says=request.POST.get("says", ""),
        finding=finding.pk,
        reasons=request.POST.getlist("reasons"),
        label_title=request.POST.get("label", ""),
        comment=request.POST.get("comment", ""),
    )
    refused = ""
    try:
        review_finding(study=opened, user=user, said=said, request=request)
    except ReviewRefusedError as refusal:
        refused = str(refusal)
    reads = reads_read(study=opened, user=user)
    reading = load_study(study=opened, series=finding.run.series_id, asked=finding.run_id, reads=reads)
    shown = next((one for one in reading.findings if one.row.pk == finding.pk), None)
    if shown is None:
        raise Http404
    return render(
        request,
        "study_page/finding.html",
        {"finding": shown, "study": opened, "reads": reads, "reason_words": Reason.choices, "refused": refused},
    )


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
