"""Two that do the same work at once, on both databases, do not trip over each other, and one outlives the other."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers import postgres, wait_until
from tests.webapp.webhook_receiver import Receiver, receiving

ROOT = Path(__file__).resolve().parents[2]
SUBSCRIPTIONS, NOTICES = 6, 5
SET_UP = f"""
import django; django.setup()
from tests.webapp import factories
from webapp.exchange.webhooks.models import Subscription
from webapp.exchange.webhooks.services import notices_write
study = factories.study(patient=factories.patient())
for number in range({SUBSCRIPTIONS}):
    Subscription.objects.create(name="RIS " + str(number), url={{url!r}}, happenings=["run.finished"])
for _ in range({NOTICES}):
    notices_write(happening="run.finished", study=study)
"""
ASKED = """
import django, json; django.setup()
from webapp.foundation.outbox.models import OutboxItem
print(json.dumps(list(OutboxItem.objects.values_list("state", "attempt", "failures"))))
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers when the test lets it."""
    with receiving() as running:
        running.go_on.clear()
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver) -> Iterator[dict[str, str]]:
    """A Readroom with notices that wait."""
    told = {**os.environ, "READROOM_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    told |= {"READROOM_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    told.pop("DATABASE_URL", None)
    with ExitStack() as running:
        if request.param == "postgresql":
            told["DATABASE_URL"] = running.enter_context(postgres())
        for words in (["manage.py", "migrate", "--no-input"], ["-c", SET_UP.format(url=receiver.url)]):
            subprocess.run([sys.executable, *words], cwd=ROOT, env=told, check=True, stdout=subprocess.DEVNULL)
        yield told


def rows(environment: dict[str, str]) -> list[tuple[str, int, int]]:
    """Return state, attempts and failures of all work."""
    words = [sys.executable, "-c", ASKED]
    told = subprocess.run(words, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [(state, attempt, failures) for state, attempt, failures in json.loads(told)]


def is_done(environment: dict[str, str]) -> bool:
    """Return whether no work is left."""
    return {state for state, *_ in rows(environment)} == {"done"}


def workers(environment: dict[str, str], running: ExitStack) -> list["subprocess.Popen[bytes]"]:
    """Start two at once."""
    command = [sys.executable, "manage.py", "share"]
    started = [running.enter_context(subprocess.Popen(command, cwd=ROOT, env=environment)) for _ in range(2)]
    for one in started:
        running.callback(one.terminate)
    return started


def events(receiver: Receiver) -> Counter[str]:
    """Count how often each event came."""
    return Counter(json.loads(body)["id"] for _headers, body in receiver.got)


def test_each_piece_of_work_is_done_once(environment: dict[str, str], receiver: Receiver) -> None:
    receiver.go_on.set()
    with ExitStack() as running:
        workers(environment, running)
        wait_until(lambda: len(receiver.got) >= SUBSCRIPTIONS * NOTICES, what="all notices", seconds=180)
        wait_until(
            lambda: {state for state, *_ in rows(environment)} == {"done"}, what="their end", seconds=120, every=1
        )
    assert rows(environment) == [("done", 1, 0)] * (SUBSCRIPTIONS * NOTICES)
    assert len(receiver.got) == SUBSCRIPTIONS * NOTICES
    assert list(events(receiver).values()) == [SUBSCRIPTIONS] * NOTICES


def test_one_that_is_killed_in_the_middle_is_followed_by_the_other(
    environment: dict[str, str], receiver: Receiver
) -> None:
    with ExitStack() as running:
        first, second = workers(environment, running)
        wait_until(lambda: len(receiver.got) >= 4, what="some notices to come", seconds=180)
        first.kill()
        threading.Timer(1, receiver.go_on.set).start()
        wait_until(lambda: is_done(environment), what="the end", seconds=180, every=1)
        assert second.poll() is None
    told = rows(environment)
    assert len(told) == SUBSCRIPTIONS * NOTICES
    assert {attempt for _, attempt, _ in told} <= {1, 2}
    assert len(events(receiver)) == NOTICES
    assert min(events(receiver).values()) >= SUBSCRIPTIONS
