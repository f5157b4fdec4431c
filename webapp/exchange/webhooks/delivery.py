"""Sending notices: signed, to the address that was checked, without following redirects."""

import hashlib
import hmac
import json
import time
from datetime import timedelta

import httpx
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from webapp.exchange.webhooks.models import Notice, Subscription
from webapp.exchange.webhooks.services import NOTICE, notice_wait_again
from webapp.exchange.webhooks.target_addresses import AddressRefusedError, target_of
from webapp.foundation.accounts.models import User
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import Group, Kind, Policy, register
from webapp.foundation.outbox.services import RetryLater, complete

TIMEOUT = httpx.Timeout(10, connect=5)
AT_ONCE = 4
State = Notice.State


def signature_of(secret: str, *, timestamp: str, body: bytes) -> str:
    """Return the signature of a body: the HMAC-SHA256 of timestamp, "." and body, in hexadecimal after "v1="."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def deliver_notice(item: OutboxItem) -> None:
    """Send a notice and record the outcome.

    Raises
    ------
    webapp.foundation.outbox.services.RetryLater
        If it was not accepted.
    """
    notice = Notice.objects.select_related("subscription").get(pk=item.subject)
    Notice.objects.filter(pk=notice.pk).update(state=State.SENDING)
    if trouble := notice_send(notice):
        raise RetryLater(trouble)
    with transaction.atomic():
        complete(item)
        Notice.objects.filter(pk=notice.pk).update(state=State.SENT, said="Accepted.", ended_at=timezone.now())


def notice_send(notice: Notice) -> str:
    """Send one notice; return why it was not accepted, or "" if it was."""
    body = json.dumps(notice.body, separators=(",", ":")).encode()
    timestamp = str(int(time.time()))
    try:
        target = target_of(notice.subscription.url)
        headers = {
            "Host": target.url.netloc.decode(),
            "Content-Type": "application/json",
            "User-Agent": "Readroom",
            "Readroom-Event": str(notice.event),
            "Readroom-Timestamp": timestamp,
            "Readroom-Signature": signature_of(notice.subscription.secret, timestamp=timestamp, body=body),
        }
        status = _post(target.url, target.address, headers=headers, body=body)
    except AddressRefusedError as refused:
        return str(refused)
    except httpx.TimeoutException:
        return "No response in time."
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as trouble:
        return f"It could not be reached ({type(trouble).__name__})."
    if 300 <= status < 400:
        return f"Responded {status}; redirections are not followed."
    return "" if 200 <= status < 300 else f"Responded {status}."


def _post(url: httpx.URL, address: str, *, headers: dict[str, str], body: bytes) -> int:
    """POST to the checked address under the URL's host name; return the status, without reading the response's body."""
    # The certificate is verified against the name, not the address (httpx's extension `sni_hostname`).
    with (
        httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
        client.stream(
            "POST", url.copy_with(host=address), headers=headers, content=body, extensions={"sni_hostname": url.host}
        ) as response,
    ):
        return response.status_code


def _put_off(item: OutboxItem) -> None:
    Notice.objects.filter(pk=item.subject).update(state=State.WAITING, said=item.reason[:200])


def _failed(item: OutboxItem, _why: str) -> None:
    changes = {"state": State.FAILED, "said": item.reason[:200], "ended_at": timezone.now()}
    Notice.objects.filter(pk=item.subject).update(**changes)


def _retried(item: OutboxItem, user: User, request: HttpRequest) -> None:
    notice = Notice.objects.select_related("subscription").get(pk=item.subject)
    notice_wait_again(notice=notice, user=user, request=request)


def _switched_off() -> list[str]:
    """Return the ids of inactive subscriptions, whose notices wait."""
    return [str(pk) for pk in Subscription.objects.filter(is_active=False).values_list("pk", flat=True)]


register(
    Kind(
        name=NOTICE,
        title="Webhook notification",
        group=Group.SHARING,
        policy=Policy(at_once=AT_ONCE, lease=timedelta(seconds=40)),  # longer than one sending may take
        handle=deliver_notice,
        put_off=_put_off,
        failed=_failed,
        retried=_retried,
        closed_lanes=_switched_off,
        page=lambda _subject: reverse("webhooks"),
    )
)
