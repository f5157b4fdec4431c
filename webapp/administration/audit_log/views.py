"""The audit page: search, and proof that nobody has rewritten the trail."""

from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from webapp.administration.audit_log.selectors import AuditFilter, audit_list, words_of
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.audit.services import audit_record, chain_verify
from webapp.imaging.archive.access import current_user, requires
from webapp.reading.reviews.blinding import studies_hidden_from

PER_PAGE = 50


@require_GET
@requires(Action.SEARCH_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Show events, the newest first. Each search is an event itself, written before its answer is read."""
    search = AuditFilter(request.GET, queryset=audit_list())
    if search.is_valid():
        audit_record(code=Code.AUDIT_SEARCHED, user=current_user(request), request=request, details=words_of(search))
    page = Paginator(search.qs if search.is_valid() else audit_list().none(), PER_PAGE).get_page(
        request.GET.get("page")
    )
    shown = {"search": search, "page": page, "query": _without_page(request), "zone": settings.TIME_ZONE}
    return render(request, "audit_log/page.html", {**shown, "kept": _kept(current_user(request), page)})


@require_POST
@requires(Action.SEARCH_AUDIT)
def audit_verify(request: HttpRequest) -> HttpResponse:
    """Walk the chain and say whether it holds."""
    held, broken = chain_verify()
    audit_record(
        code=Code.AUDIT_SEARCHED,
        user=current_user(request),
        request=request,
        success=broken is None,
        details=f"chain verified: {held} events hold" + (f", number {broken} does not" if broken else ""),
    )
    return render(request, "audit_log/verified.html", {"held": held, "broken": broken})


def _kept(user: User, page: Page[AuditEvent]) -> set[UUID | None]:
    """Return the studies of a page of which somebody who may read them must not learn yet what others found."""
    named = {event.study for event in page if event.study}
    return set(studies_hidden_from(user).filter(pk__in=named).values_list("pk", flat=True))


def _without_page(request: HttpRequest) -> str:
    """Return the search's part of the address, for the links to its other pages."""
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()
