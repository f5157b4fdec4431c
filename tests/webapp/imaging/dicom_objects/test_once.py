"""Objects are made once a run, whatever dies in between."""

import errno
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.phantoms import dicom, geometry
from tests.webapp import factories
from tests.webapp.imaging.dicom_objects.conftest import Send, finding_outlined, made, run_answered
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.outbox.models import OutboxItem
from webapp.foundation.outbox.registry import kind_of
from webapp.foundation.outbox.services import OURS, recover, work_due
from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.dicom_objects import builder, services, storage
from webapp.imaging.dicom_objects.build_jobs import POLICY
from webapp.imaging.dicom_objects.builder import BuiltSet, build_results
from webapp.imaging.dicom_objects.models import ResultSet
from webapp.imaging.dicom_objects.services import RESULTS
from webapp.imaging.inference.collect_results import store_answer
from webapp.imaging.inference.models import Run
from workers import storage as data_folder
from workers.contracts import SeriesAnswer

CUT = geometry.Cut(shape=(2, 40, 48))


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def due_again() -> None:
    """Let the time pass after which a set is taken up again."""
    long_ago = timezone.now() - timedelta(hours=1)
    OutboxItem.objects.update(lease_expires_at=long_ago)
    recover(kinds=[kind_of(RESULTS)])
    OutboxItem.objects.update(next_at=long_ago)


def answer(series: Series) -> SeriesAnswer:
    """A whole answer that found nothing."""
    paths = [str(data_folder.object_path(one.sha256)) for one in series.instances.all()]
    return SeriesAnswer(
        path=paths[0], paths=paths, status="done", outcome="negative", reason=None, modality="MR", region="brain",
        plane="axial", findings=[], stages=[],
    )  # fmt: skip


def test_an_answer_that_is_collected_is_owed_its_objects(sent: Send, settings: Settings) -> None:
    series = sent([dicom.image()])
    settings.RESULTS = False
    assert store_answer(run=factories.run_of(series, state=Run.State.RUNNING), answer=answer(series))
    assert not ResultSet.objects.exists()
    settings.RESULTS = True
    run = factories.run_of(series, state=Run.State.RUNNING)
    assert store_answer(run=run, answer=answer(series))
    assert not store_answer(run=run, answer=answer(series))
    assert list(made(run)) == ["SR"]
    assert work_due(RESULTS) == 0


@pytest.mark.usefixtures("db", "data_folder")
def test_a_picture_without_a_header_has_no_study_to_file_into() -> None:
    series = factories.picture_series()
    store_answer(run=factories.run_of(series, state=Run.State.RUNNING), answer=answer(series))
    results = ResultSet.objects.get()
    assert (results.state, results.reason) == (
        "none",
        "The picture came without a DICOM header, so there is no DICOM study to store objects in.",
    )
    assert work_due(RESULTS) == 0


def test_made_again_they_are_the_same_bytes(sent: Send, tmp_path: Path) -> None:
    run = run_answered(sent(geometry.single_frames(CUT)))
    finding_outlined(run, CUT.ball(radius=8))
    run = Run.objects.get(pk=run.pk)
    folders = [tmp_path / name for name in ("first", "again")]
    for folder in folders:
        folder.mkdir()
        build_results(run=run, earlier=[], into=folder)
    first, again = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert len(first) == 3
    assert first == again


@pytest.mark.parametrize("where", [(storage, "persist_instance"), (services, "audit_record")])
def test_killed_while_filing_they_are_made_again_and_once(
    where: tuple[ModuleType, str], sent: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = sent(geometry.single_frames(CUT))
    run = run_answered(series)
    finding_outlined(run, CUT.ball(radius=8))

    def kill(**_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(*where, kill)
        with pytest.raises(Killed):
            work_due(RESULTS)
    assert not Instance.objects.exclude(series=series).exists()
    assert work_due(RESULTS) == 0  # somebody may still be at it
    due_again()
    assert sorted(made(run)) == ["SC", "SEG", "SR"]
    assert Instance.objects.exclude(series=series).count() == 3
    assert AuditEvent.objects.filter(code="110104 results stored").count() == 1
    due_again()
    assert work_due(RESULTS) == 0


def test_a_full_disk_is_waited_for(sent: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_answered(sent([dicom.image()]))

    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(builder, "build_results", full)
        for _ in range(POLICY.failures_allowed + 1):
            due_again()
            assert work_due(RESULTS) == 1
            item = OutboxItem.objects.get()
            assert (item.state, item.failures, item.reason) == ("waiting", 0, OURS)
    due_again()
    assert list(made(run)) == ["SR"]


def test_an_attempt_that_was_overtaken_files_nothing(sent: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    series = sent([dicom.image()])
    run_answered(series)

    def overtaken(**asked: Any) -> BuiltSet:
        OutboxItem.objects.update(attempt=2)
        return build_results(**asked)

    monkeypatch.setattr(builder, "build_results", overtaken)
    work_due(RESULTS)
    assert not Instance.objects.exclude(series=series).exists()
    assert ResultSet.objects.get().state == "owed"


def test_what_cannot_be_made_is_given_up_with_a_reason_and_holds_up_nobody(sent: Send) -> None:
    series = sent([dicom.image()])
    run = run_answered(series)
    finding_outlined(run, CUT.ball(radius=8)[:1])
    factories.answer_folder(run).joinpath("finding-1-slice-1-mask.png").write_bytes(b"no picture")
    other = run_answered(sent([dicom.image()]))
    for _ in range(POLICY.failures_allowed):
        due_again()
        work_due(RESULTS)
    results = ResultSet.objects.get(run=run)
    assert results.state == "failed"
    assert results.reason == "Failed 3 times. An outline that the run drew is missing or damaged."
    work_due(RESULTS)
    assert ResultSet.objects.get(run=other).state == "done"
