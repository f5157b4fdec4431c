"""Programs sign in: by token or by name and password, where that is meant, and nowhere else."""

import base64
import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from axes.models import AccessAttempt
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.phantoms import dicom
from tests.webapp import factories
from tests.webapp.exchange.dicomweb.answers import packed
from tests.webapp.refusals import refused
from webapp.foundation.accounts import authentication
from webapp.foundation.accounts.models import AccessToken, User
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.accounts.tokens import TokenError, token_get, token_make, token_revoke, token_user
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
SEARCH = "/dicomweb/studies"


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Passwords that another test found right are forgotten."""
    authentication._known.clear()
    yield
    authentication._known.clear()


def bearer(secret: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {secret}"}


def basic(name: str, password: str = factories.PASSWORD) -> dict[str, str]:
    """Return the header of a name and password."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def made(user: User, **more: object) -> str:
    """Make a token and return its secret."""
    return token_make(user=user, name="gateway", **more)[1]  # type: ignore[arg-type]


def sent() -> bytes:
    """Return the bytes of an object."""
    out = BytesIO()
    dicom.image().save_as(out, enforce_file_format=True)
    return out.getvalue()


def stored_by(header: dict[str, str]) -> int:
    """Send an object by STOW with CSRF checks on and return the status."""
    body, kind = packed([sent()])
    return Client(enforce_csrf_checks=True).post(SEARCH, body, content_type=kind, headers=header).status_code


def test_a_token_searches_and_stores_without_a_form_and_in_one_more_query() -> None:
    header = bearer(made(factories.clinician()))
    assert stored_by(header) == 200
    answer = Client().get(SEARCH, headers=header)
    assert (answer.status_code, len(answer.json())) == (200, 1)
    assert "sessionid" not in answer.cookies
    with CaptureQueriesContext(connection) as asked:
        Client().get(SEARCH, headers=header)
    assert len(asked) == 4  # token and user, the audit trail's look, the page, its counts


def test_a_password_searches_and_stores() -> None:
    factories.clinician()
    assert stored_by(basic("clinician")) == 200
    assert len(Client().get(SEARCH, headers=basic("clinician")).json()) == 1
    (event,) = AuditEvent.objects.filter(code=Code.SIGN_IN)
    assert event.actor == "clinician"


def test_a_session_still_needs_its_forms_token() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(factories.clinician(), backend="django.contrib.auth.backends.ModelBackend")
    body, kind = packed([sent()])
    assert browser.post(SEARCH, body, content_type=kind).status_code == 403


