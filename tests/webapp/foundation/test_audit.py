"""The audit trail: what is written, that it cannot be rewritten, and that tampering shows."""

from importlib import import_module
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tests.webapp import factories
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.audit.services import audit_record, chain_verify
from webapp.foundation.audit.signals import UNKNOWN

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def codes() -> list[str]:
    """Return the codes of all events, oldest first."""
    return list(AuditEvent.objects.order_by("pk").values_list("code", flat=True))


def three_events() -> list[AuditEvent]:
    """Write three events."""
    return [audit_record(code=Code.STUDY_VIEWED, actor=f"reader-{number}") for number in range(3)]


def unguarded(statement: str) -> None:
    """Change the table as somebody would who holds the database itself: past the triggers."""
    sqlite = connection.vendor == "sqlite"
    off = ["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"]
    with connection.cursor() as cursor:
        for order in off if sqlite else ["ALTER TABLE audit_auditevent DISABLE TRIGGER USER"]:
            cursor.execute(order)
        cursor.execute(statement)


def test_the_database_refuses_to_change_an_event() -> None:
    event, *_ = three_events()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(actor="somebody else")
    event.refresh_from_db()
    assert event.actor == "reader-0"


def test_the_database_refuses_to_drop_an_event() -> None:
    three_events()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEvent.objects.all().delete()
    assert AuditEvent.objects.count() == 3


def test_the_triggers_can_be_taken_back_and_put_again() -> None:
    guards = import_module("webapp.foundation.audit.migrations.0002_append_only")
    there = {"sqlite": guards.SQLITE, "postgresql": guards.POSTGRESQL}[connection.vendor]
    event, *_ = three_events()
    with connection.cursor() as cursor:
        for statement in guards.UNDO[connection.vendor]:
            cursor.execute(statement)
        assert AuditEvent.objects.filter(pk=event.pk).update(actor="x") == 1
        for statement in there:
            cursor.execute(statement)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.update(actor="")


def test_an_untouched_chain_holds() -> None:
    three_events()
    assert chain_verify() == (3, None)


@pytest.mark.parametrize(
    "change", ["actor = 'x'", "address = 'x'", "code = 'x'", "details = 'x'", "success = NOT success", "study = NULL"]
)
def test_a_changed_event_breaks_the_chain(change: str) -> None:
    audit_record(code=Code.STUDY_VIEWED, actor="first")
    second = audit_record(code=Code.STUDY_VIEWED, actor="second", study=uuid4())
    audit_record(code=Code.STUDY_VIEWED, actor="third")
    unguarded(f"UPDATE audit_auditevent SET {change} WHERE id = {second.pk}")
    assert chain_verify() == (1, second.pk)


def test_a_missing_event_breaks_the_chain() -> None:
    _, second, third = three_events()
    unguarded(f"DELETE FROM audit_auditevent WHERE id = {second.pk}")
    assert chain_verify() == (1, third.pk)


def test_signing_in_and_out_is_written(client: Client) -> None:
    factories.clinician()
    client.post("/sign-in/", {"username": "clinician", "password": factories.PASSWORD})
    client.post("/sign-out/")
    assert codes() == [Code.SIGN_IN, Code.SIGN_OUT]
    assert set(AuditEvent.objects.values_list("actor", "address")) == {("clinician", "127.0.0.1")}


def test_a_failed_sign_in_names_known_users_only(client: Client) -> None:
    factories.clinician()
    client.post("/sign-in/", {"username": "clinician", "password": "wrong"})
    client.post("/sign-in/", {"username": "my-secret-password", "password": ""})
    client.post("/sign-in/", {"username": "my-secret-password", "password": "x"})
    events = AuditEvent.objects.filter(code=Code.SIGN_IN_REFUSED, success=False)
    assert list(events.order_by("pk").values_list("actor", flat=True)) == ["clinician", UNKNOWN]


