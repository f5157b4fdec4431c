"""A follow-up laid over its prior: asked for on the page, done by a worker, refused or failed in words."""

import os
import time
from datetime import date, timedelta

import numpy as np
import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from tests.phantoms import heads
from tests.webapp import factories
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import kind_of
from webapp.foundation.outbox.remote import LEASE_SECONDS, LOST
from webapp.foundation.outbox.services import dispatch_due, watch_all
from webapp.imaging.archive.models import Patient, Series
from webapp.reading.followup.models import Registration
from webapp.reading.followup.registration_jobs import REGISTRATION, NotAPairError, request_registration
from workers.contracts import RegistrationAnswer, RegistrationResult
from workers.storage import Attempt
from workers.tasks_registration import attempt_register

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
State = Registration.State


def brain(
    patient: Patient, *, on: date, shift: tuple[float, float, float] = (0.0, 0.0, 0.0), count: int = 48
) -> Series:
    """Make a study that is one MR series of a drawn head."""
    series = factories.series_of(factories.study(patient=patient, study_date=on), modality="MR", body_part="BRAIN")
    for grey, place in zip(heads.head(shift=shift)[:count], heads.CUT.positions(), strict=False):
        factories.slice_instance(
            series=series,
            pixels=grey,
            position=float(place[2]),
            ImageOrientationPatient=[*heads.CUT.row, *heads.CUT.column],
            ImagePositionPatient=[float(part) for part in place],
            PixelSpacing=list(heads.CUT.spacing),
        )
    return series


@pytest.fixture
def pair(db: None, data_folder: object) -> tuple[Series, Series]:  # noqa: ARG001
    """Two visits of one patient, of a few slices each: no body, but a pair."""
    someone = factories.patient()
    return brain(someone, on=date(2026, 1, 5), count=2), brain(someone, on=date(2026, 6, 5), count=2)


def advance_registrations() -> int:
    """Look after what is under way, then ring for the oldest where none is, as housekeeping does."""
    moved, _ = watch_all([REGISTRATION])
    return moved or dispatch_due(kind_of(REGISTRATION))


def item() -> OutboxItem:
    """The work of the only registration."""
    return OutboxItem.objects.get(kind=REGISTRATION)


def request_pair(pair: tuple[Series, Series]) -> Registration:
    """Ask for a pair."""
    request = RequestFactory().post("/")
    return request_registration(prior=pair[0], follow_up=pair[1], user=factories.clinician(), request=request)


def leave_answer(row: Registration, **said: object) -> None:
    """Leave an answer as a worker does."""
    row.refresh_from_db()
    out = Attempt(row.pk, row.attempt).out
    out.mkdir(parents=True)
    result = RegistrationResult.model_validate({"registration": row.pk, "attempt": row.attempt, **said})
    (out / "result.json").write_text(result.model_dump_json())


def test_a_reader_asks_a_worker_registers_and_the_page_shows_both_in_one(clinician: Client) -> None:
    someone = factories.patient()
    prior, follow_up = brain(someone, on=date(2026, 1, 5)), brain(someone, on=date(2026, 6, 5), shift=(6.0, -5.0, 4.0))
    address = f"/studies/{follow_up.study_id}/follow-up/"
    clinician.post(f"{address}register/", {"prior": str(prior.pk), "follow_up": str(follow_up.pk)})
    assert "this page updates by itself" in clinician.get(address).content.decode()
    assert advance_registrations() == 1
    row = Registration.objects.get()
    attempt_register(Attempt(row.pk, row.attempt))
    assert advance_registrations() == 1

    row.refresh_from_db()
    assert (row.state, row.reason) == (State.DONE, "")
    answer = RegistrationAnswer.model_validate(row.answer)
    assert np.allclose(answer.shift_mm, (6.0, -5.0, 4.0), atol=1.5)
    text = clinician.get(address).content.decode()
    assert "Normalised mutual information" in text
    assert "updates by itself" not in text
    for name in (answer.slices[3].fused, answer.slices[3].checkerboard):
        assert f"/registrations/{row.pk}/files/{name}" in text
        assert clinician.get(f"/registrations/{row.pk}/files/{name}").headers["Content-Type"] == "image/png"
    assert clinician.get(f"/registrations/{row.pk}/files/fused-999.png").status_code == 404
    told = AuditEvent.objects.filter(code__in=[Code.REGISTRATION_ASKED, Code.REGISTRATION_MADE], success=True)
    assert set(told.values_list("study", flat=True)) == {follow_up.study_id}
    assert told.count() == 2


