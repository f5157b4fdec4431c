"""Subscriptions and notices. A notice is written in the transaction of its event: neither exists without the other."""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from webapp.exchange.webhooks.models import Notice, Subscription, fresh_salt
from webapp.exchange.webhooks.target_addresses import target_of
from webapp.foundation.accounts.models import Site, User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.outbox.services import enqueue, retry_now
from webapp.imaging.archive.models import Study

State = Notice.State
#: The kind of work in the outbox.
NOTICE = "notice"


@transaction.atomic
def notices_write(*, happening: str, study: Study, **ids: object) -> None:
    """Create and enqueue a notice of an event for each active subscription to it.

    Parameters
    ----------
    happening
        A value of `Happening`.
    study
        The study that it concerns.
    **ids
        Ids and UIDs of other objects concerned; never patient data.
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
    for one in subscribed:
        if str(happening) in one.happenings:
            notice = Notice.objects.create(subscription=one, event=event, happening=happening, study=study, body=body)
            enqueue(NOTICE, notice.pk, lane=one.pk)


def subscription_create(
    *, name: str, url: str, happenings: list[str], site: Site | None, user: User | None, request: HttpRequest | None
) -> Subscription:
    """Create and return a subscription; its `secret` is to be shown only once.

    Raises
    ------
    webapp.exchange.webhooks.target_addresses.AddressRefusedError
        If nothing may be sent to that URL.
    """
    target_of(url)
    with transaction.atomic():
        made = Subscription.objects.create(name=name, url=url, happenings=happenings, site=site)
        _audit(f"{name}: made", user=user, request=request)
    return made


def subscription_change(*, subscription: Subscription, what: str, user: User, request: HttpRequest) -> Subscription:
    """Switch a subscription "on" or "off", or give it a new "secret", depending on `what`."""
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


@transaction.atomic
def notice_retry(*, notice: Notice, user: User, request: HttpRequest) -> bool:
    """Retry a notice at once; return False if it is being sent or has been accepted."""
    retried = retry_now(NOTICE, notice.pk)
    if retried:
        notice_wait_again(notice=notice, user=user, request=request)
    return retried


def notice_wait_again(*, notice: Notice, user: User, request: HttpRequest) -> None:
    """Return a notice to the waiting state and audit who requested it; the caller updates the outbox."""
    Notice.objects.filter(pk=notice.pk).update(state=State.WAITING, ended_at=None, said="Requested again.")
    _audit(f"{notice.subscription.name}: {notice.event} again", user=user, request=request)


def _audit(details: str, *, user: User | None, request: HttpRequest | None) -> None:
    actor = "" if user else "command line"
    audit_record(code=Code.WEBHOOK_CHANGED, user=user, request=request, actor=actor, details=details)