def test_guessing_is_locked_out_and_written(client: Client) -> None:
    factories.clinician()
    for _ in range(5):
        answer = client.post("/sign-in/", {"username": "clinician", "password": "wrong"})
    assert answer.status_code == 429
    assert "Too many sign-ins failed" in answer.content.decode()
    assert "Research use, not for diagnosis" in answer.content.decode()
    right = client.post("/sign-in/", {"username": "clinician", "password": factories.PASSWORD})
    assert right.status_code == 429
    assert AuditEvent.objects.filter(details__startswith="locked out", actor="clinician").exists()


def test_a_look_at_the_worklist_and_at_a_study_is_written_once_a_look(clinician: Client) -> None:
    series = factories.picture_series()
    for _ in range(3):
        clinician.get("/")
        clinician.get("/worklist/rows/")
        clinician.get(f"/studies/{series.study_id}/")
        clinician.get(f"/frames/{series.instances.get().pk}/0.png")
    assert codes() == [Code.SIGN_IN, Code.WORKLIST_VIEWED, Code.STUDY_VIEWED]
    assert AuditEvent.objects.get(code=Code.STUDY_VIEWED).study == series.study_id


def test_a_refused_look_is_written(stranger: Client) -> None:
    series = factories.picture_series()
    assert stranger.get(f"/studies/{series.study_id}/").status_code == 404
    event = AuditEvent.objects.get(code=Code.ACCESS_REFUSED)
    assert (event.actor, event.study, event.success) == ("stranger", series.study_id, False)


def test_what_cannot_be_audited_is_not_shown(clinician: Client) -> None:
    series = factories.picture_series()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent RENAME TO audit_gone")
    clinician.raise_request_exception = False
    answer = clinician.get(f"/studies/{series.study_id}/")
    assert answer.status_code == 500
    assert "Readroom failed" in answer.content.decode()


def test_the_admin_searches_and_the_search_is_written(admin: Client) -> None:
    series = factories.picture_series()
    audit_record(code=Code.STUDY_VIEWED, actor="reader-7", study=series.study_id)
    audit_record(code=Code.UPLOADED, actor="reader-8")
    text = admin.get(f"/audit/?who=reader-7&what={Code.STUDY_VIEWED}&study={series.study_id}").content.decode()
    assert "reader-7" in text
    assert "reader-8" not in text
    event = AuditEvent.objects.filter(code=Code.AUDIT_SEARCHED).latest("pk")
    assert event.details == f"who=reader-7, what={Code.STUDY_VIEWED}, study={series.study_id}"


@pytest.mark.parametrize(
    ("query", "found"), [("allowed=1", 2), ("allowed=0", 1), ("since=2999-01-01", 0), ("until=2999-01-01", 3)]
)
def test_each_filter_narrows(admin: Client, query: str, found: int) -> None:
    audit_record(code=Code.SIGN_IN, actor="tested")
    audit_record(code=Code.ACCESS_REFUSED, actor="tested", success=False)
    audit_record(code=Code.SIGN_OUT, actor="tested")
    page = admin.get(f"/audit/?who=tested&{query}").context["page"]
    assert page.paginator.count == found


def test_a_senseless_filter_is_told_and_finds_nothing(admin: Client) -> None:
    answer = admin.get("/audit/?study=no-id&since=yesterday")
    assert answer.status_code == 200
    assert "Enter a valid UUID." in answer.content.decode()
    assert answer.context["page"].paginator.count == 0


def test_the_log_is_paged_and_keeps_the_search(admin: Client) -> None:
    for _ in range(60):
        audit_record(code=Code.SIGN_IN, actor="many")
    answer = admin.get("/audit/?who=many&page=2")
    assert len(answer.context["page"]) == 10
    assert "?who=many&amp;page=1" in answer.content.decode()


def test_verifying_tells_whether_the_chain_holds(admin: Client) -> None:
    assert "The chain holds: 1 event" in admin.post("/audit/verify/").content.decode()
    unguarded("UPDATE audit_auditevent SET actor = 'x'")
    assert "Broken at event" in admin.post("/audit/verify/").content.decode()
