"""A training's configuration: one TOML file, read strictly."""

import hashlib
import os
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

RUNS_VARIABLE = "READROOM_RUNS"


def runs_folder() -> Path:
    """Folder of all runs: ``READROOM_RUNS``, or ``runs`` in the checkout."""
    return Path(os.environ.get(RUNS_VARIABLE, Path(__file__).resolve().parents[2] / "runs"))


@dataclass(frozen=True)
class Config:
    """What one training does.

    Attributes
    ----------
    name, version
        Of the model; its run lies in ``runs/<name>-<version>``.
    task
        "sorter", "segmenter" or "detector".
    size
        Side of the square input in pixels.
    batch, epoch_pictures
        Pictures a step, and pictures drawn an epoch.
    epochs, minutes
        The training ends when either is reached; the learning rate falls to zero with the nearer.
    rate, weight_decay
        Of AdamW.
    average
        Share of the averaged weights that each step keeps; they are judged and shipped.
    seed
        Of weights, drawing and augmentation.
    start
        Name-version of the run whose weights it starts from; empty for none.
    options
        What only this task knows.
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
    weight_decay: float = 0.05
    average: float = 0.99
    start: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the run keeps its state."""
        return runs_folder() / f"{self.name}-{self.version}"

    @property
    def digest(self) -> str:
        """Sha256 of all values: tells whether two runs were configured alike."""
        return hashlib.sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()


def config_read(path: Path) -> Config:
    """Read a configuration.

    Raises
    ------
    ValueError
        If a key is unknown or missing.
    """
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    known = {entry.name for entry in fields(Config)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"{path.name}: unknown key {unknown[0]!r}")
    try:
        return Config(**values)
    except TypeError as error:
        raise ValueError(f"{path.name}: {error}") from error
