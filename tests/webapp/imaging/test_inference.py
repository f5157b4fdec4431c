"""A run moves along its table, is finished once, and ends in quarantine after three failures."""

import os
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from tests.webapp import factories
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import kind_of
from webapp.foundation.outbox.remote import LEASE_SECONDS
from webapp.foundation.outbox.services import dispatch_due, fail, watch_all
from webapp.imaging.archive.models import Series
from webapp.imaging.inference import jobs, services
from webapp.imaging.inference.measurements import measurements_of
from webapp.imaging.inference.models import Run, RunEvent
from webapp.imaging.inference.state_machine import TRANSITIONS, run_move
from workers import api, storage
from workers.contracts import (
    AnalysisRequest,
    AnalysisResult,
    CodeAnswer,
    FindingAnswer,
    MarkAnswer,
    MeasuresAnswer,
    OpinionAnswer,
    SeriesAnswer,
    SliceName,
    StageAnswer,
)
from workers.storage import Attempt

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
State = Run.State


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, and with it an embedded queue, of the test's own."""
    monkeypatch.setenv("READROOM_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def series() -> Series:
    """One stored picture that is owed a run."""
    return factories.picture_series()


def dispatch() -> int:
    """Ring for what may be under way, as housekeeping does."""
    return dispatch_due(kind_of(services.ANALYSIS))


def watch() -> int:
    """Look after what is under way, as housekeeping does."""
    moved, _ = watch_all([services.ANALYSIS])
    return moved


@pytest.fixture
def rung(series: Series) -> Run:
    """A run that was dispatched once."""
    services.run_create(series=series)
    dispatch()
    return Run.objects.get()


def answered(run: Run, answer: SeriesAnswer | None, error: str | None = None) -> None:
    """Leave an answer as a worker does."""
    attempt = Attempt(run.pk, run.attempt)
    attempt.claim()
    out = storage.temporary()
    out.mkdir()
    result = AnalysisResult(run=run.pk, attempt=run.attempt, answer=answer, error=error)
    (out / "result.json").write_text(result.model_dump_json())
    attempt.publish(out)


def negative(series: Series) -> SeriesAnswer:
    """A whole answer that found nothing."""
    path = str(storage.object_path(series.instances.get().sha256))
    return SeriesAnswer(
        path=path, paths=[path], status="done", outcome="negative", reason=None, modality="MR", region="brain",
        plane="axial", findings=[], stages=[],
    )  # fmt: skip


def test_every_state_can_be_left_or_is_an_end() -> None:
    left = {from_state for from_state, _ in TRANSITIONS}
    assert set(State.values) - left == {State.DONE}
    assert set(TRANSITIONS.values()) <= set(State.values)


def test_an_impossible_event_is_a_mistake_in_our_code(rung: Run) -> None:
    with pytest.raises(KeyError):
        run_move(run=rung.pk, event="retry", from_state=State.DISPATCHED, attempt=1)


def test_a_move_from_where_the_run_no_longer_stands_changes_nothing(rung: Run) -> None:
    assert not run_move(run=rung.pk, event="finish", from_state=State.RUNNING, attempt=1)
    assert not run_move(run=rung.pk, event="finish", from_state=State.DISPATCHED, attempt=2)
    rung.refresh_from_db()
    assert rung.state == State.DISPATCHED


@pytest.mark.usefixtures("series")
def test_a_picture_is_owed_one_run_however_often_one_looks() -> None:
    for _ in range(3):
        for due in services.series_needing_run(quiet_seconds=60):
            services.run_create(series=due)

    assert Run.objects.count() == 1


def test_a_dicom_series_waits_until_it_is_quiet(series: Series) -> None:
    Series.objects.update(is_picture=False, last_arrival_at=timezone.now())
    assert services.series_needing_run(quiet_seconds=60) == []

    Series.objects.update(last_arrival_at=timezone.now() - timedelta(seconds=61))
    assert services.series_needing_run(quiet_seconds=60) == [series]


def test_late_images_make_a_second_run_beside_the_first(series: Series) -> None:
    services.run_create(series=series)
    factories.picture_instance(series=series)
    Series.objects.update(last_arrival_at=timezone.now())

    (due,) = services.series_needing_run(quiet_seconds=0)
    services.run_create(series=due)

    assert Run.objects.count() == 2


def test_the_request_names_objects_by_digest_and_no_patient(rung: Run, series: Series) -> None:
    asked = AnalysisRequest.model_validate_json(Attempt(rung.pk, 1).request.read_text())

    assert asked.objects == [series.instances.get().sha256]
    assert set(asked.model_dump()) == {"run", "attempt", "objects"}


def test_the_queue_holds_a_window_and_the_rest_waits_in_the_database() -> None:
    for _ in range(jobs.WINDOW + 3):
        services.run_create(series=factories.picture_series())

    assert dispatch() == jobs.WINDOW
    assert dispatch() == 0
    assert Run.objects.filter(state=State.QUEUED).count() == 3


def test_an_answer_is_collected_once(rung: Run, series: Series) -> None:
    answered(rung, negative(series))

    assert [watch(), watch()] == [1, 0]
    rung.refresh_from_db()
    assert (rung.state, rung.outcome, rung.plane) == (State.DONE, Run.Outcome.NEGATIVE, "axial")
    assert RunEvent.objects.filter(run=rung, event="finish").count() == 1


def test_a_finding_without_a_box_is_stored_with_its_range_and_its_reservation(rung: Run, series: Series) -> None:
    stage = StageAnswer(
        name="lungs", title="Lungs", pathway="chest", status="done", label="pneumonia", probability=0.72,
        probability_low=0.6, probability_high=0.81, views=5, experimental="One source only.",
    )  # fmt: skip
    finding = FindingAnswer(
        label="pneumonia", label_title="Suspected pneumonia", probability=0.72, slice=0, first_slice=0, last_slice=0,
        box=None, mask=None, stage="lungs", sentence="Suspicious.", urgency=1, experimental="One source only.",
    )  # fmt: skip
    told = {"outcome": "findings", "stages": [stage], "findings": [finding]}
    slices = [SliceName(path=negative(series).path, frame=0)]
    answered(rung, negative(series).model_copy(update={**told, "slices": slices}))
    watch()

    rung.refresh_from_db()
    row, found = rung.stages.get(), rung.findings.get()
    assert (row.probability_low, row.probability_high, row.views) == (0.6, 0.81, 5)
    assert (found.box, row.experimental, found.experimental) == (None, "One source only.", "One source only.")
    assert (rung.urgency, rung.urgency_reason) == (1, "Suspected pneumonia, 72%, experimental")


def test_a_finding_is_stored_with_its_marks_by_object_and_frame_and_its_masks_are_served(clinician: Client) -> None:
    series = factories.series_of(factories.study(patient=factories.patient()))
    pixels = np.zeros((8, 8), np.uint8)
    slices = [factories.slice_instance(series=series, pixels=pixels + n, position=float(n)) for n in range(2)]
    services.run_create(series=series)
    dispatch()
    run = Run.objects.get()
    paths = [str(storage.object_path(one.sha256)) for one in slices]
    marks = [MarkAnswer(slice=n, box=(1, 1, 4, 4), mask=f"finding-1-slice-{n + 1}-mask.png") for n in range(2)]
    finding = FindingAnswer(
        label="tumour", label_title="Suspected brain tumour", probability=0.8, slice=1, first_slice=0, last_slice=1,
        box=marks[1].box, mask=marks[1].mask, stage="tumour-boxes", sentence="Area.", urgency=3, marks=marks,
        code=CodeAnswer(value="108369006", scheme="SCT", meaning="Neoplasm"), colour="#ff9f43", outlined_by="outline",
        measures=MeasuresAnswer.model_validate(factories.measures(np.ones((2, 8, 8), np.bool_), spacing=(2.0, 2.0))),
        opinions=[OpinionAnswer.model_validate(factories.opinion(disagrees=True))],
    )  # fmt: skip
    answer = SeriesAnswer(
        path=paths[0], paths=paths, status="done", outcome="findings", reason=None, modality="MR", region="brain",
        plane="axial", findings=[finding], stages=[], slices=[SliceName(path=path, frame=0) for path in paths],
    )  # fmt: skip
    answered(run, answer)
    watch()

    row = run.findings.get()
    assert (row.code, row.code_scheme, row.code_meaning, row.colour) == ("108369006", "SCT", "Neoplasm", "#ff9f43")
    assert measurements_of(row).figures["volume"].value == 2 * 64 * 4 * 3
    assert [OpinionAnswer.model_validate(opinion) for opinion in row.opinions] == finding.opinions
    assert Run.objects.get().urgency == 3  # two opinions that disagree move nothing
    assert [(mark.slice, mark.instance) for mark in row.marks.all()] == list(enumerate(slices))
    for mark in marks:
        (Attempt(run.pk, 1).out / str(mark.mask)).write_bytes(b"drawn")
        assert clinician.get(f"/runs/{run.pk}/files/{mark.mask}").content == b"drawn"
    assert clinician.get(f"/runs/{run.pk}/files/finding-1-slice-9-mask.png").status_code == 404


def test_a_late_answer_of_an_attempt_that_was_given_up_is_not_collected(rung: Run, series: Series) -> None:
    assert fail(OutboxItem.objects.get(), "test")
    dispatch()
    answered(rung, negative(series))  # the first attempt's, late

    assert watch() == 0
    rung.refresh_from_db()
    assert (rung.state, rung.attempt) == (State.DISPATCHED, 2)


def test_a_silent_worker_loses_the_run_to_another_attempt(rung: Run) -> None:
    attempt = Attempt(rung.pk, 1)
    attempt.claim()
    watch()
    then = time.time() - LEASE_SECONDS - 1
    os.utime(attempt.heartbeat, (then, then))

    watch()
    dispatch()

    rung.refresh_from_db()
    assert (rung.state, rung.attempt, rung.failures) == (State.DISPATCHED, 2, 1)


def test_a_run_at_work_whose_files_are_gone_is_tried_again(rung: Run) -> None:
    attempt = Attempt(rung.pk, 1)
    attempt.claim()
    watch()
    attempt.heartbeat.unlink()
    OutboxItem.objects.filter(lease_expires_at__isnull=False).update(lease_expires_at=timezone.now())

    watch()
    dispatch()

    rung.refresh_from_db()
    assert (rung.state, rung.attempt, rung.failures) == (State.DISPATCHED, 2, 1)


def test_a_doorbell_that_nobody_answered_is_rung_again_as_the_same_attempt(rung: Run) -> None:
    OutboxItem.objects.filter(lease_expires_at__isnull=False).update(lease_expires_at=timezone.now())

    assert watch() == 1
    rung.refresh_from_db()
    assert rung.attempt == 1
    assert list(rung.events.values_list("event", flat=True)) == ["ring", "ring_again"]


def test_three_failures_end_in_quarantine_and_a_person_can_retry(rung: Run) -> None:
    for _ in range(3):
        dispatch()
        rung.refresh_from_db()
        answered(rung, None, error="The model file x is missing.")
        watch()
    rung.refresh_from_db()
    assert (rung.state, rung.outcome) == (State.QUARANTINED, Run.Outcome.FAILED)
    assert rung.reason == "Failed 3 times. The model file x is missing."
    assert dispatch() == 0

    person = factories.clinician()
    assert services.run_retry(run=rung, user=person, request=RequestFactory().post("/"))
    dispatch()
    rung.refresh_from_db()
    assert (rung.state, rung.attempt, rung.failures) == (State.DISPATCHED, 4, 0)


def test_a_run_is_named_by_the_cascade_that_made_it(rung: Run) -> None:
    assert rung.cascade_digest == api.cascade_digest()
