"""What a worker does when the doorbell rings."""

from uuid import UUID

from workers.analysis import attempt_answer
from workers.app import app
from workers.doorbell import TASK
from workers.storage import Attempt


@app.task(name=TASK)
def analyze(run: str, attempt: int) -> None:
    """Answer one attempt: from "rung" on the run's row to a result that the web side collects."""
    attempt_answer(Attempt(UUID(run), attempt))
