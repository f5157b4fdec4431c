"""The line that says who has a study in hand."""

from typing import Any

from django.http import HttpRequest

from webapp.foundation.accounts.permissions import Act, may
from webapp.imaging.inference.presenters import name_of
from webapp.reading.worklist.models import Task


def held_shown(request: HttpRequest, task: Task) -> dict[str, Any]:
    """Return what the line about a task's holder shows."""
    is_mine = task.is_held_by(request.user)
    return {
        "task": task,
        "is_mine": is_mine,
        "holder": name_of(task.holder) if task.holder and (task.is_held or task.state == Task.State.DONE) else "",
        "may_read": may(request.user, Act.READ, task.study),
    }
