"""Window presets and hanging protocols as they are declared in TOML, checked when they are read."""

import tomllib
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

FOLDER = Path(__file__).resolve().parent
PRESETS = FOLDER / "presets.toml"
HANGINGS = FOLDER / "hangings"
Word = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)


class HangingProtocolError(Exception):
    """A declaration cannot be used; the message names the file and is for whoever wrote it."""


class Declared(BaseModel):
    """Base: a word that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Preset(Declared):
    """A window by name: width and level in the image's own units (Hounsfield units for CT, PS3.3 C.11.2.1.2)."""

    id: str = Word
    title: str = Field(min_length=1, max_length=40)
    width: float = Field(ge=1)
    level: float
    modality: str = Field(min_length=2, max_length=16)
    key: str = Field(default="", pattern=r"^[1-9]?$")


class When(Declared):
    """What a study must be for a protocol to hang it. What is left out does not matter.

    `modalities` are those of its series with images (PS3.3 C.7.3.1.1.1), `body_parts` the words of header or network in
    small letters, `least_series` and `most_series` how many of these series there are, `prior` whether an earlier study
    can be seen.
    """

    modalities: frozenset[str] = frozenset()
    body_parts: frozenset[str] = frozenset()
    least_series: int = Field(default=0, ge=0)
    most_series: int | None = Field(default=None, ge=0)
    prior: bool | None = None


class Cell(Declared):
    """What one place of the layout shows: the n-th series that was asked for (from 0), or the first prior."""

    show: Literal["current", "prior"] = "current"
    series: int = Field(default=0, ge=0, le=15)
    preset: str | None = None


class HangingProtocol(Declared):
    """One hanging protocol: when it applies, and what hangs where, row by row."""

    name: str = Word
    rank: int = Field(ge=0, description="the lowest that matches hangs the study")
    why: str = Field(min_length=10, max_length=200, description="said to the reader beside the layout's name")
    rows: int = Field(ge=1, le=2)
    columns: int = Field(ge=1, le=2)
    when: When = When()
    cells: tuple[Cell, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if len(self.cells) != self.rows * self.columns:
            raise ValueError(f"{self.rows} x {self.columns} places take as many [[cells]], not {len(self.cells)}")
        if any(cell.show == "prior" for cell in self.cells) and self.when.prior is not True:
            raise ValueError("a cell shows the prior, so `when` must ask for one: prior = true")
        return self


Kind = TypeVar("Kind", bound=Declared)


def load_presets(file: Path = PRESETS) -> tuple[Preset, ...]:
    """Read the presets.

    Raises
    ------
    HangingError
        If the file is malformed, or an id or a key of a modality stands there twice.
    """
    presets = tuple(_checked(file, Preset, raw) for raw in _read(file).get("presets", []))
    _only_once(file, [preset.id for preset in presets])
    _only_once(file, [f"key {preset.key} of {preset.modality}" for preset in presets if preset.key])
    return presets


def load_hanging_protocols(folder: Path = HANGINGS, *, presets: tuple[Preset, ...]) -> tuple[HangingProtocol, ...]:
    """Read the protocols, in the order in which they are tried.

    Raises
    ------
    HangingError
        If a file is malformed, names a preset that is not declared, or shares its name or rank with another.
    """
    known = {preset.id for preset in presets}
    read: dict[str, HangingProtocol] = {}
    for file in sorted(folder.glob("*.toml")):
        hanging = _checked(file, HangingProtocol, _read(file))
        if unknown := sorted({cell.preset for cell in hanging.cells if cell.preset} - known):
            raise HangingProtocolError(f"{file.name}: there is no preset {unknown[0]} in presets.toml.")
        read[file.name] = hanging
    _only_once(folder, [hanging.name for hanging in read.values()])
    _only_once(folder, [f"rank {hanging.rank}" for hanging in read.values()])
    return tuple(sorted(read.values(), key=lambda hanging: hanging.rank))


def _read(file: Path) -> dict[str, list[object]]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HangingProtocolError(f"{file.name} cannot be read: {error}") from error


def _checked(file: Path, kind: type[Kind], raw: object) -> Kind:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise HangingProtocolError(f"{file.name}{f', {place}' if place else ''}: {first['msg']}.") from error


def _only_once(file: Path, names: list[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise HangingProtocolError(f"{file.name}: {twice[0]} stands there twice.")
