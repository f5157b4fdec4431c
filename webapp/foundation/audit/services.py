"""Writing the audit trail, and checking that nobody has rewritten it."""

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent

FIRST = "0" * 64
#: A number of our own choosing that names the chain's lock in PostgreSQL.
CHAIN_LOCK = 110_101
#: One look at a study is one event: its pictures are asked for one by one.
ONE_LOOK = timedelta(minutes=15)


@dataclass(frozen=True)
class Look:
    """Something that somebody looks at piece by piece, as this process remembers it."""

    code: str
    actor: str
    study: UUID | None

    @property
    def is_noted(self) -> bool:
        """Whether it is known, without asking the database, that the trail has an event of it."""
        return time.time() < _noted.get(self, 0.0)

    def remember(self, at: datetime) -> None:
        """Know that the trail has an event of that time."""
        if len(_noted) >= REMEMBERED:
            _noted.clear()
        _noted[self] = (at + ONE_LOOK).timestamp()


#: Looks that this process need not ask the database about, and until when.
_noted: dict[Look, float] = {}
REMEMBERED = 20_000


def digest_of(event: AuditEvent) -> str:
    """Return the sha256 that chains an event to the one before it."""
    told = [
        event.previous,
        event.at.isoformat(),
        event.code,
        event.actor,
        event.address,
        str(event.study or ""),
        event.success,
        event.details,
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def audit_record(
    *,
    code: Code,
    user: AbstractBaseUser | AnonymousUser | None = None,
    request: HttpRequest | None = None,
    study: UUID | None = None,
    success: bool = True,
    details: str = "",
    actor: str = "",
    address: str = "",
) -> AuditEvent:
    """Append one event; `actor` and `address` are for those who come without an account or a browser.

    Raises
    ------
    django.db.DatabaseError
        If it cannot be written. Callers let this through: what cannot be audited is not shown.
    """
    event = AuditEvent(
        at=timezone.now(),
        code=code,
        actor=actor or (user.get_username() if user else ""),
        address=address or ((request.META.get("REMOTE_ADDR") or "") if request else ""),
        study=study,
        success=success,
        details=details[:500],
    )
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # SQLite's writers already stand in line; here the chain's end needs a lock of its own.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
        last = AuditEvent.objects.order_by("-pk").values_list("digest", flat=True).first()
        event.previous = last or FIRST
        event.digest = digest_of(event)
        event.save(force_insert=True)
    return event


def study_view_record(*, user: AbstractBaseUser, request: HttpRequest, study: UUID) -> None:
    """Record that `user` looked at a study, once a look rather than once a picture."""
    look_record(Code.STUDY_VIEWED, user=user, request=request, study=study)


def worklist_view_record(*, user: AbstractBaseUser, request: HttpRequest) -> None:
    """Record that `user` looked at the worklist, once a look rather than at each of its questions for news."""
    look_record(Code.WORKLIST_VIEWED, user=user, request=request, study=None)


def look_record(code: Code, *, user: AbstractBaseUser, request: HttpRequest, study: UUID | None) -> None:
    """Record something that is asked for piece by piece: once a look, whatever the number of pieces."""
    look = Look(code, user.get_username(), study)
    if look.is_noted:
        return
    noted = AuditEvent.objects.filter(code=code, actor=look.actor, study=study, at__gte=timezone.now() - ONE_LOOK)
    at = noted.order_by("-at").values_list("at", flat=True).first()
    if at is None:
        at = audit_record(code=code, user=user, request=request, study=study).at
    # Remembered only once it is certain that the event stays: what is written down is never taken back.
    transaction.on_commit(partial(look.remember, at))


def refusal_record(*, actor: str, request: HttpRequest, details: str) -> None:
    """Record a sign-in that a program keeps trying and is always refused: once a quarter of an hour and address."""
    address = request.META.get("REMOTE_ADDR") or ""
    same = AuditEvent.objects.filter(code=Code.SIGN_IN_REFUSED, actor=actor, address=address, details=details)
    if not same.filter(at__gte=timezone.now() - ONE_LOOK).exists():
        audit_record(code=Code.SIGN_IN_REFUSED, actor=actor, request=request, success=False, details=details)


def chain_verify() -> tuple[int, int | None]:
    """Walk the whole chain.

    Returns
    -------
    tuple of int and int or None
        How many events hold, and the number of the first that does not (None where all do).
    """
    previous, held = FIRST, 0
    for event in AuditEvent.objects.order_by("pk").iterator():
        if event.previous != previous or event.digest != digest_of(event):
            return held, event.pk
        previous, held = event.digest, held + 1
    return held, None
