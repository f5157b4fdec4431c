"""The list of critical results, and the panel of the study page that records and notifies them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp.foundation.accounts.access import current_user, requires
from webapp.foundation.accounts.permissions import Action, sees_all_sites
from webapp.foundation.audit.services import study_view_record, worklist_view_record
from webapp.foundation.core.refusals import Refusal, RefusalReason, show_refusal
from webapp.imaging.archive.access import check_study_access, open_study
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding
from webapp.reading.critical_results.models import CriticalResult
from webapp.reading.critical_results.presenters import AGO, critical_context, findings_offered
from webapp.reading.critical_results.selectors import criticals_list
from webapp.reading.critical_results.services import critical_notify, critical_open, critical_withdraw


@require_GET
@requires(Action.SEE)
def criticals(request: HttpRequest) -> HttpResponse:
    """Show the critical results that are not read back, the oldest first, and those settled lately."""
    user = current_user(request)
    worklist_view_record(user=user, request=request)
    unsettled, settled = criticals_list(user)
    context = {
        "left": unsettled,
        "settled": settled,
        "overdue": sum(one.is_overdue for one in unsettled),
        "names_site": sees_all_sites(user),
    }
    return render(request, "critical_results/page.html", context)


@require_http_methods(["GET", "POST"])
def study_criticals(request: HttpRequest, study: UUID) -> HttpResponse:
    """Show a study's critical results; record another one."""
    opened = open_study(request=request, study=study, act=Action.READ if request.method == "POST" else Action.SEE)
    if request.method == "GET":
        study_view_record(user=current_user(request), request=request, study=opened.pk)
        return _panel(request, opened)
    return _record(
        request,
        opened,
        lambda: critical_open(
            study=opened,
            sentence=request.POST.get("sentence", ""),
            finding=_finding(request, opened),
            user=current_user(request),
            request=request,
        ),
    )


@require_POST
def notify(request: HttpRequest, critical: int) -> HttpResponse:
    """Record a notification."""
    found, study = _get_critical(request, critical)
    return _record(
        request,
        study,
        lambda: critical_notify(
            critical=found,
            recipient=request.POST.get("told", ""),
            how=request.POST.get("how", ""),
            read_back="read_back" in request.POST,
            notified_at=_notified_at(request.POST.get("ago", "0")),
            user=current_user(request),
            request=request,
        ),
    )


@require_POST
def withdraw(request: HttpRequest, critical: int) -> HttpResponse:
    """Withdraw a critical result that was recorded by mistake."""
    found, study = _get_critical(request, critical)
    reason, user = request.POST.get("reason", ""), current_user(request)
    return _record(request, study, lambda: critical_withdraw(critical=found, reason=reason, user=user, request=request))


def _get_critical(request: HttpRequest, critical: int) -> tuple[CriticalResult, Study]:
    """Return a critical result and its study, if the user may add to it."""
    found = get_object_or_404(CriticalResult.objects.select_related("study__task"), pk=critical)
    return found, check_study_access(request=request, study=found.study, act=Action.READ)


def _record(request: HttpRequest, study: Study, record: Callable[[], object]) -> HttpResponse:
    """Run a service and show the panel, with the reason where it is refused."""
    try:
        record()
    except Refusal as refused:
        return _respond(request, study, refused=refused.reason)
    return _respond(request, study)


def _finding(request: HttpRequest, study: Study) -> Finding | None:
    """Return the chosen finding, of those that were offered."""
    chosen = request.POST.get("finding", "")
    return next(
        (one for one in findings_offered(study=study, user=current_user(request)) if str(one.pk) == chosen), None
    )


def _notified_at(minutes: str) -> datetime:
    if minutes not in map(str, AGO):
        raise Refusal(RefusalReason("no-time", "Choose when they were notified."))
    return timezone.now() - timedelta(minutes=int(minutes))


def _respond(request: HttpRequest, study: Study, *, refused: RefusalReason | None = None) -> HttpResponse:
    """Refresh the panel in an open page; show the study to a browser without scripts."""
    if "HX-Request" in request.headers:
        return _panel(request, study, refused=refused)
    if refused:
        show_refusal(request, refused)
    return redirect("study", study.pk)


def _panel(request: HttpRequest, study: Study, *, refused: RefusalReason | None = None) -> HttpResponse:
    return render(request, "critical_results/panel.html", critical_context(request, study, refused=refused))
