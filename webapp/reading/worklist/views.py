"""The worklist's page, its self-filling part, and its search."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from webapp.foundation.accounts.permissions import Action, may, sees_all_sites
from webapp.foundation.audit.services import worklist_view_record
from webapp.imaging.archive.access import current_user, requires
from webapp.reading.handover.selectors import handovers_waiting
from webapp.reading.worklist.filters import Narrowing
from webapp.reading.worklist.models import Priority
from webapp.reading.worklist.rows import chips_list, worklist_page, worklist_version

#: Where the session keeps the words of the search: a name must not come into an address or its log.
WORDS = "worklist_words"


def live(request: HttpRequest, *, version: str) -> dict[str, Any]:
    """Return what the self-filling part shows."""
    user = current_user(request)
    narrowing = Narrowing.asked(request.GET, words=request.session.get(WORDS, ""))
    page, rows = worklist_page(user=user, narrowing=narrowing, number=request.GET.get("page"))
    return {
        "narrowing": narrowing,
        "chips": chips_list(user=user, narrowing=narrowing, shown=page.paginator.count),
        "page": page,
        "rows": rows,
        "version": version,
        "names_site": sees_all_sites(user),
        "may_read": may(user, Action.READ),
        "may_triage": may(user, Action.TRIAGE),
        "may_retry": may(user, Action.RETRY),
        "may_upload": may(user, Action.UPLOAD),
        "priorities": Priority.choices,
    }


@require_GET
@requires(Action.SEE)
def worklist(request: HttpRequest) -> HttpResponse:
    """Show the worklist."""
    user = current_user(request)
    version = worklist_version(user)
    worklist_view_record(user=user, request=request)
    shown = {**live(request, version=version), "handovers": handovers_waiting(user)}
    return render(request, "worklist/page.html", shown)


@require_GET
@requires(Action.SEE)
def worklist_rows(request: HttpRequest) -> HttpResponse:
    """Answer a page that asks for news: 204 when there is none since the version that it shows."""
    user = current_user(request)
    version = worklist_version(user)  # Before the rows: news between the two shows up at the next question.
    if request.GET.get("seen") == version:
        return HttpResponse(status=204)
    worklist_view_record(user=user, request=request)
    return render(request, "worklist/live.html", live(request, version=version))


@require_POST
@requires(Action.SEE)
def worklist_search(request: HttpRequest) -> HttpResponse:
    """Keep the words for this session and show the list that they leave."""
    request.session[WORDS] = request.POST.get("words", "")[:80]
    kept = Narrowing.asked(request.POST, words="").query
    return redirect(reverse("worklist") + (f"?{kept}" if kept else ""))
