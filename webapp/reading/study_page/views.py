"""The study page, its live part, and the retry of a failed run."""

import hashlib
import json
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.audit.services import study_view_record
from webapp.foundation.core.request_params import uuid_param
from webapp.imaging.archive.access import check_study_access, open_study
from webapp.imaging.archive.presenters import person_of
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.presenters import LAYERS, OUTCOMES, URGENCIES
from webapp.imaging.inference.services import run_retry
from webapp.reading.reviews.models import Reason
from webapp.reading.reviews.presenters import reads_read
from webapp.reading.study_page.panels import draw_panels
from webapp.reading.study_page.selectors import Reading, load_study
from webapp.reading.worklist.presenters import describe_assignee


@require_GET
def study(request: HttpRequest, study: UUID) -> HttpResponse:
    """Show one study, one series of it opened."""
    reading = _read(request, study)
    # Claimed by the open page itself (a look changes nothing): the line asks as soon as it is there.
    held = describe_assignee(request, reading.study.task)
    shown = {**_shown(request, reading), **held, "panels": draw_panels(request, reading.study), "is_first": True}
    return render(request, "study_page/page.html", shown)


@require_GET
def study_answer(request: HttpRequest, study: UUID) -> HttpResponse:
    """Answer a page that asks for news: 204 while its answer is still what it shows."""
    reading = _read(request, study)
    shown = _shown(request, reading)
    if request.GET.get("seen") == shown["seen"]:
        return HttpResponse(status=204)
    return render(request, "study_page/live.html", {**shown, "is_news": True})


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


def _read(request: HttpRequest, study: UUID) -> Reading:
    opened = open_study(request=request, study=study)
    study_view_record(user=current_user(request), request=request, study=opened.pk)
    reads = reads_read(study=opened, user=current_user(request))
    series, asked = uuid_param(request.GET.get("series", "")), uuid_param(request.GET.get("run", ""))
    return load_study(study=opened, series=series, asked=asked, reads=reads)


def _shown(request: HttpRequest, reading: Reading) -> dict[str, Any]:
    """Return what the templates show; `seen` names this answer, so that a poll can tell whether it changed."""
    shown = {
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
    answer = render_to_string("study_page/answer.html", shown, request)
    series = render_to_string("study_page/series.html", shown, request)
    told = answer + series + json.dumps([reading.viewer, len(reading.events)])
    seen = hashlib.sha256(told.encode()).hexdigest()[:16]
    return {**shown, "answer": answer, "series_list": series, "seen": seen}
