"""Objects that are made nameless as an export does it: by a question to a reading process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import FileDataset

from ml.deid.options import Asked, Options
from ml.dicomio.subprocess_reader import Reader
from tests.phantoms import dicom

SECRET = "5a" * 32
#: Takes an object and options; returns the file that leaves.
Leave = Callable[..., Path]


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    """A reading process."""
    process = Reader()
    yield process
    process.close()


@pytest.fixture
def leave(reader: Reader, tmp_path: Path) -> Leave:
    """Make an object nameless."""

    def make(ds: FileDataset, *, person: str = "1", secret: str = SECRET, **options: Any) -> Path:
        asked = Asked(secret=secret, person=person, options=Options(**options))
        number = len(list(tmp_path.iterdir()))
        path, out = dicom.saved(ds, tmp_path / f"in-{number}"), tmp_path / f"out-{number}"
        reader.ask(do="deidentify", path=str(path), asked=asked.model_dump_json(), out=str(out))
        return out

    return make


@pytest.fixture
def left(leave: Leave) -> Callable[..., FileDataset]:
    """Make an object nameless and read what leaves."""
    return lambda ds, **options: pydicom.dcmread(leave(ds, **options))
