"""A step of housekeeping that fails stops no other, is counted, logged without patient data, and tried again."""

import logging
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.webapp import factories
from webapp.administration.operations.steps import housekeeping_steps, urgent_steps
from webapp.foundation.core.steps import Step, look_once
from webapp.foundation.outbox.registry import kind_of
from webapp.foundation.outbox.services import BROKEN, dispatch_due, watch_all
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.services import ANALYSIS, run_create
from webapp.reading.critical_results.models import CriticalResult, Escalation
from webapp.reading.critical_results.services import critical_open
from workers import configuration, storage
from workers.contracts import AnalysisResult, FindingAnswer, SeriesAnswer
from workers.storage import Attempt

# A step that fails gives its connection back, and PostgreSQL's would be the one in whose transaction the test runs.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite, pytest.mark.usefixtures("data_folder")]

PATIENT = "Kanarienvogel^Karl"


def every_step() -> list[Step]:
    """All that housekeeping does beside the work of the outbox."""
    return [*urgent_steps(), *housekeeping_steps()]


STEPS = [step.name for step in every_step()]
ESCALATION = "escalation of critical results"
RUNS = "runs for what arrived"


def broken() -> int:
    """Fail with the patient's name in the message, as a library may."""
    raise ValueError(PATIENT)


@pytest.fixture
def overdue() -> CriticalResult:
    """A critical result that nobody read back in time."""
    study = factories.study(patient=factories.patient())
    critical = critical_open(study=study, sentence="Bleeding", user=factories.clinician())
    CriticalResult.objects.filter(pk=critical.pk).update(opened_at=timezone.now() - timedelta(minutes=90))
    return critical


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_fails_stops_no_other(name: str, overdue: CriticalResult, caplog: pytest.LogCaptureFixture) -> None:
    factories.picture_series()
    steps = [replace(step, work=broken) if step.name == name else step for step in every_step()]

    with caplog.at_level(logging.ERROR):
        look_once(steps)

    assert {step.name: (step.failures, step.trouble) for step in steps if step.failures} == {name: (1, "ValueError")}
    assert Escalation.objects.filter(critical=overdue).exists() == (name != ESCALATION)
    assert Run.objects.exists() == (name != RUNS)
    assert f"{name}: failed (ValueError, 1 in a row)" in caplog.text
    assert "in broken" in caplog.text
    assert PATIENT not in caplog.text


def test_a_step_that_failed_is_tried_again_later_and_later_and_counted_from_the_start_once_it_works() -> None:
    looks: list[float] = []

    def mends_itself() -> int:
        looks.append(time.monotonic())
        return broken() if len(looks) < 3 else 3

    step = Step("step", mends_itself)
    for failures, pause in ((1, 1.0), (2, 2.0)):
        assert step.look() == 0
        assert (step.failures, step.trouble) == (failures, "ValueError")
        assert pause <= step.due_at - looks[-1] < pause + 1
        assert (step.look(), len(looks)) == (0, failures), "not before its pause is over"
        step.due_at = 0.0
    assert step.look() == 3
    assert (step.failures, step.trouble) == (0, "")


def test_a_wrong_weights_folder_stops_nothing_but_analysis(
    overdue: CriticalResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.picture_series()
    right = configuration.weights_folder()
    monkeypatch.setenv("READROOM_WEIGHTS", str(tmp_path / "nowhere"))
    steps = every_step()

    look_once(steps)

    (failing,) = [step for step in steps if step.failures]
    assert failing.name == RUNS
    assert "manifest" in failing.trouble
    assert Escalation.objects.get().critical == overdue

    monkeypatch.setenv("READROOM_WEIGHTS", str(right))
    for step in steps:
        step.due_at = 0.0
    look_once(steps)
    assert Run.objects.exists()


def unforeseen(run: Run) -> None:
    """Answer as no worker should: with a finding on a slice that the answer does not have."""
    finding = FindingAnswer(
        label="tumour", label_title="Tumour", probability=0.8, slice=7, first_slice=7, last_slice=7, box=None,
        mask=None, stage="tumour", sentence="Suspicious.", urgency=1,
    )  # fmt: skip
    answer = SeriesAnswer(
        path="", paths=[], status="done", outcome="findings", reason=None, modality="MR", region="brain",
        plane="axial", findings=[finding], stages=[],
    )  # fmt: skip
    attempt = Attempt(run.pk, run.attempt)
    attempt.claim()
    out = storage.temporary()
    out.mkdir()
    (out / "result.json").write_text(AnalysisResult(run=run.pk, attempt=run.attempt, answer=answer).model_dump_json())
    attempt.publish(out)


def test_an_answer_that_nobody_foresaw_is_counted_and_quarantined_and_the_next_run_goes_on() -> None:
    run_create(series=factories.picture_series())
    for _ in range(3):
        assert dispatch_due(kind_of(ANALYSIS)) == 1
        unforeseen(Run.objects.get())
        watch_all([ANALYSIS])
    run_create(series=factories.picture_series())
    dispatch_due(kind_of(ANALYSIS))

    first, second = Run.objects.order_by("created_at")
    assert (first.state, first.failures) == (Run.State.QUARANTINED, 3)
    assert first.reason == f"Failed 3 times. {BROKEN.format(kind='IndexError')}"
    assert second.state == Run.State.DISPATCHED
    assert first.findings.count() == 0
