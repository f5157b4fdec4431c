"""What a search tries: one TOML file, read strictly."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ml.lab.train.config import PLAIN, Config, config_read

#: Where a setting goes in a configuration.
PLACES = ("rate", "batch", "filters", "dropout")


@dataclass(frozen=True)
class Space:
    """A search.

    Attributes
    ----------
    name
        Its run lies in ``runs/search-<name>``.
    of
        The configuration that is varied.
    minutes
        Of each trial.
    method
        "grid": every combination of `choices` once; "random": `trials` combinations drawn.
    choices
        Setting -> values. Settings: rate, batch, filters (of the plain network's four convolutions), dropout.
    """

    name: str
    of: Config
    minutes: float
    method: str
    trials: int
    seed: int
    choices: Mapping[str, Sequence[Any]]


def space_read(path: Path, *, profile: str = PLAIN) -> Space:
    """Read a search.

    Raises
    ------
    ValueError
        If a key is unknown or missing, the method is, or a setting cannot be varied.
    """
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    if unknown := sorted(set(values) - {field.name for field in fields(Space)}):
        raise ValueError(f"{path.name}: unknown key {unknown[0]!r}")
    if strange := sorted(set(values.get("choices", {})) - set(PLACES)):
        raise ValueError(f"{path.name}: {strange[0]!r} cannot be varied")
    if values.get("method") not in {"grid", "random"}:
        raise ValueError(f"{path.name}: the method is grid or random")
    try:
        return Space(**values | {"of": config_read(path.parent / values["of"], profile=profile)})
    except (TypeError, KeyError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def varied(space: Space, number: int, chosen: Mapping[str, Any]) -> Config:
    """The configuration of one trial."""
    layers = dict(space.of.network.get("layers", {}))
    layers |= {name: chosen[name] for name in ("filters", "dropout") if name in chosen}
    return replace(
        space.of,
        name=f"search-{space.name}/{number:02d}",
        minutes=space.minutes,
        rate=chosen.get("rate", space.of.rate),
        batch=chosen.get("batch", space.of.batch),
        network={**space.of.network, "layers": layers},
    )
