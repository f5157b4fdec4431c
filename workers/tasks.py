"""The tasks that a worker takes from the queue: each names a run and its attempt."""

import logging
from typing import Any
from uuid import UUID

from celery.signals import worker_process_init

from ml.cascade.pathways.declaration import PathwayError
from ml.cascade.weights import WeightsError
from workers.app import app
from workers.dispatch import REGISTER, TASK
from workers.storage import Attempt
from workers.tasks_inference import analyst, attempt_answer

log = logging.getLogger(__name__)


@worker_process_init.connect
def warm(**_sender: Any) -> None:
    """Load the networks before the first task, so that no patient waits for them."""
    try:
        analyst().warm()
    except (WeightsError, PathwayError) as trouble:
        # Not the end: each run will say so, end in quarantine and wait there for the operator.
        log.critical("The cascade cannot work: %s", trouble)


@app.task(name=TASK)
def analyze(run: str, attempt: int) -> None:
    """Answer one attempt: from "dispatched" on the run's row to a result that the web side collects."""
    attempt_answer(Attempt(UUID(run), attempt))


@app.task(name=REGISTER)
def register(registration: str, attempt: int) -> None:
    """Answer one attempt at a registration, in the same way."""
    from workers.tasks_registration import attempt_register  # noqa: PLC0415 - a library that few tasks need

    attempt_register(Attempt(UUID(registration), attempt))
