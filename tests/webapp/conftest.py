"""What the tests of the web ask for: a data folder and a list of models of their own, and people signed in."""

from pathlib import Path

import pytest
from django.test import Client

from tests.webapp import factories
from tests.webapp.weights import manifest_drawn
from webapp.foundation.accounts.models import Site

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which database `make test` gives each test: one that asks for records gets a clinic's, PostgreSQL.

    Where the subject is a page, a picture or an object, and any database would do, the module is marked `sqlite`. Where
    our code, or what it relies on (a lock, a trigger, a plan), differs between the two, it is marked `both_databases`.
    """
    for item in items:
        asks = item.get_closest_marker("django_db") is not None or "db" in getattr(item, "fixturenames", ())
        if asks and HERE in item.path.parents and item.get_closest_marker("sqlite") is None:
            item.add_marker(pytest.mark.postgresql)


@pytest.fixture(scope="session")
def drawn_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of models that declares all that the pathways ask for."""
    return manifest_drawn(tmp_path_factory.mktemp("weights"))


@pytest.fixture(autouse=True)
def weights(drawn_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the web read the drawn list, whatever is shipped."""
    monkeypatch.setenv("READROOM_WEIGHTS", str(drawn_weights))
    return drawn_weights


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("READROOM_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def elsewhere(db: None) -> Site:  # noqa: ARG001 - asks for the database
    """Another clinic."""
    return factories.site("Other clinic")


@pytest.fixture
def clinician(db: None) -> Client:  # noqa: ARG001
    """A browser in which a clinician of the main clinic is signed in."""
    return signed_in(factories.clinician().get_username())


@pytest.fixture
def stranger(elsewhere: Site) -> Client:
    """A browser in which a clinician of the other clinic is signed in."""
    return signed_in(factories.clinician("stranger", at=elsewhere).get_username())


@pytest.fixture
def admin(db: None) -> Client:  # noqa: ARG001
    """A browser in which the administrator is signed in."""
    return signed_in(factories.admin().get_username())


def signed_in(username: str) -> Client:
    """Return a client that went through the sign-in page."""
    client = Client()
    client.post("/sign-in/", {"username": username, "password": factories.PASSWORD})
    assert "sessionid" in client.cookies
    return client
