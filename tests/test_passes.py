"""Every test is in one of the two passes of `make test`, few in both, and the slowest of both are told together."""

from pathlib import Path

from tests.__main__ import slowest

WEB = Path(__file__).with_name("webapp")


def test_what_asks_which_database_it_is_on_runs_on_both() -> None:
    asking = [path for path in WEB.rglob("test_*.py") if "connection.vendor" in path.read_text()]
    assert len(asking) >= 2
    for path in asking:
        assert "pytest.mark.both_databases" in path.read_text(), path


def test_the_slowest_of_all_passes_are_listed_together(tmp_path: Path) -> None:
    for number, times in enumerate(([1, 40], [30, 2])):
        cases = "".join(f'<testcase classname="tests.of{number}" name="test" time="{seconds}"/>' for seconds in times)
        (tmp_path / f"{number}.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    listed = slowest(sorted(tmp_path.iterdir()))
    assert listed[:2] == ["   40.0 s  tests.of0::test", "   30.0 s  tests.of1::test"]
    assert len(listed) == 4