def test_what_is_no_body_is_refused_by_the_worker_and_said_on_the_page(
    pair: tuple[Series, Series], clinician: Client
) -> None:
    row = request_pair(pair)
    advance_registrations()
    attempt_register(Attempt(row.pk, 1))
    advance_registrations()

    row.refresh_from_db()
    assert (row.state, item().failures) == (State.REFUSED, 0)
    text = clinician.get(f"/studies/{pair[1].study_id}/follow-up/").content.decode()
    assert "A series of 2 slices is no body; at least 8 are needed. Nothing is drawn" in text
    assert "<img" not in text[text.index("laid-title") : text.index("unlinked-title")]


def test_a_poor_one_is_refused_with_its_figures_and_can_be_asked_for_again(pair: tuple[Series, Series]) -> None:
    row = request_pair(pair)
    advance_registrations()
    leave_answer(row, answer=RegistrationAnswer(refusal="Too little in common.", dice=0.9, nmi=1.05, correlation=0.2))
    advance_registrations()
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.REFUSED, "Too little in common.")

    again = request_pair(pair)
    assert (again.pk, again.state, again.reason, again.answer) == (row.pk, State.QUEUED, "", {})


def test_a_worker_that_dies_loses_it_three_times_and_then_it_is_given_up(pair: tuple[Series, Series]) -> None:
    row = request_pair(pair)
    for attempt in range(1, 3 + 1):
        advance_registrations()
        Attempt(row.pk, attempt).claim()
        then = time.time() - LEASE_SECONDS - 1
        os.utime(Attempt(row.pk, attempt).heartbeat, (then, then))
        advance_registrations()

    row.refresh_from_db()
    assert (row.state, row.attempt, item().failures, row.reason) == (State.FAILED, 3, 3, f"Failed 3 times. {LOST}")
    assert advance_registrations() == 0


def test_a_doorbell_that_nobody_heard_is_rung_again_as_the_same_attempt(pair: tuple[Series, Series]) -> None:
    row = request_pair(pair)
    advance_registrations()
    assert advance_registrations() == 0
    OutboxItem.objects.update(lease_expires_at=timezone.now() - timedelta(minutes=1))

    assert advance_registrations() == 1
    row.refresh_from_db()
    assert (row.state, row.attempt) == (State.RUNNING, 1)


def test_a_late_answer_of_an_earlier_attempt_is_not_collected(pair: tuple[Series, Series]) -> None:
    row = request_pair(pair)
    advance_registrations()
    OutboxItem.objects.update(attempt=2)
    Attempt(row.pk, 1).out.mkdir(parents=True, exist_ok=True)
    (Attempt(row.pk, 1).out / "result.json").write_text("{}")

    assert advance_registrations() == 0


def test_asking_twice_is_one_registration_and_one_runs_at_a_time(pair: tuple[Series, Series]) -> None:
    row = request_pair(pair)
    assert request_pair(pair) == row
    request_pair((pair[1], pair[0]))
    advance_registrations()
    advance_registrations()

    assert sorted(Registration.objects.values_list("state", flat=True)) == [State.QUEUED, State.RUNNING]
    assert AuditEvent.objects.filter(code=Code.REGISTRATION_ASKED).count() == 2


def test_series_of_one_study_or_of_two_patients_are_no_pair(pair: tuple[Series, Series]) -> None:
    stranger = brain(factories.patient("Other^Otto"), on=date(2026, 2, 2), count=1)
    for other in (pair[1], stranger):
        with pytest.raises(NotAPairError):
            request_pair((other, pair[1]))


def test_without_an_earlier_brain_mr_nothing_is_offered(clinician: Client) -> None:
    only = brain(factories.patient(), on=date(2026, 1, 5), count=1)
    text = clinician.get(f"/studies/{only.study_id}/follow-up/").content.decode()

    assert "This needs a brain MR in this study and one in an earlier study." in text
