"""What a fresh interpreter can load, and holds afterwards."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DJANGO = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'webapp.settings'; import django; django.setup()"
EVERY_MODULE = """
import importlib, pkgutil
for package in {packages}:
    root = importlib.import_module(package)
    for found in pkgutil.walk_packages(root.__path__, package + "."):
        if ".migrations." not in found.name and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
"""


WITHOUT = """
import sys
from importlib.machinery import PathFinder
class Present(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {names} else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Present
"""


def every_module(*packages: str) -> str:
    """Return a program that imports every module of some packages."""
    return EVERY_MODULE.format(packages=list(packages))


def without(*names: str) -> str:
    """Return a program after which modules cannot be imported, as if they were not installed."""
    return WITHOUT.format(names=set(names))


def loaded_by(program: str, *, data: Path) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after running `program`.

    Raises
    ------
    AssertionError
        If the program fails, with what it said.
    """
    tell = "\nimport sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    command = [sys.executable, "-c", program + tell]
    done = subprocess.run(
        command, cwd=ROOT, env={"READROOM_DATA": str(data)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())
