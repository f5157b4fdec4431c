"""What is run again, what is kept of it, and what fails a run."""

from pathlib import Path

import pytest

from tests.second_try import folder_name

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[1]
#: Fails in its first try, in each of its tries, or in none of them.
ONCE = """
from pathlib import Path
def test_once(request):
    tried = Path(__file__).with_suffix(".tried")
    first = not tried.exists()
    tried.touch()
    print("so far", first)
    assert not first
"""
ALWAYS = "def test_always():\n    assert False\n"


@pytest.fixture
def house(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return a checkout whose tests are run as ours are."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (pytester.path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return pytester


def ran(house: pytest.Pytester, *more: str, **files: str) -> pytest.RunResult:
    """Run files of tests, each named by the folder that it lies in."""
    for folder, text in files.items():
        place = house.path / "tests" / folder
        place.mkdir(parents=True)
        (place / f"test_{folder}.py").write_text(text)
    plugins = ["pytest_rerunfailures", "xdist", "tests.second_try"]
    words = [word for plugin in plugins for word in ("-p", plugin)]
    return house.runpytest_subprocess(*words, "--import-mode=importlib", *more, "tests")


@pytest.mark.parametrize("spread", [(), ("-n", "2", "--dist=loadfile")])
@pytest.mark.parametrize("folder", ["e2e", "services"])
def test_what_fails_once_is_listed_and_kept_and_fails_no_run(
    house: pytest.Pytester, folder: str, spread: tuple[str, ...]
) -> None:
    done = ran(house, *spread, **{folder: ONCE})
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=1)
    name = f"tests/{folder}/test_{folder}.py::test_once"
    done.stdout.fnmatch_lines(
        ["*failed once, passed when run again at once*", name, f"    test-results/failed/{folder_name(name)}"]
    )
    (kept,) = (house.path / "test-results" / "failed" / folder_name(name)).iterdir()
    assert kept.name == "try-1-call.txt"
    assert "assert not first" in kept.read_text()
    assert "so far True" in kept.read_text()


def test_what_fails_twice_fails_the_run_and_is_not_listed(house: pytest.Pytester) -> None:
    done = ran(house, e2e=ALWAYS)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(failed=1)
    done.stdout.no_fnmatch_line("*passed when run again*")
    kept = house.path / "test-results" / "failed" / folder_name("tests/e2e/test_e2e.py::test_always")
    assert sorted(file.name for file in kept.iterdir()) == ["try-1-call.txt", "try-2-call.txt"]


def test_a_server_that_does_not_start_at_once_is_started_again(house: pytest.Pytester) -> None:
    server = "import pytest\n" + ONCE.replace("def test_once(request)", "@pytest.fixture(scope='module')\ndef server()")
    done = ran(house, services=f"{server}\ndef test_uses(server):\n    pass\n")
    assert done.ret == pytest.ExitCode.OK
    done.stdout.fnmatch_lines(["tests/services/test_services.py::test_uses"])


def test_nothing_else_is_run_again(house: pytest.Pytester) -> None:
    done = ran(house, webapp=ONCE, ml=ALWAYS)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(failed=2)
    done.stdout.no_fnmatch_line("*rerun*")
    assert not (house.path / "test-results").exists()


def test_what_an_earlier_run_kept_is_forgotten(house: pytest.Pytester) -> None:
    kept = house.path / "test-results" / "failed" / folder_name("tests/e2e/test_e2e.py::test_passes")
    kept.mkdir(parents=True)
    assert ran(house, e2e="def test_passes():\n    pass\n").ret == pytest.ExitCode.OK
    assert not kept.exists()
