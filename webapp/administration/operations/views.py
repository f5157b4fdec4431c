"""The page on which administrators see what is done behind the pages: what waits, what failed, since when."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from webapp.foundation.accounts.access import current_user, requires
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.core.daemons import heartbeats
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import kind_of
from webapp.foundation.outbox.selectors import backlog, failed_items
from webapp.foundation.outbox.services import retry_failed


@require_GET
@requires(Action.MANAGE_WORK)
def background_work(request: HttpRequest) -> HttpResponse:
    """Show every kind of work, the services that do it, and what waits for a person."""
    failed = [(item, kind_of(item.kind), kind_of(item.kind).page(item.subject)) for item in failed_items()]
    return render(request, "operations/page.html", {"kinds": backlog(), "services": heartbeats(), "failed": failed})


@require_POST
@requires(Action.MANAGE_WORK)
def retry(request: HttpRequest, item: int) -> HttpResponse:
    """Take a piece of work out of quarantine."""
    retry_failed(get_object_or_404(OutboxItem, pk=item), user=current_user(request), request=request)
    return redirect("background-work")
