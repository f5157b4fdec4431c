"""Priorities and assignees as pages show them."""

from typing import Any

from django.http import HttpRequest

from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.accounts.presenters import user_display_name
from webapp.foundation.core.formatting import Look
from webapp.reading.worklist.models import Priority, ReadingTask

PRIORITIES: dict[Priority, Look] = {
    Priority.STAT: Look("STAT", "first", "Requested as STAT."),
    Priority.URGENT: Look("Urgent", "soon", "Requested as urgent."),
    Priority.ROUTINE: Look("Routine", "routine", "No priority requested."),
}


def describe_assignee(request: HttpRequest, task: ReadingTask) -> dict[str, Any]:
    """Return the context of the line about a task's assignee."""
    is_mine = task.is_claimed_by(request.user)
    return {
        "task": task,
        "is_mine": is_mine,
        "assignee": user_display_name(task.assignee)
        if task.assignee and (task.is_claimed or task.state == ReadingTask.State.DONE)
        else "",
        "may_read": may(request.user, Action.READ, task.study),
    }
