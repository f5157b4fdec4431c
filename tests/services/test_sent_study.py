"""A scanner sends, the cascade answers, late images ask again: seen from outside, on both deployments."""

from pathlib import Path
from typing import Any
from uuid import UUID

from tests.deployment import Deployment, Visitor
from tests.phantoms import dicom
from tests.servers import wait_until
from tests.services.listening import dcmtk_sent
from tests.services.runs import plain

SETTLED = {"findings", "negative", "sorted_only", "not_analysed", "failed"}


def state(visitor: Visitor, study: str) -> dict[str, Any]:
    """Return what the API tells of the one series of a study; nothing while it is not there."""
    answer = visitor.http.get(f"/api/studies/{study}/")
    return answer.json()["series"][0] if answer.is_success else {}


def settled(visitor: Visitor, study: str, *, after: str | None = None) -> dict[str, Any]:
    """Wait for a finished run, another one than `after`, and return it."""

    def done() -> dict[str, Any]:
        told = state(visitor, study)
        return told if told.get("status") in SETTLED and told["run"] not in {None, after} else {}

    return wait_until(done, what="the answer", seconds=120, every=0.25)


def test_a_study_is_received_analysed_and_asked_again_when_more_of_it_comes(
    deployment: Deployment, tmp_path: Path
) -> None:
    slices = dicom.series(5, PatientID="SENT-BY-A-SCANNER")
    files = [dicom.saved(ds, tmp_path / f"{number}.dcm") for number, ds in enumerate(slices)]
    study, visitor = str(slices[0].StudyInstanceUID), deployment.visitor()
    assert state(visitor, study) == {}
    port = deployment.dicom_port
    assert dcmtk_sent(port, files[:3]).returncode == 0
    assert state(visitor, study)["status"] == "receiving"
    first = settled(visitor, study)
    assert first["outcome"] == first["status"]
    assert dcmtk_sent(port, files[3:]).returncode == 0
    assert state(visitor, study)["status"] == "receiving"
    second = settled(visitor, study, after=first["run"])
    ((own_id,),) = deployment.rows(f"SELECT id FROM archive_study WHERE study_instance_uid = '{study}'")
    page = visitor.http.get(f"/studies/{UUID(str(own_id))}/?run={first['run']}").text
    assert "Superseded: 2 images arrived after this result." in page
    kept = (
        "SELECT run.id, run.state FROM inference_run AS run JOIN archive_series AS series ON series.id = run.series_id "
    )
    runs = deployment.rows(f"{kept} WHERE series.series_instance_uid = '{second['series']}' ORDER BY run.created_at")
    assert [(plain(str(run)), state) for run, state in runs] == [
        (plain(first["run"]), "done"),
        (plain(second["run"]), "done"),
    ]
