"""On whose account things arrive, and what a sender is told when storing fails."""

import errno
import fcntl
import warnings
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from tests.webapp import factories
from webapp.exchange.dicom_scp.accounts import receiving_site_get, sender_account_get
from webapp.exchange.dicom_scp.safe_directory import open_folder
from webapp.exchange.dicom_scp.statuses import STATUS_OF, Status, filed_told, told, trouble_told
from webapp.foundation.accounts.models import User
from webapp.imaging.archive.ingest import Fault, IngestResult


@pytest.mark.django_db
def test_the_only_site_owns_what_arrives() -> None:
    with pytest.raises(ImproperlyConfigured, match="no site yet"):
        receiving_site_get(named="")
    home = factories.site()
    assert receiving_site_get(named="") == home
    other = factories.site("Other clinic")
    with pytest.raises(ImproperlyConfigured, match="more than one"):
        receiving_site_get(named="")
    assert receiving_site_get(named="Other clinic") == other
    with pytest.raises(ImproperlyConfigured, match="no such site"):
        receiving_site_get(named="Atlantis")


@pytest.mark.django_db
def test_a_senders_account_is_made_once_and_opens_no_page() -> None:
    account = sender_account_get(name="DICOM CT01", site=factories.site())
    assert sender_account_get(name="DICOM CT01", site=factories.site("Other clinic")) == account
    account.refresh_from_db()
    assert (account.site, account.is_active) == (factories.site("Other clinic"), False)
    assert not account.has_usable_password()
    browser = Client()
    browser.post("/sign-in/", {"username": "DICOM CT01", "password": ""})
    assert "sessionid" not in browser.cookies
    assert User.objects.filter(username="DICOM CT01").count() == 1


@pytest.mark.parametrize("fault", list(STATUS_OF))
def test_a_refusal_has_a_number_and_its_sentence(fault: Fault) -> None:
    response = filed_told(
        IngestResult("", "refused" if fault else "stored", "What was wrong, in plain words.", fault=fault)
    )
    assert response.Status == STATUS_OF[fault]
    assert response.get("ErrorComment") == ("What was wrong, in plain words." if fault else None)


def test_a_comment_is_cut_to_what_its_element_holds() -> None:
    comment = told(Status.UNREADABLE, "a word " * 30).ErrorComment
    assert len(comment) <= 64
    assert comment.endswith("word a...")


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), Status.FULL),
        (OSError(errno.EIO, "Input/output error"), Status.TRY_AGAIN),
        (OperationalError("the connection is closed"), Status.TRY_AGAIN),
    ],
)
def test_where_storing_fails_the_sender_keeps_the_object(trouble: OSError | OperationalError, status: Status) -> None:
    assert trouble_told(trouble).Status == status
    assert status >> 8 == 0xA7


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("command", "chosen", "said"),
    [
        ("listen", {"DICOM_PORT": 0}, "READROOM_DICOM_PORT names no port"),
        ("listen", {"DICOM_CALLERS": []}, "READROOM_DICOM_CALLERS names nobody"),
        ("listen", {"DICOM_CALLERS": ["CT01@nowhere"]}, "no address and no network"),
        ("listen", {"DICOM_TITLE": "A TITLE THAT IS TOO LONG"}, "which is no AE title"),
        ("listen", {"RECEIVING_SITE": "Atlantis"}, "there is no such site"),
        ("watch", {"WATCHED_FOLDER": ""}, "READROOM_WATCHED_FOLDER names no folder"),
        ("watch", {"WATCHED_FOLDER": "/nowhere/at/all"}, "The watched folder cannot be used: No such file"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_sentence(
    settings: Settings, command: str, chosen: dict[str, object], said: str
) -> None:
    factories.site()
    for name, value in {"DICOM_PORT": 11112, "DICOM_CALLERS": ["CT01"], **chosen}.items():
        setattr(settings, name, value)
    with warnings.catch_warnings(), pytest.raises(CommandError, match=said):
        call_command(command)


@pytest.mark.django_db
def test_one_folder_is_watched_once(settings: Settings, tmp_path: Path) -> None:
    factories.site()
    settings.WATCHED_FOLDER = str(tmp_path)
    with open_folder(tmp_path) as folder:
        fcntl.flock(folder.handle, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match="watches this folder already"):
            call_command("watch")
