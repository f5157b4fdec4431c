"""Hanging protocols and window presets: declared in TOML, checked when they are read, chosen by what a study holds."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

FOLDER = Path(__file__).resolve().parent
PRESETS = FOLDER / "presets.toml"
PROTOCOLS = FOLDER / "hangings"
Word = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)


class HangingProtocolError(Exception):
    """A declaration is invalid; the message names the file, for whoever wrote it."""


class Declaration(BaseModel):
    """Base of the declarations: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Preset(Declaration):
    """A window by name: width and level in the image's own units (Hounsfield units for CT, PS3.3 C.11.2.1.2)."""

    id: str = Word
    title: str = Field(min_length=1, max_length=40)
    width: float = Field(ge=1)
    level: float
    modality: str = Field(min_length=2, max_length=16)
    key: str = Field(default="", pattern=r"^[1-9]?$")


class HangingCriteria(Declaration):
    """The criteria by which a protocol applies to a study. What is left out matches any.

    `modalities` are those of its series with images (PS3.3 C.7.3.1.1.1), `body_parts` the words of header or network in
    small letters, `least_series` and `most_series` how many of these series there are, `prior` whether an earlier study
    can be seen.
    """

    modalities: frozenset[str] = frozenset()
    body_parts: frozenset[str] = frozenset()
    least_series: int = Field(default=0, ge=0)
    most_series: int | None = Field(default=None, ge=0)
    prior: bool | None = None


class Cell(Declaration):
    """What one cell of the layout shows: the n-th matching series (from 0), or the first prior."""

    show: Literal["current", "prior"] = "current"
    series: int = Field(default=0, ge=0, le=15)
    preset: str | None = None


class HangingProtocol(Declaration):
    """One hanging protocol: when it applies, and what hangs where, row by row."""

    name: str = Word
    rank: int = Field(ge=0, description="the lowest that matches hangs the study")
    why: str = Field(min_length=10, max_length=200, description="said to the reader beside the layout's name")
    rows: int = Field(ge=1, le=2)
    columns: int = Field(ge=1, le=2)
    when: HangingCriteria = HangingCriteria()
    cells: tuple[Cell, ...]

    @model_validator(mode="after")
    def _check_cells(self) -> Self:
        if len(self.cells) != self.rows * self.columns:
            raise ValueError(f"{self.rows} x {self.columns} places take as many [[cells]], not {len(self.cells)}")
        if any(cell.show == "prior" for cell in self.cells) and self.when.prior is not True:
            raise ValueError("a cell shows the prior, so `when` must ask for one: prior = true")
        return self


Kind = TypeVar("Kind", bound=Declaration)


def load_presets(file: Path = PRESETS) -> tuple[Preset, ...]:
    """Read the presets.

    Raises
    ------
    HangingProtocolError
        If the file is malformed, or an id or a key of a modality stands there twice.
    """
    presets = tuple(_validate(file, Preset, raw) for raw in _read(file).get("presets", []))
    _refuse_duplicates(file, [preset.id for preset in presets])
    _refuse_duplicates(file, [f"key {preset.key} of {preset.modality}" for preset in presets if preset.key])
    return presets


def load_hanging_protocols(folder: Path = PROTOCOLS, *, presets: tuple[Preset, ...]) -> tuple[HangingProtocol, ...]:
    """Read the protocols, in the order in which they are tried.

    Raises
    ------
    HangingProtocolError
        If a file is malformed, names a preset that is not declared, or shares its name or rank with another.
    """
    known = {preset.id for preset in presets}
    read: dict[str, HangingProtocol] = {}
    for file in sorted(folder.glob("*.toml")):
        hanging = _validate(file, HangingProtocol, _read(file))
        if unknown := sorted({cell.preset for cell in hanging.cells if cell.preset} - known):
            raise HangingProtocolError(f"{file.name}: there is no preset {unknown[0]} in presets.toml.")
        read[file.name] = hanging
    _refuse_duplicates(folder, [hanging.name for hanging in read.values()])
    _refuse_duplicates(folder, [f"rank {hanging.rank}" for hanging in read.values()])
    return tuple(sorted(read.values(), key=lambda hanging: hanging.rank))


def _read(file: Path) -> dict[str, list[object]]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HangingProtocolError(f"{file.name} cannot be read: {error}") from error


def _validate(file: Path, kind: type[Kind], raw: object) -> Kind:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise HangingProtocolError(f"{file.name}{f', {place}' if place else ''}: {first['msg']}.") from error


def _refuse_duplicates(file: Path, names: list[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise HangingProtocolError(f"{file.name}: {twice[0]} stands there twice.")


#: The protocol of studies that no file describes, so that every study can be shown.
FALLBACK = HangingProtocol(
    name="one-picture",
    rank=0,
    why="No hanging protocol describes this study, so its first series with images is shown alone.",
    rows=1,
    columns=1,
    cells=(Cell(),),
)


@dataclass(frozen=True)
class SeriesKind:
    """A series with images as protocols match it: modality and body part by the header, else by a network."""

    series: UUID
    modality: str
    parts: frozenset[str]


@dataclass(frozen=True)
class HungStudy:
    """A study with the protocol that applies to it."""

    protocol: HangingProtocol
    series: Sequence[SeriesKind]
    prior: UUID | None

    def serialize(self) -> dict[str, Any]:
        """Return it as JSON of the viewer."""
        return {
            "protocol": self.protocol.name,
            "rows": self.protocol.rows,
            "columns": self.protocol.columns,
            "why": self.protocol.why,
            "cells": [self._serialize_cell(cell) for cell in self.protocol.cells],
        }

    def _serialize_cell(self, cell: Cell) -> dict[str, str | None]:
        is_prior = cell.show == "prior"
        series = self.series[cell.series].series if not is_prior and cell.series < len(self.series) else None
        return {
            "series": str(series) if series else None,
            "prior": str(self.prior) if is_prior and self.prior else None,
            "preset": cell.preset,
        }


@cache
def presets() -> tuple[Preset, ...]:
    """Return the declared presets."""
    return load_presets()


@cache
def hanging_protocols() -> tuple[HangingProtocol, ...]:
    """Return the declared protocols; raises `HangingProtocolError` where one cannot be used."""
    return load_hanging_protocols(presets=presets())


def hang_study(*, series: Sequence[SeriesKind], prior: UUID | None, protocols: Sequence[HangingProtocol]) -> HungStudy:
    """Return a study with the first protocol that applies, else its first series alone.

    Parameters
    ----------
    series
        Those with images, in the study's order. A protocol counts only those that match it.
    prior
        The earlier study that comes first, where there is one.
    protocols
        In the order in which they are tried.
    """
    for protocol in protocols:
        matching = [one for one in series if _matches(one, protocol.when)]
        if _fits(protocol.when, matching, has_prior=prior is not None):
            return HungStudy(protocol, matching, prior)
    return HungStudy(FALLBACK, series, prior)


def _matches(one: SeriesKind, when: HangingCriteria) -> bool:
    is_kind = not when.modalities or one.modality in when.modalities
    return is_kind and (not when.body_parts or bool(when.body_parts & one.parts))


def _fits(when: HangingCriteria, matching: Sequence[SeriesKind], *, has_prior: bool) -> bool:
    if when.prior is not None and when.prior != has_prior:
        return False
    enough = len(matching) >= max(when.least_series, 1)
    return enough and (when.most_series is None or len(matching) <= when.most_series)
