"""Each missing prerequisite is one plain sentence."""

import socket
from pathlib import Path

import pytest

from deploy.checks import check_disk, check_folder, check_port
from deploy.errors import CannotContinueError


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotContinueError, match=rf"Port {port} is taken .* PORT={port + 1}"):
            check_port(port)
    check_port(port)


def test_a_full_disk_is_named_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(CannotContinueError, match=r"GB free and Readroom needs .* GB: free some space"):
        check_disk(tmp_path / "not" / "made" / "yet", needed=10**18)
    check_disk(tmp_path, needed=1)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(CannotContinueError, match=r"cannot write to .*file"):
        check_folder(file)
    check_folder(tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []
