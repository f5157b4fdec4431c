"""The worklist, the actions on its cases (claim, release, take over, triage), and the reading rules of a site."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp.foundation.accounts.access import current_user, requires, selected_site
from webapp.foundation.accounts.models import Site
from webapp.foundation.accounts.permissions import Action, may, sees_all_sites, visible_sites
from webapp.foundation.audit.services import worklist_view_record
from webapp.foundation.core.refusals import Refusal, RefusalReason, show_refusal
from webapp.imaging.archive.access import open_study
from webapp.reading.worklist.extras import draw_notices
from webapp.reading.worklist.filters import WorklistFilter
from webapp.reading.worklist.forms import RulesForm
from webapp.reading.worklist.models import Priority, ReadingTask
from webapp.reading.worklist.presenters import describe_assignee
from webapp.reading.worklist.rows import chips_list, worklist_page, worklist_version
from webapp.reading.worklist.selectors import tasks_visible
from webapp.reading.worklist.services import (
    NotAssigneeError,
    settings_of,
    settings_update,
    task_claim,
    task_pick,
    task_release,
    task_require_two_readers,
    task_take_over,
    task_triage,
)

#: Where the session keeps the words of the search: a name must not come into an address or its log.
WORDS = "worklist_words"


def live(request: HttpRequest, *, version: str) -> dict[str, Any]:
    """Return the context of the part that refreshes itself."""
    user = current_user(request)
    narrowing = WorklistFilter.from_query(request.GET, words=request.session.get(WORDS, ""))
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
    context = {**live(request, version=version), "notices": draw_notices(request, user)}
    return render(request, "worklist/page.html", context)


@require_GET
@requires(Action.SEE)
def worklist_rows(request: HttpRequest) -> HttpResponse:
    """Answer a poll: the new rows, or 204 where nothing changed since the version that the page shows."""
    user = current_user(request)
    version = worklist_version(user)  # Before the rows: news between the two shows up at the next question.
    if request.GET.get("seen") == version:
        return HttpResponse(status=204)
    worklist_view_record(user=user, request=request)
    return render(request, "worklist/live.html", live(request, version=version))


@require_POST
@requires(Action.SEE)
def worklist_search(request: HttpRequest) -> HttpResponse:
    """Save the search words in the session and show the filtered list."""
    request.session[WORDS] = request.POST.get("words", "")[:80]
    query = WorklistFilter.from_query(request.POST, words="").query
    return redirect(reverse("worklist") + (f"?{query}" if query else ""))


NOT_BLIND = RefusalReason(
    "not-blinded", "This study has been read or has a signed report, so a second reader would no longer be blinded."
)
ALL_READ = "Nothing is waiting to be read."


@require_POST
def claim(request: HttpRequest, study: UUID) -> HttpResponse:
    """Claim a study, or renew the claim, and show its assignee; the open page asks every minute."""
    task, user = _get_task(request, study, Action.READ), current_user(request)
    if may(user, Action.CLAIM_BY_OPENING, task.study) or task.assignee_id == user.pk or "asked" in request.POST:
        try:
            task = task_claim(task=task, user=user)
        except NotAssigneeError:
            task = ReadingTask.objects.select_related("assignee").get(pk=task.pk)
    return render(request, "worklist/assignee.html", describe_assignee(request, task))


@require_POST
def release(request: HttpRequest, study: UUID) -> HttpResponse:
    """Release a study and show the list."""
    task_release(task=_get_task(request, study, Action.READ), user=current_user(request))
    return redirect("worklist")


@require_POST
def take_over(request: HttpRequest, study: UUID) -> HttpResponse:
    """Take a study over from a colleague, with a note."""
    task = _get_task(request, study, Action.READ)
    try:
        task_take_over(task=task, note=request.POST.get("note", ""), user=current_user(request), request=request)
    except Refusal as refused:
        show_refusal(request, refused.reason)
    return redirect("study", study)


@require_POST
def two_readers(request: HttpRequest, study: UUID) -> HttpResponse:
    """Require a second reader, blinded to the first."""
    if not task_require_two_readers(
        task=_get_task(request, study, Action.READ), user=current_user(request), request=request
    ):
        show_refusal(request, NOT_BLIND)
    return redirect("study", study)


@require_POST
def triage(request: HttpRequest, study: UUID) -> HttpResponse:
    """Give a study another priority, for a reason."""
    task = _get_task(request, study, Action.TRIAGE)
    try:
        priority = Priority(int(request.POST.get("priority", "")))
    except ValueError:
        show_refusal(request, RefusalReason("no-priority", "Choose a priority."))
        return _go_back(request)
    try:
        task_triage(
            task=task,
            priority=priority,
            reason=request.POST.get("reason", ""),
            user=current_user(request),
            request=request,
        )
    except Refusal as refused:
        show_refusal(request, refused.reason)
    return _go_back(request)


def _go_back(request: HttpRequest) -> HttpResponse:
    """Return to the page that sent the form, or to the worklist."""
    back = request.POST.get("back", "")
    is_here = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if is_here else reverse("worklist"))


@require_POST
@requires(Action.READ)
def pick(request: HttpRequest) -> HttpResponse:
    """Open the next case, whichever the list says it is."""
    return open_next_case(request)


def open_next_case(request: HttpRequest) -> HttpResponse:
    """Open the next case, or the list where nothing waits."""
    user = current_user(request)
    task = task_pick(user=user, tasks=tasks_visible(user))
    if task is None:
        messages.info(request, ALL_READ)
        return redirect("worklist")
    return redirect("study", task.study_id)


def _get_task(request: HttpRequest, study: UUID, act: Action) -> ReadingTask:
    opened = open_study(request=request, study=study, act=act)
    return ReadingTask.objects.select_related("assignee", "study").get(study=opened)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Action.MANAGE_READING)
def rules(request: HttpRequest, site: int | None = None) -> HttpResponse:
    """Show and change the rules of a site, by default the user's own."""
    user = current_user(request)
    sites, chosen = visible_sites(user, Site.objects.order_by("name")), selected_site(user, site)
    form = RulesForm(request.POST or None, instance=settings_of(chosen.pk))
    if request.method == "POST" and form.is_valid():
        settings_update(rules=form.save(commit=False), changed=form.changed_data, user=user, request=request)
        messages.success(request, "Saved. In force from now on.")
        return redirect("reading-rules-of", chosen.pk)
    status = 400 if request.method == "POST" else 200
    return render(request, "worklist/settings.html", {"form": form, "site": chosen, "sites": sites}, status=status)
