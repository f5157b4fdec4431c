"""The line that says who has a study in hand."""

from typing import Any

from django.http import HttpRequest

from webapp.foundation.accounts.permissions import Action, may
from webapp.imaging.inference.presenters import user_display_name
from webapp.reading.worklist.models import ReadingTask


def describe_assignee(request: HttpRequest, task: ReadingTask) -> dict[str, Any]:
    """Return what the line about a task's holder shows."""
    is_mine = task.is_held_by(request.user)
    return {
        "task": task,
        "is_mine": is_mine,
        "assignee": user_display_name(task.assignee)
        if task.assignee and (task.is_held or task.state == ReadingTask.State.DONE)
        else "",
        "may_read": may(request.user, Action.READ, task.study),
    }
