"""The pages of campaigns: list, new campaign, one campaign, one case, training sets."""

import json
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp.foundation.accounts.access import check_site_access, current_user, requires, selected_site
from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import Action, may, visible_sites
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record, study_view_record
from webapp.foundation.core.refusals import RefusalReason, show_refusal
from webapp.foundation.core.request_params import int_param
from webapp.foundation.outbox.selectors import item_of
from webapp.imaging.inference.image_views import serve_drawing
from webapp.reading.campaigns import selectors, services
from webapp.reading.campaigns.agreement import CaseStatus
from webapp.reading.campaigns.case_selection import matching_series
from webapp.reading.campaigns.dataset_snapshot import DATASET, dataset_request, dataset_retry
from webapp.reading.campaigns.forms import CampaignForm
from webapp.reading.campaigns.models import Answer, Campaign, Case, ConsensusSet
from webapp.reading.campaigns.services import AnswerInput, CampaignRefusedError
from webapp.reading.viewer.vite_manifest import OUTLINING, load_entry
from workers import storage


@require_GET
@requires(Action.READ)
def campaigns(request: HttpRequest) -> HttpResponse:
    """Show the campaigns that concern a user."""
    user = current_user(request)
    context = {"campaigns": selectors.campaigns_list(user), "may_manage": may(user, Action.MANAGE_READING)}
    return render(request, "campaigns/page.html", context)


@require_http_methods(["GET", "POST"])
@requires(Action.MANAGE_READING)
def campaign_create(request: HttpRequest) -> HttpResponse:
    """Show the form of a new campaign; count its matches, or create it."""
    user = current_user(request)
    sites = visible_sites(user, Site.objects.order_by("name"))
    site = selected_site(user, int_param(request.GET.get("site", "")))
    form = CampaignForm(request.POST or None, site=site)
    context = {"form": form, "site": site, "sites": sites, "found": None}
    if request.method == "GET":
        return render(request, "campaigns/new.html", context)
    if form.is_valid() and request.POST.get("do") == "count":
        context["found"] = matching_series(site=site, criteria=form.criteria).count()
        return render(request, "campaigns/new.html", context)
    if form.is_valid():
        try:
            dataset = services.campaign_create(
                site=site,
                question=form.campaign_question,
                criteria=form.criteria,
                readers=form.cleaned_data["readers"],
                user=user,
                request=request,
            )
        except CampaignRefusedError as refused:
            form.add_error(None, ValidationError(str(refused), code=refused.code))
        else:
            return redirect("campaign", dataset.pk)
    return render(request, "campaigns/new.html", context, status=400)


@require_GET
def campaign(request: HttpRequest, campaign: int) -> HttpResponse:
    """Show a campaign: to a reader the next case, to its manager the progress."""
    found, user = _get_campaign(request, campaign, Action.READ), current_user(request)
    progress = selectors.load_progress(found)
    waiting, to_decide, answered = progress.waiting(user), progress.to_decide(user), progress.answered(user)
    context = {
        "campaign": found,
        "progress": progress,
        "is_invited": found.readers.contains(user),
        "waiting": waiting,
        "answered": answered,
        "n_own": len(waiting) + len(answered),
        "to_decide": to_decide,
        "may_manage": may(user, Action.MANAGE_READING, found),
        "statuses": [(status, progress.counts[status]) for status in CaseStatus],
        "sets": found.sets.select_related("requested_by"),
    }
    return render(request, "campaigns/one.html", context)


@require_POST
def campaign_switch(request: HttpRequest, campaign: int) -> HttpResponse:
    """Close a campaign, or open it again."""
    found = _get_campaign(request, campaign, Action.MANAGE_READING)
    state = Campaign.State.OPEN if request.POST.get("to") == "open" else Campaign.State.CLOSED
    services.campaign_switch(campaign=found, state=state, user=current_user(request), request=request)
    return redirect("campaign", found.pk)


@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, case: int) -> HttpResponse:
    """Show one case, without names and without anybody's answer; save the reader's answer and show the next.

    An adjudicator sees the answers of the readers.
    """
    rows = Case.objects.select_related("campaign__site", "series__study", "instance")
    found, user = get_object_or_404(rows, pk=case), current_user(request)
    check_site_access(request=request, of=found.campaign, act=Action.READ)
    as_adjudicator = services.answering_role(case=found, user=user)
    if as_adjudicator is None or not found.campaign.is_open:
        show_refusal(request, RefusalReason("not-assigned", "This case is not, or no longer, assigned to you."))
        return redirect("campaign", found.campaign_id)
    if request.method == "POST":
        try:
            services.answer_create(case=found, user=user, answer=_parse_answer(request), request=request)
        except CampaignRefusedError as refused:
            show_refusal(request, refused.reason)
            return redirect("campaign-case", found.pk)
        return _redirect_to_next(found.campaign, user, as_adjudicator=as_adjudicator)
    study_view_record(user=user, request=request, study=found.series.study_id)
    return render(request, "campaigns/case.html", _case_context(found, user, as_adjudicator=as_adjudicator))


