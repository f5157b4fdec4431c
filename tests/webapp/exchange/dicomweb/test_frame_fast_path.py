"""The short way gives what the long way gives, and stops with whatever the long way would stop at."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.util import setup_testing_defaults

import numpy as np
import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone
from pydicom.uid import RLELossless

from tests.phantoms import dicom
from tests.webapp import factories
from tests.webapp.exchange.dicomweb.answers import STORED_FRAMES, address, series_address
from tests.webapp.exchange.dicomweb.conftest import Sender
from webapp.exchange.dicomweb.frame_fast_path import Lane
from webapp.foundation.accounts.models import AccessToken, User
from webapp.foundation.accounts.tokens import token_make, token_revoke
from webapp.foundation.audit import services
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Study
from webapp.wsgi import django_application

pytestmark = pytest.mark.sqlite

Answer = tuple[str, dict[str, str], bytes]
Ask = Callable[..., Answer]


@pytest.fixture
def long_ways() -> list[str]:
    """Addresses that went the long way."""
    return []


@contextmanager
def connection_kept() -> Iterator[None]:
    """Let no request close the connection, which is in the midst of the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def ask(long_ways: list[str], django_capture_on_commit_callbacks: Any) -> Iterator[Ask]:
    """Ask a lane of the test's own; what waits for a commit happens after each request."""

    def long_way(environ: dict[str, Any], start_response: Any) -> Any:
        long_ways.append(environ["PATH_INFO"])
        return django_application(environ, start_response)

    lane = Lane(long_way)

    def asked(path: str, **headers: str) -> Answer:
        environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_ACCEPT": STORED_FRAMES, "REMOTE_ADDR": "10.0.0.7"}
        setup_testing_defaults(environ)
        environ |= {"wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, **headers}
        started: list[Any] = []
        with connection_kept(), django_capture_on_commit_callbacks(execute=True):
            body = lane(environ, lambda status, told: started.extend((status, dict(told))))
            content = b"".join(body)
        return started[0], started[1], content

    yield asked
    services._noted.clear()


@pytest.fixture
def token(sender: Sender) -> dict[str, str]:
    """The header of a token whose use is noted."""
    secret = token_make(user=sender.user, name="viewer")[1]
    AccessToken.objects.update(last_used_at=timezone.now())
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def session(sender: Sender) -> dict[str, str]:
    """Return the cookie of a session."""
    browser = Client()
    browser.force_login(sender.user, backend="django.contrib.auth.backends.ModelBackend")
    return {"HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}={browser.cookies['sessionid'].value}"}


def told(answer: Answer) -> tuple[str, dict[str, str], bytes]:
    """Return an answer without its boundary, which is another one each time."""
    status, headers, body = answer
    boundary = headers.get("Content-Type", "").partition("boundary=")[2]
    plain = {name: value.replace(boundary, "B") if boundary else value for name, value in headers.items()}
    return status, plain, body.replace(boundary.encode(), b"B") if boundary else body


@pytest.mark.parametrize("way", ["token", "session"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("accept", [STORED_FRAMES, "application/octet-stream; transfer-syntax=*"])
def test_the_short_way_gives_what_the_long_way_gives(
    sender: Sender,
    token: dict[str, str],
    ask: Ask,
    long_ways: list[str],
    way: str,
    packed: bool,  # noqa: FBT001 - a parameter of the test
    accept: str,
) -> None:
    ds = dicom.image(np.arange(3 * 64, dtype=np.uint16).reshape(3, 8, 8))
    other = dicom.image(StudyInstanceUID=ds.StudyInstanceUID, SeriesInstanceUID=ds.SeriesInstanceUID)
    for one in (ds, other):
        if packed:
            one.compress(RLELossless, generate_instance_uid=False)
    sender.send(ds, other)
    who = (token if way == "token" else session(sender)) | {"HTTP_ACCEPT": accept}
    wanted = [address(ds, f"/frames/{number}") for number in (1, 2, 3)] + [address(other, "/frames/1")]
    ask(wanted[0], **who)
    for path in wanted:
        long_ways.clear()
        short = told(ask(path, **who))
        assert long_ways == []
        assert told(ask(path, QUERY_STRING="x=1", **who)) == short
        assert long_ways == [path]
    assert AuditEvent.objects.filter(code=Code.STUDY_VIEWED).count() == 1
    assert ask(address(ds, "/frames/4"), **who)[0].startswith("404")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda: token_revoke(token=AccessToken.objects.get().pk), "401"),
        (lambda: AccessToken.objects.update(expires_at=timezone.now()), "401"),
        (lambda: User.objects.filter(username="clinician").update(is_active=False), "401"),
        (lambda: User.objects.filter(username="clinician").update(site=factories.site("Other clinic")), "401"),
        (lambda: Study.objects.update(site=factories.site("Other clinic")), "404"),
    ],
)
def test_a_token_is_stopped_at_once(
    sender: Sender, token: dict[str, str], ask: Ask, long_ways: list[str], change: Callable[[], object], status: str
) -> None:
    ds = dicom.image()
    sender.send(ds)
    path = address(ds, "/frames/1")
    assert [ask(path, **token)[0] for _ in range(2)] == ["200 OK", "200 OK"]
    assert long_ways == [path]
    change()
    assert ask(path, **token)[0].startswith(status)


