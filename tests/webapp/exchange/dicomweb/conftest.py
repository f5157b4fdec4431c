"""A data folder of the test's own, and a sender whose objects come in by the one intake."""

from pathlib import Path

import pytest
from django.test import Client
from pydicom.dataset import FileDataset

from tests.phantoms import dicom
from tests.webapp import factories
from webapp.foundation.accounts.models import User
from webapp.imaging.archive.ingest import ingest_file


class Sender:
    """Somebody who sends objects and looks at them in a browser."""

    def __init__(self, user: User, folder: Path) -> None:
        self.user, self.folder, self.count = user, folder, 0
        self.browser = Client()
        self.browser.force_login(user)

    def file(self, ds: FileDataset) -> Path:
        """Return the object as a file."""
        self.count += 1
        return dicom.saved(ds, self.folder / f"{self.user.pk}-{self.count}.dcm")

    def send(self, *objects: FileDataset | Path) -> None:
        """File objects, each of which must be taken."""
        for one in objects:
            path = one if isinstance(one, Path) else self.file(one)
            (filed,) = ingest_file(path=path, name="sent", user=self.user, request=None)
            assert filed.status == "stored", filed.reason


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("READROOM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def sender(db: None, tmp_path: Path) -> Sender:  # noqa: ARG001 - asks for the database
    """A clinician of the main clinic."""
    return Sender(factories.clinician(), tmp_path)


@pytest.fixture
def elsewhere_sender(db: None, tmp_path: Path) -> Sender:  # noqa: ARG001
    """A clinician of another clinic."""
    return Sender(factories.clinician("stranger", at=factories.site("Other clinic")), tmp_path)
