"""Reviewing a finding on the page of its study."""

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action
from webapp.imaging.archive.access import check_answer_visible, open_study
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.models import Reason
from webapp.reading.reviews.presenters import reads_read
from webapp.reading.reviews.services import ReviewRefusedError, Said, review_finding
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
    refused = None
    try:
        review_finding(study=opened, user=user, said=said, request=request)
    except ReviewRefusedError as refusal:
        refused = refusal.reason
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