@pytest.mark.parametrize("ended", ["signed out", "run out", "another password"])
def test_a_session_is_stopped_at_once(sender: Sender, ask: Ask, long_ways: list[str], ended: str) -> None:
    ds = dicom.image()
    sender.send(ds)
    path, who = address(ds, "/frames/1"), session(sender)
    assert [ask(path, **who)[0] for _ in range(2)] == ["200 OK", "200 OK"]
    assert long_ways == [path]
    browser = Client()
    browser.cookies["sessionid"] = who["HTTP_COOKIE"].partition("=")[2]
    if ended == "signed out":
        browser.post("/sign-out/")
    elif ended == "run out":
        stored = browser.session
        stored.set_expiry(-1)
        stored.save()
    else:
        sender.user.set_password("another phantom")
        sender.user.save()
    assert ask(path, **who)[0].startswith("401")


def test_each_client_has_its_own_grant(
    sender: Sender, elsewhere_sender: Sender, token: dict[str, str], ask: Ask, long_ways: list[str]
) -> None:
    ds = dicom.image()
    sender.send(ds)
    path = address(ds, "/frames/1")
    ask(path, **token)
    assert ask(path)[0].startswith("401")
    assert ask(path, **session(elsewhere_sender))[0].startswith("404")
    assert ask(path, HTTP_HOST="elsewhere.example", **token)[0].startswith("400")
    assert ask(path, HTTP_RANGE="bytes=0-3", **token)[0].startswith("200")  # a multipart body has no ranges
    assert ask(series_address(ds, "/metadata"), **(token | {"HTTP_ACCEPT": "*/*"}))[0].startswith("200")
    assert len(long_ways) == 6


def test_a_look_that_is_not_in_the_trail_goes_the_long_way(
    sender: Sender, token: dict[str, str], ask: Ask, long_ways: list[str]
) -> None:
    ds = dicom.image()
    sender.send(ds)
    path = address(ds, "/frames/1")
    ask(path, **token)
    services._noted.clear()
    ask(path, **token)
    assert long_ways == [path, path]


def test_an_image_that_comes_later_is_given_too(
    sender: Sender, token: dict[str, str], ask: Ask, long_ways: list[str]
) -> None:
    first, late = dicom.series(2)
    sender.send(first)
    ask(address(first, "/frames/1"), **token)
    sender.send(late)
    for _ in range(2):
        assert ask(address(late, "/frames/1"), **token)[2]
    assert long_ways == [address(first, "/frames/1"), address(late, "/frames/1")]
