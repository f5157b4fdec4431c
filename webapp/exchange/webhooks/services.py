"""Subscriptions and notices. A notice is written in the transaction of what it tells: neither is without the other."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from webapp.exchange.webhooks.models import Notice, Subscription, fresh_salt
from webapp.exchange.webhooks.target_addresses import target_of
from webapp.foundation.accounts.models import Site, User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.backoff import FAILURES_ALLOWED, backoff_delay
from webapp.imaging.archive.models import Study

State = Notice.State
#: A sender that is silent for so long has died; longer than one sending may take.
LEASE = timedelta(seconds=40)


def notices_write(*, happening: str, study: Study, **ids: object) -> None:
    """Let subscriptions know that something happened.

    Parameters
    ----------
    happening
        A value of `Happening`.
    study
        To which.
    **ids
        Our ids and UIDs of what else is meant; never a word about a patient.
    """
    subscribed = Subscription.objects.filter(Q(site=None) | Q(site=study.site_id), is_active=True)
    now, event = timezone.now(), uuid.uuid4()
    body = {
        "id": str(event),
        "type": str(happening),
        "at": now.isoformat(),
        "study": str(study.pk),
        "study_instance_uid": study.study_instance_uid,
        **{name: str(value) for name, value in ids.items()},
    }
    told: dict[str, Any] = {"event": event, "happening": happening, "study": study, "body": body, "next_at": now}
    Notice.objects.bulk_create(
        Notice(subscription=one, **told) for one in subscribed if str(happening) in one.happenings
    )


def subscription_create(
    *, name: str, url: str, happenings: list[str], site: Site | None, user: User | None, request: HttpRequest | None
) -> Subscription:
    """Make a subscription; its `secret` is to be shown once.

    Raises
    ------
    webapp.exchange.webhooks.target_addresses.AddressRefusedError
        If nothing may be sent to that address.
    """
    target_of(url)
    with transaction.atomic():
        made = Subscription.objects.create(name=name, url=url, happenings=happenings, site=site)
        _audit(f"{name}: made", user=user, request=request)
    return made


def subscription_change(*, subscription: Subscription, what: str, user: User, request: HttpRequest) -> Subscription:
    """Switch a subscription "on" or "off", or give it another "secret"."""
    known: dict[str, dict[str, Any]] = {
        "secret": {"salt": fresh_salt()},
        "on": {"is_active": True},
        "off": {"is_active": False},
    }
    changes = known[what]
    with transaction.atomic():
        for field, value in changes.items():
            setattr(subscription, field, value)
        subscription.save(update_fields=list(changes))
        _audit(f"{subscription.name}: {what}", user=user, request=request)
    return subscription


def notices_take(*, now: datetime | None = None) -> list[Notice]:
    """Claim the oldest due notice of each subscription: counted before anything is sent."""
    now = now or timezone.now()
    due = Notice.objects.filter(
        state__in=[State.WAITING, State.SENDING], next_at__lte=now, subscription__is_active=True
    )
    first: dict[uuid.UUID, Notice] = {}
    for notice in due.select_related("subscription").order_by("created_at", "pk")[:200]:
        first.setdefault(notice.subscription_id, notice)
    return [notice for notice in first.values() if _claim(notice, until=now + LEASE)]


def notices_recover() -> int:
    """Take back at once what a process that died was sending; for the one process that sends, before it begins."""
    return Notice.objects.filter(state=State.SENDING).update(next_at=timezone.now())


def notice_end(notice: Notice, *, trouble: str) -> None:
    """Write down how an attempt ended; `trouble` is empty where it was taken."""
    now, failures = timezone.now(), notice.failures + 1
    mine = Notice.objects.filter(pk=notice.pk, state=State.SENDING, attempt=notice.attempt)
    if not trouble:
        mine.update(state=State.SENT, said="Taken.", ended_at=now)
    elif failures < FAILURES_ALLOWED:
        next_at = now + backoff_delay(failures)
        mine.update(state=State.WAITING, said=trouble[:200], failures=failures, next_at=next_at)
    else:
        said = f"Failed {failures} times. {trouble}"[:200]
        mine.update(state=State.FAILED, said=said, failures=failures, ended_at=now)


def notice_retry(*, notice: Notice, user: User, request: HttpRequest) -> bool:
    """Send a notice again, now; False where it was taken already."""
    left = Notice.objects.filter(pk=notice.pk, state__in=[State.FAILED, State.WAITING])
    with transaction.atomic():
        retried = left.update(
            state=State.WAITING, failures=0, next_at=timezone.now(), ended_at=None, said="Asked for again."
        )
        if retried:
            _audit(f"{notice.subscription.name}: {notice.event} again", user=user, request=request)
    return bool(retried)


def _claim(notice: Notice, *, until: datetime) -> bool:
    seen = Notice.objects.filter(pk=notice.pk, state=notice.state, attempt=notice.attempt)
    claimed = seen.update(state=State.SENDING, attempt=F("attempt") + 1, next_at=until)
    notice.attempt += 1
    return bool(claimed)


def _audit(details: str, *, user: User | None, request: HttpRequest | None) -> None:
    actor = "" if user else "command line"
    audit_record(code=Code.WEBHOOK_CHANGED, user=user, request=request, actor=actor, details=details)
