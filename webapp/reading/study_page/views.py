"""The study page, its live part, reviews of findings on it, and the retry of a failed run."""

import hashlib
import json
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.audit.services import study_view_record
from webapp.foundation.core.request_params import uuid_param
from webapp.imaging.archive.access import check_answer_visible, check_study_access, open_study
from webapp.imaging.archive.presenters import person_of
from webapp.imaging.inference.models import Finding, Run
from webapp.imaging.inference.presenters import LAYERS, OUTCOMES, URGENCIES
from webapp.imaging.inference.services import run_retry
from webapp.reading.reviews.models import Reason
from webapp.reading.reviews.presenters import load_reads
from webapp.reading.reviews.services import ReviewInput, ReviewRefusedError, review_finding
from webapp.reading.study_page.panels import draw_panels
from webapp.reading.study_page.selectors import StudyView, load_study
from webapp.reading.worklist.presenters import describe_assignee


@require_GET
def study(request: HttpRequest, study: UUID) -> HttpResponse:
    """Show one study, one series of it opened."""
    reading = _load(request, study)
    # The open page claims by itself, as a GET changes nothing: the assignee line asks once it is loaded.
    assignee = describe_assignee(request, reading.study.task)
    context = {
        **_context(request, reading),
        **assignee,
        "panels": draw_panels(request, reading.study),
        "is_first": True,
    }
    return render(request, "study_page/page.html", context)


@require_GET
def study_answer(request: HttpRequest, study: UUID) -> HttpResponse:
    """Answer a poll: the new content, or 204 while the page shows the current one."""
    reading = _load(request, study)
    context = _context(request, reading)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return render(request, "study_page/live.html", {**context, "is_news": True})


@require_POST
def retry(request: HttpRequest, run: UUID) -> HttpResponse:
    """Give a quarantined run new attempts, and show its study."""
    try:
        found = Run.objects.select_related("series__study").get(pk=run)
    except Run.DoesNotExist:
        raise Http404 from None
    study = check_study_access(request=request, study=found.series.study, act=Action.RETRY)
    run_retry(run=found, user=current_user(request), request=request)
    return redirect(f"{reverse('study', args=[study.pk])}?series={found.series_id}")


def _load(request: HttpRequest, study: UUID) -> StudyView:
    opened = open_study(request=request, study=study)
    study_view_record(user=current_user(request), request=request, study=opened.pk)
    reads = load_reads(study=opened, user=current_user(request))
    series, run = uuid_param(request.GET.get("series", "")), uuid_param(request.GET.get("run", ""))
    return load_study(study=opened, series=series, requested=run, reads=reads)


def _context(request: HttpRequest, reading: StudyView) -> dict[str, Any]:
    """Return the context of the templates; `seen` is a digest by which a poll tells whether they changed."""
    context = {
        "reading": reading,
        "reads": reading.reads,
        "reason_words": Reason.choices,
        "study": reading.study,
        "person": person_of(reading.study),
        "chosen": reading.chosen,
        "run": reading.run,
        "urgency_look": URGENCIES[reading.run.urgency] if reading.run else None,
        "layers": LAYERS,
        "outcome": OUTCOMES[reading.status] if reading.status else None,
        "may_retry": may(request.user, Action.RETRY, reading.study),
    }
    answer = render_to_string("study_page/answer.html", context, request)
    series = render_to_string("study_page/series.html", context, request)
    content = answer + series + json.dumps([reading.viewer, len(reading.events)])
    seen = hashlib.sha256(content.encode()).hexdigest()[:16]
    return {**context, "answer": answer, "series_list": series, "seen": seen}


@require_POST
def review_save(request: HttpRequest, study: UUID) -> HttpResponse:
    """Save the reader's review of a finding and show the finding again, with the reason where it is refused."""
    opened, user = open_study(request=request, study=study, act=Action.READ), current_user(request)
    number = request.POST.get("finding", "")
    if not number.isdecimal():
        raise BadRequest
    finding = get_object_or_404(Finding.objects.select_related("run"), pk=number, run__series__study=opened)
    check_answer_visible(request=request, study=opened)
    review = ReviewInput(
        says=request.POST.get("says", ""),
        finding=finding.pk,
        reasons=request.POST.getlist("reasons"),
        label_title=request.POST.get("label", ""),
        comment=request.POST.get("comment", ""),
    )
    refused = None
    try:
        review_finding(study=opened, user=user, review=review, request=request)
    except ReviewRefusedError as refusal:
        refused = refusal.reason
    reads = load_reads(study=opened, user=user)
    reading = load_study(study=opened, series=finding.run.series_id, requested=finding.run_id, reads=reads)
    shown = next((one for one in reading.findings if one.row.pk == finding.pk), None)
    if shown is None:
        raise Http404
    return render(
        request,
        "study_page/finding.html",
        {"finding": shown, "study": opened, "reads": reads, "reason_words": Reason.choices, "refused": refused},
    )
