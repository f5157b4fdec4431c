"""`make run` waits as long as its services live, and says for what."""

import os
import sys
from pathlib import Path

import pytest

from deploy import launch
from deploy.errors import CannotContinueError
from deploy.supervisor import Service, stop
from tests.servers import free_port

# Answers everything after a while, as a web server on a busy machine.
SLOW = """
import http.server, sys, time
class Well(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
time.sleep(2)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Well).serve_forever()
"""


def service(folder: Path, *words: str) -> Service:
    """Return a service that runs a program of Python's."""
    return Service("web", (sys.executable, "-c", *words), dict(os.environ), folder / "web.log")


def test_a_slow_start_is_waited_for_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "REMIND_SECONDS", 0.5)
    port = free_port()
    web = service(tmp_path, SLOW, str(port))
    web.start()
    try:
        assert launch.wait_until_ready([web], port=port)
    finally:
        stop([web])
    told = capsys.readouterr().out.splitlines()
    assert told
    assert set(told) == {f"Still waiting for the web server to answer on port {port}; see {web.log}"}


def test_a_service_that_ends_before_the_web_answers_is_named_with_its_log(tmp_path: Path) -> None:
    web = service(tmp_path, "raise SystemExit(3)")
    web.start()
    with pytest.raises(CannotContinueError, match=f"^Readroom's web could not start; see {web.log}$"):
        launch.wait_until_ready([web], port=free_port())
