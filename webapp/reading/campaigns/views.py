"""The pages of campaigns: all of them, a new one, one, one picture of it, and its sets."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp.foundation.accounts.access import check_site_access, current_user, requires, selected_site
from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import Action, may, visible_sites
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record, study_view_record
from webapp.foundation.core.request_params import int_param
from webapp.foundation.outbox.selectors import item_of
from webapp.imaging.inference.image_views import serve_drawing
from webapp.reading.campaigns import selectors, services
from webapp.reading.campaigns.agreement import CaseStatus
from webapp.reading.campaigns.case_selection import series_found
from webapp.reading.campaigns.dataset_snapshot import DATASET, request_set, set_retry
from webapp.reading.campaigns.forms import CampaignForm
from webapp.reading.campaigns.models import Answer, Campaign, Case, ConsensusSet
from webapp.reading.campaigns.services import CampaignRefusedError, Said
from webapp.reading.viewer.vite_manifest import OUTLINING, load_entry
from workers import storage


@require_GET
@requires(Action.READ)
def campaigns(request: HttpRequest) -> HttpResponse:
    """Show the campaigns that concern a user."""
    user = current_user(request)
    shown = {"campaigns": selectors.campaigns_list(user), "may_manage": may(user, Action.MANAGE_READING)}
    return render(request, "campaigns/page.html", shown)


@require_http_methods(["GET", "POST"])
@requires(Action.MANAGE_READING)
def campaign_make(request: HttpRequest) -> HttpResponse:
    """Show the form of a new campaign; count what it would find, or make it."""
    user = current_user(request)
    sites = visible_sites(user, Site.objects.order_by("name"))
    site = selected_site(user, int_param(request.GET.get("site", "")))
    form = CampaignForm(request.POST or None, site=site)
    shown = {"form": form, "site": site, "sites": sites, "found": None}
    if request.method == "GET":
        return render(request, "campaigns/new.html", shown)
    if form.is_valid() and request.POST.get("do") == "count":
        shown["found"] = series_found(site=site, wanted=form.wanted).count()
        return render(request, "campaigns/new.html", shown)
    if form.is_valid():
        try:
            made = services.campaign_make(
                site=site,
                asked=form.asked,
                wanted=form.wanted,
                readers=form.cleaned_data["readers"],
                user=user,
                request=request,
            )
        except CampaignRefusedError as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("campaign", made.pk)
    return render(request, "campaigns/new.html", shown, status=400)


@require_GET
def campaign(request: HttpRequest, campaign: int) -> HttpResponse:
    """Show a campaign: to a reader what is next, to who runs it how far all are."""
    found, user = _opened(request, campaign, Action.READ), current_user(request)
    progress = selectors.progress_of(found)
    waiting, to_decide, answered = progress.waiting(user), progress.to_decide(user), progress.answered(user)
    shown = {
        "campaign": found,
        "progress": progress,
        "is_invited": found.readers.contains(user),
        "waiting": waiting,
        "answered": answered,
        "n_own": len(waiting) + len(answered),
        "to_decide": to_decide,
        "may_manage": may(user, Action.MANAGE_READING, found),
        "stands": [(stand, progress.counts[stand]) for stand in CaseStatus],
        "sets": found.sets.select_related("requested_by"),
    }
    return render(request, "campaigns/one.html", shown)


@require_POST
def campaign_switch(request: HttpRequest, campaign: int) -> HttpResponse:
    """Close a campaign, or open it again."""
    found = _opened(request, campaign, Action.MANAGE_READING)
    state = Campaign.State.OPEN if request.POST.get("to") == "open" else Campaign.State.CLOSED
    services.campaign_switch(campaign=found, state=state, user=current_user(request), request=request)
    return redirect("campaign", found.pk)


@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, case: int) -> HttpResponse:
    """Show one picture, without names and without anybody's answer; keep what the reader says and show the next.

    Whoever decides between readers that differ sees their answers.
    """
    rows = Case.objects.select_related("campaign__site", "series__study", "instance")
    found, user = get_object_or_404(rows, pk=case), current_user(request)
    check_site_access(request=request, of=found.campaign, act=Action.READ)
    as_third = services.answers_as(case=found, user=user)
    if as_third is None or not found.campaign.is_open:
        messages.error(request, "This case is not assigned to you (any more).")
        return redirect("campaign", found.campaign_id)
    if request.method == "POST":
        try:
            services.answer_give(case=found, user=user, said=_said(request), request=request)
        except CampaignRefusedError as refused:
            messages.error(request, str(refused))
            return redirect("campaign-case", found.pk)
        return _onward(found.campaign, user, as_third=as_third)
    study_view_record(user=user, request=request, study=found.series.study_id)
    return render(request, "campaigns/case.html", _case_shown(found, user, as_third=as_third))


@require_GET
def answer_outline(request: HttpRequest, answer: int) -> HttpResponse:
    """Serve the outline of an answer as PNG, white inside: to whoever gave it, and to the third who decides."""
    rows = Answer.objects.select_related("case__campaign__site", "case__series")
    found, user = get_object_or_404(rows, pk=answer), current_user(request)
    check_site_access(request=request, of=found.case.campaign, act=Action.READ)
    study = found.case.series.study_id
    if found.reader_id != user.pk and services.answers_as(case=found.case, user=user) is not True:
        audit_record(code=Code.ACCESS_REFUSED, user=user, request=request, study=study, success=False, details="blind")
        raise PermissionDenied
    if not found.outline:
        raise Http404
    study_view_record(user=user, request=request, study=study)
    return serve_drawing(request, storage.mask_path(found.outline), tag=found.outline)


@require_POST
def campaign_sets(request: HttpRequest, campaign: int) -> HttpResponse:
    """Keep what is agreed on now as the next set."""
    found = _opened(request, campaign, Action.MANAGE_READING)
    looked_through = request.POST.get("looked_through") == "on"
    try:
        made = request_set(campaign=found, looked_through=looked_through, user=current_user(request), request=request)
    except CampaignRefusedError as refused:
        messages.error(request, str(refused))
        return redirect("campaign", found.pk)
    return redirect("campaign-set", made.pk)


@require_GET
def campaign_set(request: HttpRequest, made: UUID) -> HttpResponse:
    """Show a set; htmx asks for its progress alone."""
    found = _set_opened(request, made)
    template = "campaigns/progress.html" if request.headers.get("HX-Request") else "campaigns/set.html"
    stayed = found.rows.exclude(refused="").select_related("case")
    shown = {"set": found, "campaign": found.campaign, "stayed": stayed, "work": item_of(DATASET, found.pk)}
    return render(request, template, shown)


@require_POST
def retry(request: HttpRequest, made: UUID) -> HttpResponse:
    """Make the file of a set again that failed."""
    set_retry(made=_set_opened(request, made), user=current_user(request), request=request)
    return redirect("campaign-set", made)


@require_GET
def download(request: HttpRequest, made: UUID) -> HttpResponseBase:
    """Hand the file out; written down in the audit trail before it leaves."""
    found = _set_opened(request, made)
    if found.state != ConsensusSet.State.DONE:
        raise Http404
    try:
        file = storage.export_path(found.pk).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    details = f"campaign {found.campaign_id}, set {found.number}"
    audit_record(code=Code.SET_FETCHED, user=current_user(request), request=request, details=details)
    name = f"readroom-campaign-{found.campaign_id}-v{found.number}.zip"
    return FileResponse(file, as_attachment=True, filename=name)


def _opened(request: HttpRequest, campaign: int, act: Action) -> Campaign:
    found = get_object_or_404(Campaign.objects.select_related("site", "created_by"), pk=campaign)
    check_site_access(request=request, of=found, act=act)
    return found


def _set_opened(request: HttpRequest, made: UUID) -> ConsensusSet:
    rows = ConsensusSet.objects.select_related("campaign__site", "requested_by")
    found = get_object_or_404(rows, pk=made)
    check_site_access(request=request, of=found.campaign, act=Action.MANAGE_READING)
    return found


def _said(request: HttpRequest) -> Said:
    """Read an answer out of a form; raise CampaignRefusedError where there is none."""
    if "label" not in request.POST:
        raise CampaignRefusedError("Please pick an answer.")
    boxes, runs = _listed(request, "boxes"), _listed(request, "runs")
    if not all(isinstance(box, list) for box in boxes):
        raise CampaignRefusedError(UNREADABLE)
    return Said(
        label=request.POST["label"],
        boxes=boxes,
        runs=runs or None,
        is_empty=request.POST.get("is_empty") == "on",
        comment=request.POST.get("comment", ""),
        shows_name=request.POST.get("shows_name") == "on",
    )


UNREADABLE = "What was drawn could not be read; nothing was kept. Please draw it again."


def _listed(request: HttpRequest, field: str) -> list[Any]:
    """Return the list in a field of a form, as JSON; nothing where it is empty."""
    try:
        listed = json.loads(request.POST.get(field) or "[]")
    except ValueError:
        listed = None
    if not isinstance(listed, list):
        raise CampaignRefusedError(UNREADABLE)
    return listed


def _onward(campaign: Campaign, user: User, *, as_third: bool) -> HttpResponse:
    """Go on to the next case of the same work, or back to the campaign when all is done."""
    progress = selectors.progress_of(campaign)
    left = progress.to_decide(user) if as_third else progress.waiting(user)
    return redirect("campaign-case", left[0].pk) if left else redirect("campaign", campaign.pk)


def _case_shown(case: Case, user: User, *, as_third: bool) -> dict[str, object]:
    own = selectors.own_answer(case=case, user=user, is_third=as_third)
    others = selectors.standing_of(case).answers if as_third else []
    pictures = selectors.pictures_of(case)
    progress = selectors.progress_of(case.campaign)
    answered, waiting = progress.answered(user), progress.waiting(user)
    before = next((one for one in answered if one.pk != case.pk), None)
    return {
        "case": case,
        "campaign": case.campaign,
        "as_third": as_third,
        "own": own,
        "others": others,
        "before": None if as_third else before,
        "n_done": len(answered),
        "n_all": len(answered) + len(waiting),
        "edges": ("Left", "Top", "Right", "Bottom"),
        "drawn": {
            "slices": [reverse("frame", args=[image.pk, frame]) for image, frame in pictures],
            "key": pictures.index((case.instance, case.frame)),
            "columns": case.instance.columns,
            "rows": case.instance.rows,
            "boxes": own.boxes if own else [],
            "others": [one.boxes for one in others],
            "asksBoxes": case.campaign.asks_boxes,
            "own": _mask_address(own) if own else None,
            "masks": [_mask_address(one) for one in others],
        },
        "built": load_entry(OUTLINING) if case.campaign.asks_outlines else None,
    }


def _mask_address(answer: Answer) -> str | None:
    """Return where the outline of an answer is fetched; None where there is nothing to be seen of it."""
    return reverse("campaign-outline", args=[answer.pk]) if answer.outlined else None
