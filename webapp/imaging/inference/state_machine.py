"""How a run moves: one table, and one function that moves it."""

from typing import Any
from uuid import UUID

from django.db import transaction

from webapp.imaging.inference.models import Run, RunEvent

State = Run.State

#: (from, event) -> to. What is not here cannot happen.
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
    """Move a run, if it still stands where the caller saw it.

    Parameters
    ----------
    run, from_state, attempt
        What the caller saw. The move is one conditional UPDATE: of two that try, one succeeds.
    event
        A word of `TRANSITIONS`.
    detail
        A plain sentence kept with the event.
    changes
        Other fields of the row that change with it.

    Returns
    -------
    bool
        False where somebody else moved it first; nothing is written then.

    Raises
    ------
    KeyError
        If the event is not possible in `from_state`: a mistake in our code.
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
