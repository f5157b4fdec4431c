"""One attempt: claimed once, answered whole, and a failure is an answer too."""

import hashlib
import math
import os
import time
from pathlib import Path
from uuid import uuid4

import pytest

from ml.lab.radiomics.examples import Spot, spot_drawn
from tests.phantoms.dicom import image, saved, series
from tests.phantoms.pictures import png
from workers import storage
from workers.contracts import AnalysisRequest, AnalysisResult
from workers.heartbeat import SECONDS, beating
from workers.storage import Attempt
from workers.tasks_inference import analyst, attempt_answer


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("READROOM_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def sha256(tmp_path: Path) -> str:
    """A stored picture."""
    content = png(tmp_path / "disc.png").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with storage.written_whole(storage.object_path(digest)) as unfinished:
        unfinished.write_bytes(content)
    return digest


def asked(*objects: str) -> Attempt:
    """An attempt that waits for a worker."""
    attempt = Attempt(uuid4(), 1)
    request = AnalysisRequest(run=attempt.run, attempt=1, objects=list(objects))
    storage.write_text(attempt.request, request.model_dump_json())
    return attempt


def result_of(attempt: Attempt) -> AnalysisResult:
    """What the worker left."""
    return AnalysisResult.model_validate_json(attempt.result.read_text())


def test_a_stored_picture_is_answered_with_every_stage_and_its_pictures(sha256: str) -> None:
    attempt = asked(sha256)
    attempt_answer(attempt)
    result = result_of(attempt)

    assert result.error is None
    assert result.answer is not None
    assert len(result.answer.stages) >= 8
    for stage in result.answer.stages:
        assert stage.heat_map is None or (attempt.out / stage.heat_map).is_file()


def test_a_boxed_spot_is_answered_with_a_second_opinion_and_every_reason(tmp_path: Path) -> None:
    head = image(spot_drawn(Spot(away=20, radius=16, grey=165)), Modality="MR", BodyPartExamined="BRAIN")
    file = saved(head, tmp_path / "head.dcm")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with storage.written_whole(storage.object_path(digest)) as unfinished:
        unfinished.write_bytes(file.read_bytes())
    attempt = asked(digest)
    attempt_answer(attempt)
    answer = result_of(attempt).answer

    assert answer is not None
    (finding,) = answer.findings
    (opinion,) = finding.opinions
    stage = next(stage for stage in answer.stages if stage.name == opinion.stage)
    shares = sorted((share for _, share in stage.alternatives), reverse=True)
    assert (stage.status, stage.pathway, stage.model) == ("done", "mri-tumour-features", opinion.model)
    assert (stage.probability, stage.label) == (opinion.probability, opinion.label)
    told = opinion.base + sum(reason.contribution for reason in opinion.reasons)
    assert math.log(shares[0] / shares[1]) == pytest.approx(told, abs=0.02)
    assert opinion.experimental == stage.experimental != ""
    assert (finding.urgency, finding.experimental) == (3, "")


def test_the_second_doorbell_for_an_attempt_does_nothing(sha256: str) -> None:
    attempt = asked(sha256)
    attempt_answer(attempt)
    before = attempt.result.stat().st_mtime_ns
    attempt_answer(attempt)

    assert attempt.result.stat().st_mtime_ns == before


def test_an_object_that_changed_since_it_was_stored_is_not_analysed(sha256: str) -> None:
    storage.object_path(sha256).write_bytes(b"other bytes")
    attempt = asked(sha256)
    attempt_answer(attempt)

    assert (
        result_of(attempt).error == "A stored object of this series has changed since it arrived: its sha256 differs."
    )


def test_an_object_that_is_gone_is_said_to_be(sha256: str) -> None:
    storage.object_path(sha256).unlink()
    attempt = asked(sha256)
    attempt_answer(attempt)

    assert result_of(attempt).error == "A stored object of this series is missing."


def test_a_worker_that_breaks_down_says_so_at_once(sha256: str) -> None:
    attempt = asked(sha256)
    attempt.request.write_text('{"not": "a request"}')

    with pytest.raises(ValueError, match="AnalysisRequest"):
        attempt_answer(attempt)
    assert str(result_of(attempt).error).startswith("The analysis stopped unexpectedly")


def test_the_heart_beats_while_the_work_goes_on(sha256: str) -> None:
    attempt = asked(sha256)
    attempt.claim()
    long_ago = time.time() - 100
    os.utime(attempt.heartbeat, (long_ago, long_ago))
    with beating(attempt):
        deadline = time.monotonic() + 10 * SECONDS
        while (attempt.heartbeat_age() or 0) > 50 and time.monotonic() < deadline:
            time.sleep(0.05)

    assert (attempt.heartbeat_age() or 0) < 50


def test_a_slice_that_cannot_be_read_is_left_out_and_the_answer_says_so(tmp_path: Path) -> None:
    files = [saved(ds, tmp_path / f"{number}.dcm") for number, ds in enumerate(series(6))]
    content = files[2].read_bytes()
    files[2].write_bytes(content[: len(content) // 2])
    answer = analyst().analyze(files)

    assert answer.status != "refused"
    assert "1 of 6 files were left out: The DICOM file is" in str(answer.reason)
    assert len(answer.slices) == 5
