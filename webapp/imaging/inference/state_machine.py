"""The state machine of a run: its table of transitions, and the function that applies one."""

from typing import Any
from uuid import UUID

from django.db import transaction

from webapp.imaging.inference.models import Run, RunEvent

State = Run.State

#: (state, event) -> new state. Any other transition is impossible.
TRANSITIONS: dict[tuple[str, str], str] = {
    (State.QUEUED, "ring"): State.DISPATCHED,
    (State.DISPATCHED, "ring_again"): State.DISPATCHED,
    (State.DISPATCHED, "start"): State.RUNNING,
    (State.DISPATCHED, "finish"): State.DONE,
    (State.RUNNING, "finish"): State.DONE,
    (State.DISPATCHED, "lose"): State.QUEUED,
    (State.RUNNING, "lose"): State.QUEUED,
    (State.DISPATCHED, "give_up"): State.QUARANTINED,
    (State.RUNNING, "give_up"): State.QUARANTINED,
    (State.QUARANTINED, "retry"): State.QUEUED,
}


def run_move(
    *, run: UUID, event: str, from_state: str, attempt: int, detail: str = "", changes: dict[str, Any] | None = None
) -> bool:
    """Apply a transition to a run if it is still in the state that the caller saw.

    Parameters
    ----------
    run, from_state, attempt
        What the caller saw. The transition is one conditional UPDATE: of two concurrent ones, one succeeds.
    event
        An event of `TRANSITIONS`.
    detail
        A plain sentence stored with the event.
    changes
        Other fields of the row to update with it.

    Returns
    -------
    bool
        False if the run has meanwhile moved to another state; nothing is written then.

    Raises
    ------
    KeyError
        If the event is not possible in `from_state`, which is a programming error.
    """
    to_state = TRANSITIONS[(from_state, event)]
    changes = changes or {}
    with transaction.atomic():
        moved = Run.objects.filter(pk=run, state=from_state, attempt=attempt).update(state=to_state, **changes)
        if moved:
            RunEvent.objects.create(
                run_id=run,
                event=event,
                from_state=from_state,
                to_state=to_state,
                attempt=changes.get("attempt", attempt),
                detail=detail[:500],
            )
    return bool(moved)
