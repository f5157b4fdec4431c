"""What waits, what failed, since when: on one page, where an administrator lets what failed be tried again."""

import pytest
from django.test import Client

from tests.webapp import factories
from webapp.exchange.webhooks.models import Notice, Subscription
from webapp.exchange.webhooks.services import NOTICE, notices_write
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.core.daemons import record_heartbeat
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import kind_of, kinds_registered
from webapp.foundation.outbox.selectors import backlog
from webapp.foundation.outbox.services import claim, fail
from webapp.imaging.dicom_objects.models import ResultSet
from webapp.imaging.dicom_objects.services import RESULTS, request_results

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


def failed(kind: str, reason: str) -> OutboxItem:
    """Let the only work of a kind fail for good."""
    item = claim(kind_of(kind))
    assert item is not None
    assert fail(item, reason, for_good=True)
    return item


@pytest.fixture
def notice() -> OutboxItem:
    """A notice that was not taken."""
    study = factories.study(patient=factories.patient())
    Subscription.objects.create(name="RIS", url="https://ris.example/", happenings=["run.finished"])
    notices_write(happening="run.finished", study=study)
    return failed(NOTICE, "It answered 503.")


def test_every_kind_of_work_is_registered_and_counted(notice: OutboxItem) -> None:
    names = [kind.name for kind in kinds_registered()]
    assert sorted(names) == [
        "analysis", "dataset", "delivery", "export", "notice", "registration", "report-objects", "results",
    ]  # fmt: skip
    rows = {row.name: row for row in backlog()}
    assert set(rows) == set(names)
    notice.refresh_from_db()
    assert (rows[NOTICE].waiting, rows[NOTICE].failed, rows[NOTICE].failed_since) == (0, 1, notice.finished_at)
    assert rows[RESULTS].failed == 0


def test_an_administrator_sees_what_failed_and_has_it_tried_again_and_that_is_audited(
    notice: OutboxItem, admin: Client
) -> None:
    record_heartbeat("housekeeping", ["runs for what arrived: There is no manifest."])
    text = admin.get("/work/").content.decode()
    assert f'data-item="{notice.pk}"' in text
    assert "It answered 503." in text
    assert "runs for what arrived: There is no manifest." in text

    assert admin.post(f"/work/{notice.pk}/retry/").status_code == 302

    notice.refresh_from_db()
    assert (notice.state, notice.failures, notice.reason) == ("waiting", 0, "")
    assert Notice.objects.get().state == "waiting"
    event = AuditEvent.objects.latest("pk")
    assert (event.actor, "again" in event.details) == ("admin", True)
    before = AuditEvent.objects.count()
    admin.post(f"/work/{notice.pk}/retry/")
    assert AuditEvent.objects.count() == before, "it waits already"


def test_objects_that_could_not_be_made_can_be_tried_again(admin: Client) -> None:
    run = factories.run_of(factories.series_of(factories.study(patient=factories.patient())))
    request_results(run=run)
    item = failed(RESULTS, "An outline is missing.")
    results = ResultSet.objects.get()
    assert (results.state, results.reason) == ("failed", "An outline is missing.")

    admin.post(f"/work/{item.pk}/retry/")

    results.refresh_from_db()
    assert (results.state, results.reason) == ("owed", "")
    event = AuditEvent.objects.latest("pk")
    assert (event.study, event.details) == (run.series.study_id, f"run {run.pk}: asked for again")
