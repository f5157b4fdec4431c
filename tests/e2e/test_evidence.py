"""What a browser showed is kept where a test fails."""

from pathlib import Path
from zipfile import ZipFile

from playwright.sync_api import Browser

from tests.e2e.evidence import OPEN, evidence_keep, traced_context


def test_a_picture_and_a_trace_are_kept_of_what_is_open(browser: Browser, tmp_path: Path) -> None:
    context = traced_context(browser)
    context.new_page().set_content("<h1>Where it failed</h1>")
    number = OPEN.index(context) + 1
    for prefix in ("try-1", "try-2"):  # the trace goes on after the first
        evidence_keep(tmp_path, prefix=prefix)
        assert (tmp_path / f"{prefix}-browser-{number}-page-1.png").read_bytes().startswith(b"\x89PNG")
        assert "Where it failed" in (tmp_path / f"{prefix}-browser-{number}-page-1.html").read_text()
        with ZipFile(tmp_path / f"{prefix}-browser-{number}-trace.zip") as trace:
            assert "trace.trace" in trace.namelist()
    context.close()
    assert context not in OPEN
