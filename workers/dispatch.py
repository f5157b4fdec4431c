"""Waking a worker through the queue. A message may get lost or arrive twice; neither does harm."""

from uuid import UUID

from kombu.exceptions import OperationalError

from workers import bell
from workers.app import QUEUE, app

TASK = "analysis.analyze"
REGISTER = "analysis.register"


def dispatch(*, run: UUID, attempt: int, task: str = TASK) -> bool:
    """Tell the queue that an attempt waits; False where the queue cannot be reached now."""
    try:
        app.send_task(task, args=[str(run), attempt], queue=QUEUE, retry=False)
    except (OperationalError, OSError):
        return False
    bell.ring(bell.QUEUE)
    return True