@require_GET
def answer_outline(request: HttpRequest, answer: int) -> HttpResponse:
    """Serve the outline of an answer as PNG, white inside: to its reader, and to the adjudicator."""
    rows = Answer.objects.select_related("case__campaign__site", "case__series")
    found, user = get_object_or_404(rows, pk=answer), current_user(request)
    check_site_access(request=request, of=found.case.campaign, act=Action.READ)
    study = found.case.series.study_id
    if found.reader_id != user.pk and services.answering_role(case=found.case, user=user) is not True:
        audit_record(code=Code.ACCESS_REFUSED, user=user, request=request, study=study, success=False, details="blind")
        raise PermissionDenied
    if not found.outline:
        raise Http404
    study_view_record(user=user, request=request, study=study)
    return serve_drawing(request, storage.mask_path(found.outline), tag=found.outline)


@require_POST
def campaign_sets(request: HttpRequest, campaign: int) -> HttpResponse:
    """Save the current consensus as the next set."""
    found = _get_campaign(request, campaign, Action.MANAGE_READING)
    looked_through = request.POST.get("looked_through") == "on"
    try:
        dataset = dataset_request(
            campaign=found, looked_through=looked_through, user=current_user(request), request=request
        )
    except CampaignRefusedError as refused:
        show_refusal(request, refused.reason)
        return redirect("campaign", found.pk)
    return redirect("campaign-set", dataset.pk)


@require_GET
def campaign_set(request: HttpRequest, dataset: UUID) -> HttpResponse:
    """Show a set; htmx asks for its progress alone."""
    found = _get_dataset(request, dataset)
    template = "campaigns/progress.html" if request.headers.get("HX-Request") else "campaigns/set.html"
    refusals = found.rows.exclude(refused="").select_related("case")
    context = {"set": found, "campaign": found.campaign, "stayed": refusals, "work": item_of(DATASET, found.pk)}
    return render(request, template, context)


@require_POST
def retry(request: HttpRequest, dataset: UUID) -> HttpResponse:
    """Queue the file of a failed set again."""
    dataset_retry(dataset=_get_dataset(request, dataset), user=current_user(request), request=request)
    return redirect("campaign-set", dataset)


@require_GET
def download(request: HttpRequest, dataset: UUID) -> HttpResponseBase:
    """Hand the file out; written down in the audit trail before it leaves."""
    found = _get_dataset(request, dataset)
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


def _get_campaign(request: HttpRequest, campaign: int, act: Action) -> Campaign:
    found = get_object_or_404(Campaign.objects.select_related("site", "created_by"), pk=campaign)
    check_site_access(request=request, of=found, act=act)
    return found


def _get_dataset(request: HttpRequest, dataset: UUID) -> ConsensusSet:
    rows = ConsensusSet.objects.select_related("campaign__site", "requested_by")
    found = get_object_or_404(rows, pk=dataset)
    check_site_access(request=request, of=found.campaign, act=Action.MANAGE_READING)
    return found


def _parse_answer(request: HttpRequest) -> AnswerInput:
    """Read an answer out of a form; raise CampaignRefusedError where there is none."""
    if "label" not in request.POST:
        raise CampaignRefusedError(RefusalReason("no-answer", "Choose an answer."))
    boxes, runs = _parse_list(request, "boxes"), _parse_list(request, "runs")
    if not all(isinstance(box, list) for box in boxes):
        raise CampaignRefusedError(UNREADABLE)
    return AnswerInput(
        label=request.POST["label"],
        boxes=boxes,
        runs=runs or None,
        is_empty=request.POST.get("is_empty") == "on",
        comment=request.POST.get("comment", ""),
        shows_name=request.POST.get("shows_name") == "on",
    )


UNREADABLE = RefusalReason(
    "unreadable-drawing", "The drawing could not be read; nothing was saved. Please draw it again."
)


def _parse_list(request: HttpRequest, field: str) -> list[Any]:
    """Return the list in a field of a form, as JSON; nothing where it is empty."""
    try:
        listed = json.loads(request.POST.get(field) or "[]")
    except ValueError:
        listed = None
    if not isinstance(listed, list):
        raise CampaignRefusedError(UNREADABLE)
    return listed


def _redirect_to_next(campaign: Campaign, user: User, *, as_adjudicator: bool) -> HttpResponse:
    """Go on to the next case of the same work, or back to the campaign when all is done."""
    progress = selectors.load_progress(campaign)
    remaining = progress.to_decide(user) if as_adjudicator else progress.waiting(user)
    return redirect("campaign-case", remaining[0].pk) if remaining else redirect("campaign", campaign.pk)


def _case_context(case: Case, user: User, *, as_adjudicator: bool) -> dict[str, object]:
    own = selectors.own_answer(case=case, user=user, is_adjudication=as_adjudicator)
    others = selectors.case_consensus(case).answers if as_adjudicator else []
    pictures = selectors.pictures_of(case)
    progress = selectors.load_progress(case.campaign)
    answered, waiting = progress.answered(user), progress.waiting(user)
    before = next((one for one in answered if one.pk != case.pk), None)
    return {
        "case": case,
        "campaign": case.campaign,
        "as_adjudicator": as_adjudicator,
        "own": own,
        "others": others,
        "before": None if as_adjudicator else before,
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
            "own": _mask_url(own) if own else None,
            "masks": [_mask_url(one) for one in others],
        },
        "built": load_entry(OUTLINING) if case.campaign.asks_outlines else None,
    }


def _mask_url(answer: Answer) -> str | None:
    """Return the URL of the outline of an answer; None where it is empty."""
    return reverse("campaign-outline", args=[answer.pk]) if answer.outlined else None
