"""The walls of docs/decisions/0001 stand, and the contracts that guard them would notice a breach."""

from pathlib import Path

import pytest

from tests.architecture.loading import DJANGO, every_module, loaded_by, without
from tests.architecture.walls import broken_by, lint_imports

ROOT = Path(__file__).resolve().parents[2]
RUNTIMES = ("torch", "torchvision", "openvino", "nncf", "ultralytics", "cv2")


def test_no_room_reaches_over_a_wall() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("where", "breach"),
    [
        ("webapp", "import torch"),
        ("webapp", "import ml.cascade.analyse"),
        ("webapp", "import ml.dicomio"),
        ("webapp", "from workers import tasks"),
        ("webapp", "from workers import app"),
        ("workers", "import django"),
        ("workers", "import webapp.wsgi"),
        ("ml", "import rest_framework"),
        ("ml", "import workers.contracts"),
        ("ml", "import celery"),
        ("ml/dicomio", "import torch"),
        ("ml/cascade/pathways", "import openvino"),
        ("ml/cascade", "import ml.lab.data"),
        ("ml/deid", "import ml.cascade.weights"),
        ("ml/dicomio", "import ml.deid.table"),
        ("workers", "import ml.lab.train.config"),
    ],
)
def test_a_breach_is_noticed(copy_of_rooms: Path, where: str, breach: str) -> None:
    assert broken_by(breach, where=copy_of_rooms / where)


def test_every_module_of_the_web_loads_without_a_runtime(tmp_path: Path) -> None:
    loaded = loaded_by(DJANGO + every_module("webapp"), data=tmp_path)
    assert set(RUNTIMES) & loaded == set()


def test_every_module_of_the_workers_loads_where_django_is_not_installed(tmp_path: Path) -> None:
    # Celery's own library takes Django where it finds it; the worker image has none to find.
    loaded = loaded_by(without("django", "rest_framework", "webapp") + every_module("workers"), data=tmp_path)
    assert {"workers", "ml", "celery"} <= loaded


def test_the_cascade_is_served_where_what_only_estimates_is_not_installed(tmp_path: Path) -> None:
    # What scikit-learn fitted is numbers in a file: NumPy reads and weighs them.
    program = "from workers.tasks_inference import analyst; analyst().warm()"
    assert "openvino" in loaded_by(without("sklearn") + program, data=tmp_path)
