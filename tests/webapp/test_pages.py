"""What all pages have in common, and the small ones."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from tests.webapp import factories
from tests.webapp.scenes.worklist import brain_with_tumour
from webapp.foundation.accounts.models import Site, User

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite, pytest.mark.usefixtures("data_folder")]

STRIP = "Research use, not for diagnosis"
ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize("address", ["/", "/upload/", "/models/", "/audit/", "/nothing/", "/sign-in/"])
def test_every_page_has_the_strip_a_title_and_a_way_past_the_bar(address: str, admin: Client) -> None:
    browser = Client() if address == "/sign-in/" else admin
    text = browser.get(address).content.decode()
    assert text.count(STRIP) == 1
    assert re.search(r"<title>\w.+ · Readroom</title>", text)
    assert '<a class="skip" href="#main">' in text
    assert '<main id="main"' in text
    assert text.count("<h1") == 1


def test_the_study_page_has_them_too(admin: Client) -> None:
    text = admin.get(f"/studies/{brain_with_tumour().study_id}/").content.decode()
    assert text.count(STRIP) == 1
    assert text.count("<h1") == 1


@pytest.mark.parametrize(
    "template", sorted(str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*.html"))
)
def test_no_template_holds_a_script_or_a_style_of_its_own(template: str) -> None:
    text = (ROOT / template).read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|hx-on|<script(?![^>]*\ssrc=)[^>]*>\s*\S", text)


@pytest.mark.parametrize("address", ["/", "/sign-in/", "/nothing/", "/upload/"])
def test_the_policy_of_the_browser_allows_nothing_inline(address: str, clinician: Client) -> None:
    policy = clinician.get(address, follow=True).headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy


def test_pages_are_kept_by_nobody(clinician: Client) -> None:
    assert clinician.get("/").headers["Cache-Control"] == "private, no-store"


def test_signing_out_empties_the_browsers_cache(clinician: Client) -> None:
    assert clinician.post("/sign-out/").headers["Clear-Site-Data"] == '"cache"'


def test_only_the_admin_is_shown_the_way_to_the_audit_log(clinician: Client, admin: Client) -> None:
    assert 'href="/audit/"' not in clinician.get("/").content.decode()
    assert 'href="/audit/"' in admin.get("/").content.decode()


def test_signing_in_leads_back_to_where_one_was_going(client: Client) -> None:
    factories.clinician()
    words = {"username": "clinician", "password": factories.PASSWORD, "next": "/upload/"}
    assert client.post("/sign-in/?next=/upload/", words).headers["Location"] == "/upload/"


def test_signing_in_leads_to_no_other_site(client: Client) -> None:
    factories.clinician()
    words = {"username": "clinician", "password": factories.PASSWORD, "next": "https://elsewhere.example/"}
    assert client.post("/sign-in/", words).headers["Location"] == "/"


def test_the_wrong_password_is_told_without_saying_which_part_was_wrong(client: Client) -> None:
    factories.clinician()
    texts = [
        client.post("/sign-in/", {"username": name, "password": "wrong"}).content.decode()
        for name in ("clinician", "nobody-at-all")
    ]
    for text in texts:
        assert "Wrong user name or password." in text


def test_a_forbidden_page_says_so_plainly(clinician: Client) -> None:
    answer = clinician.get("/audit/")
    assert answer.status_code == 403
    assert "Your account may not open this page" in answer.content.decode()


def test_a_broken_cascade_is_a_sentence_for_the_admin(
    clinician: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("READROOM_WEIGHTS", str(tmp_path / "gone"))
    answer = clinician.get("/models/")
    assert answer.status_code == 200
    assert "The cascade cannot be loaded" in answer.content.decode()


def test_the_sign_of_life_says_nothing_else(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def demo_users() -> list[list[str]]:
    """Run the command and return its lines as words."""
    out = StringIO()
    call_command("demo_users", stdout=out)
    return [line.split() for line in out.getvalue().splitlines()]


def test_demo_users_can_sign_in_and_stay_the_same(data_folder: Path, settings: object, client: Client) -> None:
    settings.DATA = data_folder  # type: ignore[attr-defined]
    first = demo_users()
    assert demo_users() == first
    assert [words[:2] for words in first] == [[name, name] for name in ("clinician", "admin", "senior", "auditor")]
    assert (data_folder / "demo-accounts.txt").stat().st_mode & 0o777 == 0o600
    for role, name, password in first:
        assert client.post("/sign-in/", {"username": name, "password": password}).status_code == 302
        assert User.objects.get(username=name).role == role


def test_a_demo_account_that_somebody_changed_stays_as_it_is(
    data_folder: Path, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA = data_folder  # type: ignore[attr-defined]
    demo_users()
    Site.objects.update(name="Renamed")
    password, role, active = (User.objects.get(username=name) for name in ("clinician", "senior", "admin"))
    password.set_password("another-one")
    role.role, active.is_active = User.Role.CLINICIAN, False
    for user in (password, role, active):
        user.save()
    before = list(User.objects.order_by("pk").values())
    monkeypatch.setenv("READROOM_DEMO_CLINICIAN_PASSWORD", "chosen-later")
    assert [words[0] for words in demo_users()] == ["auditor"]
    assert list(User.objects.order_by("pk").values()) == before
    assert [site.name for site in Site.objects.all()] == ["Renamed"]


def test_an_account_that_was_there_first_is_not_taken_over(data_folder: Path, settings: object) -> None:
    settings.DATA = data_folder  # type: ignore[attr-defined]
    mine = factories.admin()
    assert "admin" not in [words[1] for words in demo_users()]
    assert User.objects.get(username="admin").password == mine.password
    assert "admin" not in (data_folder / "demo-accounts.txt").read_text()


def test_the_environment_may_choose_the_demo_passwords(
    data_folder: Path, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA = data_folder  # type: ignore[attr-defined]
    monkeypatch.setenv("READROOM_DEMO_ADMIN_PASSWORD", "chosen-here")
    assert demo_users()[1] == ["admin", "admin", "chosen-here"]
