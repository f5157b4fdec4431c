"""A frame stops with whatever the right to it rested on: asked for again at once, it is refused."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests.phantoms import dicom
from tests.webapp import factories
from tests.webapp.exchange.dicomweb.answers import STORED_FRAMES, address, parts_of
from tests.webapp.exchange.dicomweb.conftest import Sender
from webapp.foundation.accounts.models import AccessToken, User
from webapp.foundation.accounts.tokens import token_make, token_revoke
from webapp.foundation.audit import services
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Study

pytestmark = pytest.mark.sqlite

Ask = Callable[..., Any]


@pytest.fixture
def ask(django_capture_on_commit_callbacks: Any) -> Iterator[Ask]:
    """Ask for an address; what waits for a commit, such as remembering a look, happens after each request."""

    def asked(path: str, browser: Client | None = None, **headers: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return (browser or Client()).get(path, HTTP_ACCEPT=STORED_FRAMES, REMOTE_ADDR="10.0.0.7", **headers)

    yield asked
    services._noted.clear()


@pytest.fixture
def token(sender: Sender) -> dict[str, str]:
    """The header of a token whose use is noted."""
    secret = token_make(user=sender.user, name="viewer")[1]
    AccessToken.objects.update(last_used_at=timezone.now())
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def session(user: User) -> Client:
    """Return a browser in which somebody is signed in."""
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def moved() -> None:
    """Give the study to another site."""
    Study.objects.update(site=factories.site("Other clinic"))


#: What a right rests on beside the sign-in, and how its end is answered.
ENDS = [
    (lambda: User.objects.filter(username="clinician").update(is_active=False), 401),
    (lambda: User.objects.filter(username="clinician").update(role="nobody"), 404),
    (moved, 404),
]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda: token_revoke(token=AccessToken.objects.get().pk), 401),
        (lambda: AccessToken.objects.update(expires_at=timezone.now()), 401),
        (lambda: User.objects.filter(username="clinician").update(site=factories.site("Other clinic")), 401),
        *ENDS,
    ],
)
def test_a_token_is_stopped_at_once(
    sender: Sender, token: dict[str, str], ask: Ask, change: Callable[[], object], status: int
) -> None:
    ds = dicom.image()
    sender.send(ds)
    path = address(ds, "/frames/1")
    assert [ask(path, **token).status_code for _ in range(2)] == [200, 200]
    change()
    assert ask(path, **token).status_code == status


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda: Session.objects.all().delete(), 401),
        (lambda: User.objects.filter(username="clinician").update(site=factories.site("Other clinic")), 404),
        *ENDS,
    ],
)
def test_a_session_is_stopped_at_once(sender: Sender, ask: Ask, change: Callable[[], object], status: int) -> None:
    ds = dicom.image()
    sender.send(ds)
    path, browser = address(ds, "/frames/1"), session(sender.user)
    assert [ask(path, browser).status_code for _ in range(2)] == [200, 200]
    change()
    assert ask(path, browser).status_code == status


@pytest.mark.parametrize("ended", ["signed out", "run out", "another password"])
def test_a_session_that_ended_is_stopped_at_once(sender: Sender, ask: Ask, ended: str) -> None:
    ds = dicom.image()
    sender.send(ds)
    path, browser = address(ds, "/frames/1"), session(sender.user)
    # A second one with the same cookie: what the first does to its own cookies is no part of the test.
    viewer = Client()
    viewer.cookies[settings.SESSION_COOKIE_NAME] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert [ask(path, viewer).status_code for _ in range(2)] == [200, 200]
    if ended == "signed out":
        browser.post("/sign-out/")
    elif ended == "run out":
        stored = browser.session
        stored.set_expiry(-1)
        stored.save()
    else:
        sender.user.set_password("another phantom")
        sender.user.save()
    assert ask(path, viewer).status_code == 401


def test_each_client_is_asked_for_itself(
    sender: Sender, elsewhere_sender: Sender, token: dict[str, str], ask: Ask
) -> None:
    ds = dicom.image()
    sender.send(ds)
    path = address(ds, "/frames/1")
    assert ask(path, **token).status_code == 200
    assert ask(path).status_code == 401
    assert ask(path, session(elsewhere_sender.user)).status_code == 404
    assert ask(path, HTTP_HOST="elsewhere.example", **token).status_code == 400
    refused = AuditEvent.objects.filter(code=Code.ACCESS_REFUSED, actor=elsewhere_sender.user.username)
    assert refused.count() == 1


def test_a_look_is_one_event_and_is_written_again_where_it_is_not_known(
    sender: Sender, token: dict[str, str], ask: Ask
) -> None:
    first, late = dicom.series(2)
    sender.send(first)
    looks = AuditEvent.objects.filter(code=Code.STUDY_VIEWED)
    for _ in range(2):
        assert parts_of(ask(address(first, "/frames/1"), **token))[0][1] == first.PixelData
    assert looks.count() == 1
    sender.send(late)
    assert parts_of(ask(address(late, "/frames/1"), **token))[0][1] == late.PixelData
    services._noted.clear()  # another process, or this one started anew: the trail itself is asked
    assert ask(address(first, "/frames/1"), **token).status_code == 200
    assert looks.count() == 1
