"""A copy of the rooms."""

import shutil
from pathlib import Path

import pytest

from tests.architecture.walls import ROOMS, ROOT


@pytest.fixture(scope="module")
def copy_of_rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the rooms' Python files that a test may break into."""
    folder = tmp_path_factory.mktemp("rooms")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for room in ROOMS:
        shutil.copytree(
            ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "static", "node_modules")
        )
    return folder
