"""Which protocol hangs a study, and what hangs where."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from webapp.reading.viewer.config import (
    Cell,
    HangingProtocol,
    HangingProtocolError,
    Preset,
    When,
    load_hanging_protocols,
    load_presets,
)

__all__ = ["HangingProtocolError", "HungCell", "Seen", "hangings", "hung", "presets"]

#: What hangs a study that no file describes: nothing can keep it from being shown.
FALLBACK = HangingProtocol(
    name="one-picture",
    rank=0,
    why="No hanging protocol describes this study, so its first series with images is shown alone.",
    rows=1,
    columns=1,
    cells=(Cell(),),
)


@dataclass(frozen=True)
class Seen:
    """One series with images as the protocols see it: modality and part as the header, or a network, says."""

    series: UUID
    modality: str
    parts: frozenset[str]


@dataclass(frozen=True)
class HungCell:
    """A study on its protocol."""

    protocol: HangingProtocol
    series: Sequence[Seen]
    prior: UUID | None

    def told(self) -> dict[str, Any]:
        """Return it as the page reads it."""
        return {
            "protocol": self.protocol.name,
            "rows": self.protocol.rows,
            "columns": self.protocol.columns,
            "why": self.protocol.why,
            "cells": [self._told(cell) for cell in self.protocol.cells],
        }

    def _told(self, cell: Cell) -> dict[str, str | None]:
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
def hangings() -> tuple[HangingProtocol, ...]:
    """Return the declared protocols; raises `HangingProtocolError` where one cannot be used."""
    return load_hanging_protocols(presets=presets())


def hung(*, series: Sequence[Seen], prior: UUID | None, protocols: Sequence[HangingProtocol]) -> HungCell:
    """Return a study on the first protocol that fits, else one picture alone.

    Parameters
    ----------
    series
        Those with images, in the study's order. A protocol numbers only those that it asks for.
    prior
        The earlier study that comes first, where there is one.
    protocols
        In the order in which they are tried.
    """
    for protocol in protocols:
        asked = [one for one in series if _is_asked(one, protocol.when)]
        if _fits(protocol.when, asked, has_prior=prior is not None):
            return HungCell(protocol, asked, prior)
    return HungCell(FALLBACK, series, prior)


def _is_asked(one: Seen, when: When) -> bool:
    is_kind = not when.modalities or one.modality in when.modalities
    return is_kind and (not when.body_parts or bool(when.body_parts & one.parts))


def _fits(when: When, asked: Sequence[Seen], *, has_prior: bool) -> bool:
    if when.prior is not None and when.prior != has_prior:
        return False
    enough = len(asked) >= max(when.least_series, 1)
    return enough and (when.most_series is None or len(asked) <= when.most_series)
