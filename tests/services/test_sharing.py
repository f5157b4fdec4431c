"""What leaves by itself survives a kill -9 in the middle: sent at least once, always under the same id."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers import wait_until
from tests.webapp.webhook_receiver import Receiver, receiving

ROOT = Path(__file__).resolve().parents[2]
SET_UP = """
import django; django.setup()
from tests.webapp import factories
from webapp.exchange.webhooks.models import Subscription
from webapp.exchange.webhooks.services import notices_write
study = factories.study(patient=factories.patient())
Subscription.objects.create(name="RIS", url={url!r}, happenings=["run.finished"])
notices_write(happening="run.finished", study=study)
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers when the test lets it."""
    with receiving() as running:
        running.go_on.clear()
        yield running


@pytest.fixture
def environment(tmp_path: Path, receiver: Receiver) -> dict[str, str]:
    """A Readroom with one notice that waits."""
    told = {**os.environ, "READROOM_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    told |= {"READROOM_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    told.pop("DATABASE_URL", None)
    for words in (["manage.py", "migrate", "--no-input"], ["-c", SET_UP.format(url=receiver.url)]):
        subprocess.run([sys.executable, *words], cwd=ROOT, env=told, check=True, stdout=subprocess.DEVNULL)
    return told


def test_a_notice_outlives_the_process_that_sends_it(
    environment: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    def state() -> tuple[str, int]:
        with closing(sqlite3.connect(f"file:{tmp_path / 'db.sqlite3'}?mode=ro", uri=True)) as database:
            row: tuple[str, int] = database.execute(
                "SELECT notice.state, item.attempt FROM webhooks_notice AS notice JOIN outbox_outboxitem AS item "
                "ON item.kind = 'notice' AND item.subject = CAST(notice.id AS text)"
            ).fetchone()
            return row

    command = [sys.executable, "manage.py", "share"]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as first:
        wait_until(lambda: len(receiver.got) == 1, what="the notice to come", seconds=120)
        first.kill()
    assert state() == ("sending", 1)
    receiver.go_on.set()
    with subprocess.Popen(command, cwd=ROOT, env=environment) as second:
        wait_until(lambda: state()[0] == "sent", what="the notice to be taken", seconds=120)
        second.terminate()
    assert second.returncode == 0
    assert len(receiver.got) == 2
    assert len({json.loads(body)["id"] for _headers, body in receiver.got}) == 1
    assert state() == ("sent", 2)
