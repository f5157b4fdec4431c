"""The compose file read as Docker would: anchors resolved, variables filled in, as data for tests."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::(?P<how>[?-])(?P<rest>[^}]*))?\})")


class UnsetVariableError(Exception):
    """A variable that the compose file insists on is not set; the message is the file's own."""


def filled_in(value: Any, variables: Mapping[str, str]) -> Any:
    """Return `value` with every variable filled in, in texts, lists and mappings alike.

    Raises
    ------
    UnsetVariableError
        Where `${NAME:?message}` names a variable that is unset or empty.
    """
    if isinstance(value, dict):
        return {key: filled_in(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [filled_in(item, variables) for item in value]
    if not isinstance(value, str):
        return value

    def fill(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        given = variables.get(found["name"], "")
        if not given and found["how"] == "?":
            raise UnsetVariableError(found["rest"])
        return given or found["rest"] or ""

    return VARIABLE.sub(fill, value)


def compose_as_written() -> dict[str, Any]:
    """Return the compose file, its variables left as they are."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the services with the given variables filled in."""
    filled: dict[str, dict[str, Any]] = filled_in(compose_as_written()["services"], variables)
    return filled
