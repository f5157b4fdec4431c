"""The list of critical results, and the part of the study page that records them and who was told."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp.accounts.policy import Act, is_everywhere
from webapp.audit.services import study_view_record, worklist_view_record
from webapp.criticals.models import CriticalResult
from webapp.criticals.panel import AGO, criticals_shown, findings_offered
from webapp.criticals.selectors import criticals_list
from webapp.criticals.services import critical_open, critical_tell, critical_withdraw
from webapp.pages.access import allowed, study_checked, study_opened, user_of
from webapp.studies.models import Study


@require_GET
@allowed(Act.SEE)
def criticals(request: HttpRequest) -> HttpResponse:
    """Show what nobody has read back, the oldest first, and what was settled lately."""
    user = user_of(request)
    worklist_view_record(user=user, request=request)
    left, settled = criticals_list(user)
    return render(request, "criticals/page.html", {"left": left, "settled": settled, "names_site": is_everywhere(user)})


@require_http_methods(["GET", "POST"])
def study_criticals(request: HttpRequest, study: UUID) -> HttpResponse:
    """Show a study's critical results; record another one."""
    opened = study_opened(request=request, study=study, act=Act.READ if request.method == "POST" else Act.SEE)
    if request.method == "GET":
        study_view_record(user=user_of(request), request=request, study=opened.pk)
        return _panel(request, opened)
    offered = {str(one.pk): one for one in findings_offered(study=opened, user=user_of(request))}
    try:
        critical_open(
            study=opened,
            sentence=request.POST.get("sentence", ""),
            finding=offered.get(request.POST.get("finding", "")),
            user=user_of(request),
            request=request,
        )
    except ValueError as refused:
        return _answer(request, opened, trouble=str(refused))
    return _answer(request, opened)


@require_POST
def tell(request: HttpRequest, critical: int) -> HttpResponse:
    """Record that somebody was told."""
    found = get_object_or_404(CriticalResult.objects.select_related("study__task"), pk=critical)
    study = study_checked(request=request, study=found.study, act=Act.READ)
    try:
        critical_tell(
            critical=found,
            told=request.POST.get("told", ""),
            how=request.POST.get("how", ""),
            read_back="read_back" in request.POST,
            told_at=_told_at(request.POST.get("ago", "0")),
            user=user_of(request),
            request=request,
        )
    except ValueError as refused:
        return _answer(request, study, trouble=str(refused))
    return _answer(request, study)


@require_POST
def withdraw(request: HttpRequest, critical: int) -> HttpResponse:
    """Say that a critical result was recorded by mistake."""
    found = get_object_or_404(CriticalResult.objects.select_related("study__task"), pk=critical)
    study = study_checked(request=request, study=found.study, act=Act.READ)
    try:
        critical_withdraw(critical=found, reason=request.POST.get("reason", ""), user=user_of(request), request=request)
    except ValueError as refused:
        return _answer(request, study, trouble=str(refused))
    return _answer(request, study)


def _told_at(minutes: str) -> datetime:
    if minutes not in map(str, AGO):
        raise ValueError("Please choose when they were told.")
    return timezone.now() - timedelta(minutes=int(minutes))


def _answer(request: HttpRequest, study: Study, *, trouble: str = "") -> HttpResponse:
    """Renew the panel in an open page; show the study to a browser without scripts."""
    if "HX-Request" in request.headers:
        return _panel(request, study, trouble=trouble)
    if trouble:
        messages.error(request, trouble)
    return redirect("study", study.pk)


def _panel(request: HttpRequest, study: Study, *, trouble: str = "") -> HttpResponse:
    return render(request, "criticals/panel.html", criticals_shown(request, study, trouble=trouble))
