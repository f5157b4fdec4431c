"""The pages of a hand-over: what is open now, hand it over, look at one, accept it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from webapp.foundation.accounts.access import check_site_access, current_user, requires
from webapp.foundation.accounts.permissions import Action, may, sees_all_sites
from webapp.foundation.audit.services import worklist_view_record
from webapp.foundation.core.refusals import Refusal, show_refusal
from webapp.reading.handover import selectors
from webapp.reading.handover.models import Handover
from webapp.reading.handover.services import NotAcceptedError, handover_accept, handover_create


@require_GET
@requires(Action.SEE)
def handovers(request: HttpRequest) -> HttpResponse:
    """Show what is open now, to be handed over, and the hand-overs so far."""
    user = current_user(request)
    worklist_view_record(user=user, request=request)
    may_make = may(user, Action.READ) and user.site is not None
    context = {
        "groups": selectors.open_groups(user.site) if may_make and user.site else [],
        "may_make": may_make,
        "handovers": selectors.handovers_waiting(user),
        "history": selectors.handovers_list(user),
        "names_site": sees_all_sites(user),
    }
    return render(request, "handover/page.html", context)


@require_POST
@requires(Action.READ)
def create(request: HttpRequest) -> HttpResponse:
    """Hand over the items that are open now."""
    try:
        created = handover_create(user=current_user(request), note=request.POST.get("note", ""), request=request)
    except Refusal as refused:
        show_refusal(request, refused.reason)
        return redirect("handovers")
    return redirect("handover", created.pk)


@require_GET
@requires(Action.READ)
def handover_waiting(request: HttpRequest) -> HttpResponse:
    """Say on the worklist which hand-overs wait for this reader."""
    waiting = selectors.handovers_waiting(current_user(request))
    return render(request, "handover/waiting.html", {"handovers": waiting})


@require_GET
def handover(request: HttpRequest, handover: int) -> HttpResponse:
    """Show one hand-over, and what of it is settled since."""
    found, user = _get_handover(request, handover, Action.SEE), current_user(request)
    worklist_view_record(user=user, request=request)
    may_accept = found.accepted_by is None and found.by != user and may(user, Action.READ, found)
    context = {
        "handover": found,
        "groups": selectors.handover_groups(found),
        "may_accept": may_accept,
        "is_mine": found.by == user,
    }
    return render(request, "handover/one.html", context)


@require_POST
def accept(request: HttpRequest, handover: int) -> HttpResponse:
    """Accept the hand-over of another reader."""
    found = _get_handover(request, handover, Action.READ)
    try:
        handover_accept(handover=found, user=current_user(request), request=request)
    except NotAcceptedError as refused:
        show_refusal(request, refused.reason)
    return redirect("handover", found.pk)


def _get_handover(request: HttpRequest, handover: int, act: Action) -> Handover:
    found = get_object_or_404(Handover.objects.select_related("site", "by", "accepted_by"), pk=handover)
    check_site_access(request=request, of=found, act=act)
    return found
