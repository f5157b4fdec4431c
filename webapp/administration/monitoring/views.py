"""The performance page of administrators, and its numbers as CSV."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from webapp.administration.monitoring.csv_export import write_csv
from webapp.administration.monitoring.filters import SPANS, Asked
from webapp.administration.monitoring.presenters import build_page
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.access import current_user, requires


@require_GET
@requires(Action.SEE_PERFORMANCE)
def performance(request: HttpRequest) -> HttpResponse:
    """Show what was evaluated beside what runs and readers have shown since. No patient is named."""
    now = timezone.now()
    asked = Asked.read(request.GET, user=current_user(request), now=now)
    return render(request, "monitoring/page.html", {"asked": asked, "spans": SPANS, "page": build_page(asked, now=now)})


@require_GET
@requires(Action.SEE_PERFORMANCE)
def performance_csv(request: HttpRequest) -> HttpResponse:
    """Hand the same numbers out as CSV; written down in the audit trail before they leave."""
    asked = Asked.read(request.GET, user=current_user(request), now=timezone.now())
    details = f"performance, {asked.address() or 'everything'}"
    audit_record(code=Code.FIGURES_EXPORTED, user=current_user(request), request=request, details=details)
    name = f"readroom-performance-{asked.weeks.start:%Y-%m-%d}.csv"
    return HttpResponse(
        write_csv(asked),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
