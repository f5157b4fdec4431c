"""What the tests ask the database about runs, in SQL: past the code that is being tested."""

from itertools import count
from pathlib import Path
from uuid import UUID

from tests.deployment import Deployment, Visitor
from tests.servers import wait_until
from tests.services.pictures import long_series, picture

RECOVERY_SECONDS = 30.0
#: Runs with the series that they are about.
RUNS = "inference_run AS run JOIN archive_series AS series ON series.id = run.series_id"
EVENTS = f"{RUNS} JOIN inference_runevent AS event ON event.run_id = run.id"
#: An id without dashes: SQLite keeps it so, PostgreSQL does not.
STUDY = "REPLACE(CAST(series.study_id AS text), '-', '')"
_numbers = count(1)


def plain(identifier: str) -> str:
    """Return an id without dashes."""
    return identifier.replace("-", "")


def among(studies: set[str]) -> str:
    """Return the SQL condition that picks these studies."""
    return f"{STUDY} IN ({', '.join(repr(plain(study)) for study in studies)})"


def uploaded(visitor: Visitor, *, how_many: int) -> set[str]:
    """Upload so many new pictures; return their studies."""
    studies = set()
    for number in (next(_numbers) for _ in range(how_many)):
        (filed,) = visitor.upload(f"picture-{number}.png", picture(number))
        assert filed["status"] == "stored", filed
        studies.add(filed["study"])
    return studies


def uploaded_long(visitor: Visitor) -> set[str]:
    """Upload a series that takes seconds to answer, so that its worker can be caught at it; return its study."""
    (filed,) = visitor.upload("long.dcm", long_series())
    assert filed["status"] == "stored", filed
    return {filed["study"]}


def states(deployment: Deployment, studies: set[str]) -> dict[str, str]:
    """Return study -> state of its run, for the studies that have one."""
    return dict(deployment.rows(f"SELECT {STUDY}, run.state FROM {RUNS} WHERE {among(studies)}"))


def events(deployment: Deployment, study: str) -> list[str]:
    """Return the events of a study's run, oldest first."""
    told = deployment.rows(f"SELECT event.event FROM {EVENTS} WHERE {among({study})} ORDER BY event.id")
    return [event for (event,) in told]


def wait_until_done(deployment: Deployment, studies: set[str], *, seconds: float = RECOVERY_SECONDS) -> None:
    """Wait until every study's run is done.

    Raises
    ------
    TimeoutError
        If one is not, within `seconds`.
    """

    def all_done() -> bool:
        return list(states(deployment, studies).values()) == ["done"] * len(studies)

    wait_until(all_done, what=f"{len(studies)} runs to finish", seconds=seconds, every=0.25)


def wait_until_one_is(deployment: Deployment, studies: set[str], state: str) -> None:
    """Wait until at least one of the studies' runs is in that state."""

    def one_is() -> bool:
        return state in states(deployment, studies).values()

    wait_until(one_is, what=f"a run to be {state}", seconds=60, every=0.02)


def wait_until_all_are(deployment: Deployment, studies: set[str], state: str) -> None:
    """Wait until every study has a run and all of them are in that state."""

    def all_are() -> bool:
        return list(states(deployment, studies).values()) == [state] * len(studies)

    wait_until(all_are, what=f"all runs to be {state}", seconds=60, every=0.02)


def catch_in_mid_run(deployment: Deployment, studies: set[str]) -> None:
    """Hold the worker still at a moment when it has begun an answer of these studies and not ended it."""

    def caught() -> bool:
        family = deployment.family("worker")
        for process in family:
            process.suspend()
        if any((folder / "heartbeat").exists() and not (folder / "out").exists() for folder in attempts()):
            return True
        for process in family:
            process.resume()
        return False

    def attempts() -> list[Path]:
        asked = deployment.rows(f"SELECT CAST(run.id AS text), run.attempt FROM {RUNS} WHERE {among(studies)}")
        return [deployment.data / "runs" / str(UUID(run)) / str(attempt) for run, attempt in asked]

    wait_until(caught, what="the worker to be in the middle of a run", seconds=60, every=0.03)


def assert_one_was(deployment: Deployment, studies: set[str], event: str) -> None:
    """Assert that a run met with this event: that the fault of the test was felt at all."""
    assert event in {met for study in studies for met in events(deployment, study)}


def assert_each_finished_once(deployment: Deployment, studies: set[str]) -> None:
    """Assert one finish a study, and no stage of it written twice."""
    finished = f"SELECT {STUDY}, COUNT(*) FROM {EVENTS} WHERE event.event = 'finish' AND {among(studies)} GROUP BY 1"
    assert dict(deployment.rows(finished)) == {plain(study): 1 for study in studies}
    twice = 'SELECT run_id FROM inference_stage GROUP BY run_id, "order" HAVING COUNT(*) > 1'
    assert deployment.rows(twice) == []
