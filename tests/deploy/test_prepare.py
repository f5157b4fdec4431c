"""The setup hands pip's settings on to uv and knows when there is nothing to do."""

import pytest

from deploy import prepare


def test_pip_settings_reach_uv_unless_uv_has_its_own() -> None:
    given = {"PIP_FIND_LINKS": "wheels", "PIP_INDEX_URL": "mirror", "UV_DEFAULT_INDEX": "own"}
    settings = prepare.uv_settings(given)
    assert settings["UV_FIND_LINKS"] == "wheels"
    assert settings["UV_DEFAULT_INDEX"] == "own"


def test_setup_that_was_made_from_these_locks_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("installed although nothing changed")

    monkeypatch.setattr(prepare, "install", refuse)
    assert prepare.STAMP.read_text() == prepare.made_from()
    prepare.prepare()
