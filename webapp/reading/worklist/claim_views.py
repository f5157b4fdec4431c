"""Taking a case in hand, putting it back, taking it over, giving it another priority, and the next one please."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from webapp.foundation.accounts.access import current_user, requires
from webapp.foundation.accounts.permissions import Action, may
from webapp.imaging.archive.access import open_study
from webapp.reading.worklist.assignee import describe_assignee
from webapp.reading.worklist.models import Priority, ReadingTask
from webapp.reading.worklist.selectors import tasks_visible
from webapp.reading.worklist.services import (
    NotAssigneeError,
    task_claim,
    task_pick,
    task_read_by_two,
    task_release,
    task_take_over,
    task_triage,
)

NOT_BLIND = "This study has been read or has a signed report, so a second reader would no longer be blinded."
ALL_READ = "Nothing is waiting to be read."


@require_POST
def claim(request: HttpRequest, study: UUID) -> HttpResponse:
    """Take a study in hand, or keep it, and say in a line who has it; the open page asks every minute."""
    task, user = _opened(request, study, Action.READ), current_user(request)
    if may(user, Action.CLAIM_BY_OPENING, task.study) or task.assignee_id == user.pk or "asked" in request.POST:
        try:
            task = task_claim(task=task, user=user)
        except NotAssigneeError:
            task = ReadingTask.objects.select_related("assignee").get(pk=task.pk)
    return render(request, "worklist/assignee.html", describe_assignee(request, task))


@require_POST
def release(request: HttpRequest, study: UUID) -> HttpResponse:
    """Put a study back and show the list."""
    task_release(task=_opened(request, study, Action.READ), user=current_user(request))
    return redirect("worklist")


@require_POST
def take_over(request: HttpRequest, study: UUID) -> HttpResponse:
    """Take a study out of a colleague's hands; a note is asked for."""
    task = _opened(request, study, Action.READ)
    try:
        task_take_over(task=task, note=request.POST.get("note", ""), user=current_user(request), request=request)
    except (ValueError, NotAssigneeError) as refused:
        messages.error(request, str(refused))
    return redirect("study", study)


@require_POST
def two_readers(request: HttpRequest, study: UUID) -> HttpResponse:
    """Ask for a second reader, blind to the first."""
    if not task_read_by_two(task=_opened(request, study, Action.READ), user=current_user(request), request=request):
        messages.error(request, NOT_BLIND)
    return redirect("study", study)


@require_POST
def triage(request: HttpRequest, study: UUID) -> HttpResponse:
    """Give a study another priority, for a reason."""
    task = _opened(request, study, Action.TRIAGE)
    try:
        priority = Priority(int(request.POST.get("priority", "")))
    except ValueError:
        messages.error(request, "Choose a priority.")
        return _back(request)
    try:
        task_triage(
            task=task,
            priority=priority,
            reason=request.POST.get("reason", ""),
            user=current_user(request),
            request=request,
        )
    except ValueError as refused:
        messages.error(request, str(refused))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """Return to the page that sent the form, or to the worklist."""
    back = request.POST.get("back", "")
    is_here = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if is_here else reverse("worklist"))


@require_POST
@requires(Action.READ)
def pick(request: HttpRequest) -> HttpResponse:
    """Open the next case, whichever the list says it is."""
    return next_opened(request)


def next_opened(request: HttpRequest) -> HttpResponse:
    """Open the next case, or the list where nothing waits."""
    user = current_user(request)
    task = task_pick(user=user, tasks=tasks_visible(user))
    if task is None:
        messages.info(request, ALL_READ)
        return redirect("worklist")
    return redirect("study", task.study_id)


def _opened(request: HttpRequest, study: UUID, act: Action) -> ReadingTask:
    opened = open_study(request=request, study=study, act=act)
    return ReadingTask.objects.select_related("assignee", "study").get(study=opened)
