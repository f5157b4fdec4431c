"""The network page, where administrators manage destinations, and the sending panel of the study page."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from webapp.exchange.dicom_scp.sender_activity import sender_list
from webapp.exchange.routing.echo import echo_destination
from webapp.exchange.routing.forms import DestinationForm
from webapp.exchange.routing.models import Delivery, Destination
from webapp.exchange.routing.selectors import LIVE, deliveries_of, delivery_list, destination_list
from webapp.exchange.routing.services import (
    NothingToSendError,
    delivery_ask,
    delivery_retry,
    destinations_open,
    has_results,
)
from webapp.foundation.accounts.access import current_user, requires
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.archive.access import check_study_access, open_study
from webapp.imaging.archive.models import Study

CHOOSE = "Choose a destination."


@require_http_methods(["GET", "POST"])
@requires(Action.MANAGE_DESTINATIONS)
def network(request: HttpRequest) -> HttpResponse:
    """Show senders, destinations and deliveries; on POST, add a destination."""
    if request.GET.get("part") == "deliveries":
        return render(request, "routing/deliveries.html", _deliveries_listed())
    form = DestinationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _saved(request, form)
        return redirect("network")
    shown = {"form": form, "destinations": destination_list(), "senders": sender_list()}
    return render(request, "routing/network.html", {**shown, **_deliveries_listed()})


@require_http_methods(["GET", "POST"])
@requires(Action.MANAGE_DESTINATIONS)
def destination(request: HttpRequest, destination: int) -> HttpResponse:
    """Show one destination; on POST, change it."""
    found = get_object_or_404(Destination, pk=destination)
    form = DestinationForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        _saved(request, form)
        return redirect("network")
    return render(
        request, "routing/destination.html", {"form": form, "name": Destination.objects.get(pk=found.pk).name}
    )


@require_POST
@requires(Action.MANAGE_DESTINATIONS)
def destination_echo(request: HttpRequest, destination: int) -> HttpResponse:
    """Test whether a destination answers, and show the result."""
    found = get_object_or_404(Destination, pk=destination)
    return render(request, "routing/echoed.html", {"trouble": echo_destination(found)})


@require_http_methods(["GET", "POST"])
def study_sending(request: HttpRequest, study: UUID) -> HttpResponse:
    """Show the deliveries and possible destinations of a study, for the study page; on POST, request a delivery."""
    opened = open_study(request=request, study=study, act=Action.SEND)
    if request.method == "POST":
        said = _asked(request, opened)
        return render(request, "routing/deliveries.html", {**_deliveries_of(opened), "trouble": said})
    if request.GET.get("part") == "deliveries":
        return render(request, "routing/deliveries.html", _deliveries_of(opened))
    shown = {"study": opened, "destinations": destinations_open(opened), "has_results": has_results(opened)}
    return render(request, "routing/study.html", {**shown, **_deliveries_of(opened)})


@require_POST
def retry(request: HttpRequest, delivery: UUID) -> HttpResponse:
    """Retry what a destination has not accepted."""
    found = get_object_or_404(Delivery.objects.select_related("study", "destination"), pk=delivery)
    study = check_study_access(request=request, study=found.study, act=Action.SEND)
    delivery_retry(delivery=found, user=current_user(request), request=request)
    return redirect("network") if request.POST.get("from") == "network" else redirect("study", study.pk)


def _asked(request: HttpRequest, study: Study) -> str:
    """Request a delivery; return the reason if that is not possible, otherwise ""."""
    chosen = {str(one.pk): one for one in destinations_open(study)}.get(request.POST.get("destination", ""))
    what = request.POST.get("what", "")
    if chosen is None or what not in Delivery.What:
        return CHOOSE
    try:
        delivery_ask(study=study, destination=chosen, what=what, user=current_user(request), request=request)
    except NothingToSendError as nothing:
        return str(nothing)
    return ""


def _saved(request: HttpRequest, form: DestinationForm) -> None:
    saved = form.save()
    details = f"{saved.name}: {', '.join(form.changed_data) or 'nothing'}"
    audit_record(code=Code.DESTINATION_CHANGED, user=current_user(request), request=request, details=details)


def _deliveries_listed() -> dict[str, Any]:
    deliveries = delivery_list()
    return {"deliveries": deliveries, "is_live": any(one.state in LIVE for one, _ in deliveries), "of": None}


def _deliveries_of(study: Study) -> dict[str, Any]:
    deliveries = deliveries_of(study)
    return {"deliveries": deliveries, "is_live": any(one.state in LIVE for one, _ in deliveries), "of": study}
