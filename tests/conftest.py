"""What every room's tests may ask for."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import deployment as running
from tests.orthanc import Orthanc, orthanc
from tests.servers import postgres, redis_server

pytest_plugins = ["tests.second_try"]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the address of a real, empty PostgreSQL database."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return the address of a real Redis server."""
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Return a real Orthanc."""
    with orthanc(tmp_path_factory.mktemp("orthanc")) as here:
        yield here


@pytest.fixture(scope="session", params=["embedded", "served"])
def deployment(request: pytest.FixtureRequest) -> Iterator[running.Deployment]:
    """Return Readroom, running: as `make run` starts it, and as docker-compose.yml does."""
    start = {"embedded": running.embedded, "served": running.served}[request.param]
    with tempfile.TemporaryDirectory(prefix="readroom-") as folder, start(data=Path(folder)) as deployment:
        yield deployment
