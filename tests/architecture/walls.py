"""import-linter over the rooms, or over a copy of them that a test may break into."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("webapp", "workers", "ml")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the rooms in `folder`."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--config", "pyproject.toml", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def broken_by(breach: str, *, where: Path) -> list[str]:
    """Return the contracts that a module with that one line breaks; it lies in a copy of the rooms, for that long."""
    intruder = where / "intruder.py"
    intruder.write_text(f"{breach}\n")
    try:
        return broken_in(next(parent for parent in where.parents if (parent / "pyproject.toml").exists()))
    finally:
        intruder.unlink()


def broken_in(folder: Path) -> list[str]:
    """Return the contracts that are broken, each by an intruder."""
    done = lint_imports(folder)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    assert done.returncode == 0 or "intruder" in done.stdout
    return [line.removesuffix(" BROKEN") for line in done.stdout.splitlines() if line.endswith(" BROKEN")]
