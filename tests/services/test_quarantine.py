"""Three failures end in a quarantine that a person sees and retries."""

from pathlib import Path
from uuid import UUID

from tests.deployment import Deployment, held
from tests.servers import wait_until
from tests.services.pictures import picture
from tests.services.runs import (
    RUNS,
    among,
    assert_each_finished_once,
    events,
    plain,
    states,
    wait_until_done,
)

POISON = 1_000_000  # no other test draws this picture


def stored_object(deployment: Deployment, study: str) -> Path:
    """Return where the bytes of a picture's study lie."""
    ((digest,),) = deployment.rows(
        "SELECT instance.sha256 FROM archive_instance AS instance "
        f"JOIN archive_series AS series ON series.id = instance.series_id WHERE {among({study})}"
    )
    return deployment.data / "objects" / str(digest)[:2] / str(digest)


def test_a_run_that_cannot_succeed_is_quarantined_shown_and_retried(deployment: Deployment) -> None:
    visitor = deployment.visitor()
    with held(deployment, "worker"):  # so that the bytes change before anybody reads them
        (filed,) = visitor.upload("poison.png", picture(POISON))
        study = filed["study"]
        stored = stored_object(deployment, study)
        good = stored.read_bytes()
        stored.write_bytes(good[:-1] + b"\0")

    def quarantined() -> bool:
        return states(deployment, {study}) == {plain(study): "quarantined"}

    wait_until(quarantined, what="the quarantine", seconds=60)
    assert [event for event in events(deployment, study) if event in {"lose", "give_up"}] == ["lose", "lose", "give_up"]
    page = visitor.http.get(f"/studies/{study}/").raise_for_status().text
    assert "Failed 3 times" in page
    assert "its sha256 differs" in page

    stored.write_bytes(good)
    ((run,),) = deployment.rows(f"SELECT CAST(run.id AS text) FROM {RUNS} WHERE {among({study})}")
    visitor.post(f"/runs/{UUID(run)}/retry/", {})
    wait_until_done(deployment, {study})
    assert_each_finished_once(deployment, {study})
    assert "Failed 3 times" not in visitor.http.get(f"/studies/{study}/").raise_for_status().text
