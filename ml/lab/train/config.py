"""A training's configuration: one TOML file, read strictly."""

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ml.lab.train.heads import Head, heads_read

RUNS_VARIABLE = "READROOM_RUNS"
#: The profile that a file's own values are: two cores, small inputs, minutes.
PLAIN = "cpu"


def runs_folder() -> Path:
    """Folder of all runs: ``READROOM_RUNS``, or ``runs`` in the checkout."""
    return Path(os.environ.get(RUNS_VARIABLE, Path(__file__).resolve().parents[3] / "runs"))


@dataclass(frozen=True)
class Config:
    """What one training does.

    Attributes
    ----------
    name, version
        Of the model; its run lies in ``runs/<name>-<version>``, with ``-gpu`` behind it under that profile.
    task
        "classifier", "segmenter" or "detector".
    table
        The table of the report in which its figures stand.
    size
        Side of the square input in pixels.
    batch, epoch_pictures
        Pictures a step, and pictures drawn an epoch.
    epochs, minutes
        The training ends when either is reached; the learning rate falls to zero with the nearer. Minutes are those
        of two cores that do nothing else: fewer cores or a neighbour's load make a training longer, not worse.
    rate, weight_decay
        Of AdamW.
    schedule
        Of the learning rate: "cosine", or "staircase" (times 0.96, sixty times over the training).
    average
        Share of the averaged weights that each step keeps; they are judged and shipped.
    seed
        Of weights, drawing and augmentation.
    start
        Name-version of the run whose weights it starts from; empty for none.
    without
        Collections that it never sees, in training or validation: it is judged on them.
    network
        Architecture and options for `ml.cascade.networks.build`.
    heads
        The questions of a classifier, see `ml.lab.train.heads`.
    options
        What only this task knows.
    profile
        "cpu" or "gpu".
    """

    name: str
    version: str
    task: str
    size: int
    batch: int
    epoch_pictures: int
    epochs: int
    minutes: float
    rate: float
    seed: int
    table: str = ""
    weight_decay: float = 0.05
    average: float = 0.99
    schedule: str = "cosine"
    start: str = ""
    without: tuple[str, ...] = ()
    network: Mapping[str, Any] = field(default_factory=dict)
    heads: Mapping[str, Head] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    profile: str = PLAIN

    @property
    def key(self) -> str:
        """Name of the run."""
        return f"{self.name}-{self.version}" + ("" if self.profile == PLAIN else f"-{self.profile}")

    @property
    def start_key(self) -> str:
        """Name of the run that it starts from: of the same profile."""
        return self.start and self.start + ("" if self.profile == PLAIN else f"-{self.profile}")

    @property
    def folder(self) -> Path:
        """Where the run keeps its state."""
        return runs_folder() / self.key

    @property
    def digest(self) -> str:
        """Sha256 of all values: tells whether two runs were configured alike."""
        return hashlib.sha256(self.told().encode()).hexdigest()

    def told(self) -> str:
        """All values as JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)


def config_read(path: Path, *, profile: str = PLAIN) -> Config:
    """Read a configuration.

    A file that says ``like = "other.toml"`` has that file's values where it has none of its own.

    Parameters
    ----------
    profile
        The ``[profiles.NAME]`` table is laid over the file's own values; "cpu" is the file itself.

    Raises
    ------
    ValueError
        If a key is unknown or missing.
    """
    plain, over = _values_read(path, profile)
    values = _laid(plain, over)
    known = {entry.name for entry in fields(Config)} - {"profile"}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"{path.name}: unknown key {unknown[0]!r}")
    try:
        heads = heads_read(values.pop("heads", {}))
        without = tuple(values.pop("without", ()))
        return Config(**values, heads=heads, without=without, profile=profile)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _values_read(path: Path, profile: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a file's own values and those of its profile, each laid over those of the file that it is like."""
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    like, profiles = values.pop("like", ""), values.pop("profiles", {})
    under, under_over = _values_read(path.parent / like, profile) if like else ({}, {})
    return _laid(under, values), _laid(under_over, profiles.get(profile, {}))


def _laid(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Lay values over others; of the options each alone, of all else the whole."""
    return {**under, **over, "options": {**under.get("options", {}), **over.get("options", {})}}