@pytest.mark.parametrize(
    "header", [{}, bearer("readroom_guess"), bearer(""), basic("clinician", "wrong"), {"Authorization": "Basic ?"}]
)
def test_what_opens_nothing_is_told_how_to_sign_in(header: dict[str, str]) -> None:
    factories.clinician()
    answer = Client().get(SEARCH, headers=header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Readroom", Basic realm="Readroom", charset="UTF-8"'


def test_a_browser_is_never_asked_for_a_password_and_never_let_in_by_one() -> None:
    factories.clinician()
    for sign in ({"Sec-Fetch-Mode": "cors"}, {"Origin": "https://elsewhere.example"}):
        answer = Client().get(SEARCH, headers=basic("clinician") | sign)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Readroom"')


def test_pages_take_neither() -> None:
    secret = made(factories.admin(), site=factories.site())
    for header in (bearer(secret), basic("admin")):
        for page in ("/", "/audit/", "/upload/", "/tokens/"):
            assert Client().get(page, headers=header).headers["Location"].startswith("/sign-in/")
    assert Client().get("/api/schema/", headers=bearer(secret)).status_code == 200


def test_a_token_ends_with_its_revocation_its_time_its_account_and_its_site() -> None:
    user = factories.clinician()

    def opens(secret: str) -> bool:
        return Client().get(SEARCH, headers=bearer(secret)).status_code == 200

    secret = made(user, days=1)
    token = AccessToken.objects.get()
    assert opens(secret)
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not opens(secret)
    AccessToken.objects.update(expires_at=None)
    for change, back in (
        ({"is_active": False}, {"is_active": True}),
        ({"site": factories.site("Other clinic")}, {"site": user.site}),
    ):
        User.objects.filter(pk=user.pk).update(**change)
        assert not opens(secret)
        User.objects.filter(pk=user.pk).update(**back)
    assert opens(secret)
    assert token_revoke(token=token.pk)
    assert not opens(secret)
    assert not token_revoke(token=token.pk)
    made(user)  # the name is free again


def test_an_administrators_token_stays_within_its_site() -> None:
    here, there = factories.site(), factories.site("Other clinic")
    admin = factories.admin()
    token = token_get(secret=made(admin, site=there))
    assert token is not None
    user = token_user(token)
    assert user is not None
    assert may(user, Action.SEE, Study(site=there))
    assert not may(user, Action.SEE, Study(site=here))
    assert not may(user, Action.SEARCH_AUDIT)
    assert may(User.objects.get(pk=admin.pk), Action.SEE, Study(site=here))


@pytest.mark.parametrize(("who", "site"), [("clinician", "Other clinic"), ("admin", None)])
def test_a_token_reaches_one_site_that_its_user_may_reach(who: str, site: str | None) -> None:
    user = factories.admin() if who == "admin" else factories.clinician()
    User.objects.filter(role="admin").update(site=None)
    user.refresh_from_db()
    with refused("other-site", TokenError):
        token_make(user=user, name="gateway", site=factories.site(site) if site else None)


def test_the_secret_is_kept_nowhere_and_said_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = made(factories.clinician())
    query = {"PatientName": dicom.CANARY}
    Client().get(SEARCH, query, headers=bearer(secret))
    Client().get(SEARCH, query, headers=bearer(secret[:-1]))
    Client().get(SEARCH, query, headers=basic("clinician", "opensesame"))
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            told = str(cursor.fetchall())
            assert not re.search(rf"{re.escape(secret[9:-1])}|opensesame|{dicom.CANARY}", told), table
    assert not re.search(rf"{re.escape(secret[9:-1])}|opensesame|{dicom.CANARY}", caplog.text)
    assert AccessAttempt.objects.get().get_data == ""


def test_use_is_noted_once_a_quarter_of_an_hour_and_audited() -> None:
    secret = made(factories.clinician())
    for _ in range(3):
        Client().get(SEARCH, headers=bearer(secret))
    (event,) = AuditEvent.objects.filter(code=Code.SIGN_IN)
    assert "gateway" in event.details
    before = timezone.now() - timedelta(hours=1)
    AccessToken.objects.update(last_used_at=before)
    Client().get(SEARCH, headers=bearer(secret))
    assert AccessToken.objects.filter(last_used_at__gt=before).count() == 1
    assert AuditEvent.objects.filter(code=Code.SIGN_IN).count() == 2


def test_guessing_passwords_is_locked_and_guessing_tokens_audited_once() -> None:
    factories.clinician()
    for _ in range(5):
        answer = Client().get(SEARCH, headers=basic("clinician", "guess"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    locked = Client().get(SEARCH, headers=basic("clinician"))
    assert (locked.status_code, locked.json()["code"]) == (429, "locked")
    page = Client().post("/sign-in/", {"username": "clinician", "password": factories.PASSWORD})
    assert page.status_code == 429  # one lock for both doors
    before = AuditEvent.objects.count()
    for _ in range(3):
        assert Client().get(SEARCH, headers=bearer("readroom_guess")).status_code == 401
    assert AuditEvent.objects.count() == before + 1


def test_a_password_is_hashed_once_and_a_changed_one_shuts_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    user = factories.clinician()
    hashed: list[str] = []
    check = User.check_password

    def counted(self: User, raw: str) -> bool:
        hashed.append(raw)
        return check(self, raw)

    monkeypatch.setattr(User, "check_password", counted)
    for _ in range(3):
        assert Client().get(SEARCH, headers=basic("clinician")).status_code == 200
    assert len(hashed) == 1
    user.set_password("another phantom")
    user.save()
    assert Client().get(SEARCH, headers=basic("clinician")).status_code == 401
    assert Client().get(SEARCH, headers=basic("clinician", "another phantom")).status_code == 200
    User.objects.update(is_active=False)
    assert Client().get(SEARCH, headers=basic("clinician", "another phantom")).status_code == 401


def test_the_command_makes_lists_and_revokes() -> None:
    factories.clinician()
    secret, told = StringIO(), StringIO()
    call_command("tokens", "make", "clinician", "gateway", stdout=secret, stderr=told)
    assert Client().get(SEARCH, headers=bearer(secret.getvalue().strip())).status_code == 200
    listed = StringIO()
    call_command("tokens", "list", stdout=listed)
    assert "clinician  Main clinic  gateway  good" in listed.getvalue()
    assert secret.getvalue().strip() not in listed.getvalue()
    call_command("tokens", "revoke", str(AccessToken.objects.get().pk), stdout=StringIO())
    assert Client().get(SEARCH, headers=bearer(secret.getvalue().strip())).status_code == 401
    for words in (["make", "nobody", "x"], ["make", "clinician", " "], ["revoke", "99"]):
        with pytest.raises(CommandError):
            call_command("tokens", *words)
    assert AuditEvent.objects.filter(code__in=[Code.TOKEN_MADE, Code.TOKEN_REVOKED]).count() == 2


def test_the_page_shows_a_secret_once_and_revokes(admin: Client) -> None:
    user = factories.clinician()
    asked = {"name": "gateway", "user": user.pk, "days": 30}
    page = admin.post("/tokens/", asked).content.decode()
    (secret,) = re.findall(r'value="(readroom_[\w-]+)"', page)
    assert Client().get(SEARCH, headers=bearer(secret)).status_code == 200
    assert secret not in admin.get("/tokens/").content.decode()
    assert "has a token of that name" in admin.post("/tokens/", asked).content.decode()
    admin.post(f"/tokens/{AccessToken.objects.get().pk}/revoke/")
    assert "Revoked" in admin.get("/tokens/").content.decode()
    assert Client().get(SEARCH, headers=bearer(secret)).status_code == 401
