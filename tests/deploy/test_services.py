"""What `make run` keeps running: DICOM on the loopback address unless somebody chose otherwise."""

import socket
from pathlib import Path

import pytest

from deploy.launch import welcome, with_listener
from deploy.services import DICOM_ABOVE, embedded_services, shared_environment
from tests.servers import free_port


def names(environment: dict[str, str]) -> list[str]:
    """Return the services that run in an environment."""
    return [service.name for service in embedded_services(port=8000, environment=environment, logs=Path("logs"))]


def greeting(environment: dict[str, str]) -> str:
    """Return the welcome to a Readroom with these settings."""
    return welcome(port=8000, accounts="", environment={**environment, "READROOM_DATA": "/srv/readroom"})


def web_port() -> int:
    """Return a port whose DICOM port is free."""
    return free_port() - DICOM_ABOVE


def test_dicom_is_received_from_this_machine_alone() -> None:
    port = web_port()
    told = with_listener({}, port=port)
    assert told["READROOM_DICOM_PORT"] == str(port + DICOM_ABOVE)
    assert (told["READROOM_DICOM_ADDRESS"], told["READROOM_DICOM_CALLERS"]) == ("127.0.0.1", "*@127.0.0.1")
    assert names(told) == ["web", "housekeeping", "worker", "listener"]
    assert f"DICOM: send to READROOM, port {port + DICOM_ABOVE}" in greeting(told)


def test_what_was_chosen_stays() -> None:
    chosen = {"READROOM_DICOM_PORT": "104", "READROOM_DICOM_TITLE": "CLINIC", "READROOM_DICOM_CALLERS": "CT01"}
    told = with_listener(chosen, port=8000)
    assert {name: told[name] for name in chosen} == chosen


def test_nobody_listens_where_the_port_is_nought() -> None:
    told = with_listener({"READROOM_DICOM_PORT": "0"}, port=8000)
    assert names(told) == ["web", "housekeeping", "worker"]
    assert "DICOM" not in greeting(told)


def test_a_folder_is_watched_where_one_is_named() -> None:
    assert "watcher" in names({"READROOM_WATCHED_FOLDER": "/srv/incoming"})


def test_a_taken_dicom_port_keeps_nothing_else_from_starting(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert "READROOM_DICOM_PORT" not in with_listener({}, port=port - DICOM_ABOVE)
    assert capsys.readouterr().out.startswith(f"DICOM is not received: port {port} cannot be had.")


def test_a_port_that_cannot_be_is_not_listened_on() -> None:
    assert "READROOM_DICOM_PORT" not in with_listener({}, port=65_000)


def test_static_files_are_collected_where_no_other_readroom_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("READROOM_STATIC", raising=False)
    folders = {shared_environment(data=Path(name))["READROOM_STATIC"] for name in ("/srv/one", "/srv/other")}
    assert folders == {"/srv/one/static", "/srv/other/static"}
    monkeypatch.setenv("READROOM_STATIC", "/srv/chosen")
    assert shared_environment(data=Path("/srv/one"))["READROOM_STATIC"] == "/srv/chosen"
