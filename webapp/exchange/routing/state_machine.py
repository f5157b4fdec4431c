"""How a delivery moves: one table, and one function that moves it."""

from typing import Any

from webapp.exchange.routing.models import Delivery

State = Delivery.State

#: (from, event) -> to. What is not here cannot happen.
TRANSITIONS: dict[tuple[str, str], str] = {
    (State.WAITING, "begin"): State.SENDING,
    (State.SENDING, "finish"): State.SENT,
    (State.SENDING, "lose"): State.WAITING,
    (State.SENDING, "give_up"): State.FAILED,
    (State.FAILED, "retry"): State.WAITING,
    (State.WAITING, "retry"): State.WAITING,
}


def delivery_move(*, delivery: Delivery, event: str, said: str | None = None, **changes: Any) -> bool:
    """Move a delivery, if it still stands where the caller saw it.

    Parameters
    ----------
    delivery
        As the caller saw it. The move is one conditional UPDATE: of two that try, one succeeds.
    event
        A word of `TRANSITIONS`.
    said
        The sentence that people read, None to leave the former one.
    **changes
        Other fields of the row that change with it.

    Returns
    -------
    bool
        False where somebody else moved it first; nothing is written then.

    Raises
    ------
    KeyError
        If the event is not possible in the delivery's state: a mistake in our code.
    """
    changes["state"] = TRANSITIONS[(delivery.state, event)]
    if said is not None:
        changes["said"] = said[:300]
    seen = Delivery.objects.filter(pk=delivery.pk, state=delivery.state, attempt=delivery.attempt)
    if not seen.update(**changes):
        return False
    for field, value in changes.items():
        setattr(delivery, field, value)
    return True
