"""Sending notices: signed, to the address that was looked up, without following anybody elsewhere."""

import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from webapp.exchange.webhooks.models import Notice
from webapp.exchange.webhooks.services import notice_end, notices_take
from webapp.exchange.webhooks.target_addresses import AddressRefusedError, target_of

TIMEOUT = httpx.Timeout(10, connect=5)
AT_ONCE = 4


def signature_of(secret: str, *, timestamp: str, body: bytes) -> str:
    """Return the signature: HMAC-SHA256 over the timestamp, a dot and the body."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def notices_send() -> int:
    """Send what is due, one notice of each subscription, several at once; return how many."""
    taken = notices_take()
    if taken:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for notice, trouble in zip(taken, threads.map(notice_send, taken), strict=True):
                notice_end(notice, trouble=trouble)
    return len(taken)


def notice_send(notice: Notice) -> str:
    """Send one notice; return why it was not taken, empty where it was."""
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
        return "It did not answer in time."
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as trouble:
        return f"It could not be reached ({type(trouble).__name__})."
    if 300 <= status < 400:
        return f"It answered {status}; redirections are not followed."
    return "" if 200 <= status < 300 else f"It answered {status}."


def _post(url: httpx.URL, address: str, *, headers: dict[str, str], body: bytes) -> int:
    """Post to the address that was checked, under the name that was meant; what it says beyond a status is not read."""
    # The certificate is held against the name, not against the address (httpx, extensions).
    with (
        httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
        client.stream(
            "POST", url.copy_with(host=address), headers=headers, content=body, extensions={"sni_hostname": url.host}
        ) as response,
    ):
        return response.status_code
