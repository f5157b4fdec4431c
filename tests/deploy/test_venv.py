"""The setup hands pip's settings on to uv, knows when there is nothing to do, and waits its turn."""

import fcntl
import os
import subprocess
from pathlib import Path

from deploy.venv import ENVIRONMENT, ROOT, uv_settings


def test_pip_settings_reach_uv_unless_uv_has_its_own() -> None:
    given = {"PIP_FIND_LINKS": "wheels", "PIP_INDEX_URL": "mirror", "UV_DEFAULT_INDEX": "own"}
    settings = uv_settings(given)
    assert settings["UV_FIND_LINKS"] == "wheels"
    assert settings["UV_DEFAULT_INDEX"] == "own"


def test_an_environment_is_made_again_only_where_a_lock_is_newer(tmp_path: Path) -> None:
    def is_ready(touched: str) -> bool:
        """Ask make about a checkout of which one file was touched after the setup."""
        for name in ("setup", "dev", "cpu", "cuda"):
            (tmp_path / "requirements" / f"{name}.lock").touch()
            os.utime(tmp_path / "requirements" / f"{name}.lock", (1, 1))
        os.utime(tmp_path / touched, (3, 3))
        os.utime(tmp_path / ".venv" / ".ready", (2, 2))
        words = ["make", "--question", "--file", str(ROOT / "Makefile"), ".venv/.ready"]
        return subprocess.run(words, cwd=tmp_path, check=False, stdout=subprocess.DEVNULL).returncode == 0

    (tmp_path / "requirements").mkdir()
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".ready").touch()
    assert is_ready(".venv")
    assert not is_ready("requirements/dev.lock")
    assert not is_ready("requirements/cuda.lock")


def test_two_setups_of_one_checkout_take_turns() -> None:
    with (ROOT / ".venv.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        words = ["python3.11", "-m", "deploy.venv"]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as second:
            assert second.stdout is not None
            told = second.stdout.readline()
            still_waits = second.poll() is None
            second.terminate()
    assert told == "Waiting for another setup of this checkout to finish ...\n"
    assert still_waits
    assert (ENVIRONMENT / "bin" / "python").exists()
