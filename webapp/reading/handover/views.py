"""The pages of a hand-over: what is open now, hand it over, look at one, accept it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from webapp.foundation.accounts.permissions import Act, is_everywhere, may
from webapp.foundation.audit.services import worklist_view_record
from webapp.imaging.archive.access import allowed, site_checked, user_of
from webapp.reading.handover import selectors
from webapp.reading.handover.models import Handover
from webapp.reading.handover.services import NotAcceptedError, handover_accept, handover_make


@require_GET
@allowed(Act.SEE)
def handovers(request: HttpRequest) -> HttpResponse:
    """Show what is open now, to be handed over, and the hand-overs so far."""
    user = user_of(request)
    worklist_view_record(user=user, request=request)
    may_make = may(user, Act.READ) and user.site is not None
    shown = {
        "groups": selectors.open_now(user.site) if may_make and user.site else [],
        "may_make": may_make,
        "handovers": selectors.handovers_waiting(user),
        "history": selectors.handovers_list(user),
        "names_site": is_everywhere(user),
    }
    return render(request, "handover/page.html", shown)


@require_POST
@allowed(Act.READ)
def make(request: HttpRequest) -> HttpResponse:
    """Hand over what is open now."""
    try:
        made = handover_make(user=user_of(request), note=request.POST.get("note", ""), request=request)
    except ValueError as refused:
        messages.error(request, str(refused))
        return redirect("handovers")
    return redirect("handover", made.pk)


@require_GET
@allowed(Act.READ)
def handover_waiting(request: HttpRequest) -> HttpResponse:
    """Say on the worklist which hand-overs wait for this reader."""
    waiting = selectors.handovers_waiting(user_of(request))
    return render(request, "handover/waiting.html", {"handovers": waiting})


@require_GET
def handover(request: HttpRequest, handover: int) -> HttpResponse:
    """Show one hand-over, and what of it is settled since."""
    found, user = _opened(request, handover, Act.SEE), user_of(request)
    worklist_view_record(user=user, request=request)
    may_accept = found.accepted_by is None and found.by != user and may(user, Act.READ, found)
    shown = {"handover": found, "groups": selectors.kept(found), "may_accept": may_accept, "is_mine": found.by == user}
    return render(request, "handover/one.html", shown)


@require_POST
def accept(request: HttpRequest, handover: int) -> HttpResponse:
    """Go on with what another left open."""
    found = _opened(request, handover, Act.READ)
    try:
        handover_accept(handover=found, user=user_of(request), request=request)
    except NotAcceptedError as refused:
        messages.error(request, str(refused))
    return redirect("handover", found.pk)


def _opened(request: HttpRequest, handover: int, act: Act) -> Handover:
    found = get_object_or_404(Handover.objects.select_related("site", "by", "accepted_by"), pk=handover)
    site_checked(request=request, of=found, act=act)
    return found
