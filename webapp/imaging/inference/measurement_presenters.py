"""The measurements of a finding, formatted as a line and as a table."""

from dataclasses import dataclass

from webapp.imaging.inference.measurements import (
    AREA,
    LONGEST,
    PERPENDICULAR,
    SIZES,
    VOLUME,
    Measurement,
    measurements_of,
)
from webapp.imaging.inference.models import Finding
from workers.contracts import FigureAnswer

#: Units as they are displayed.
UNITS = {
    "mm2": "mm\N{SUPERSCRIPT TWO}",
    "mm3": "mm\N{SUPERSCRIPT THREE}",
    "px2": "px\N{SUPERSCRIPT TWO}",
    "1": "",
    "grey": "grey",
}
#: Cubic millimetres in a millilitre.
MILLILITRE = 1000.0
DEFINED = "IBSI"


@dataclass(frozen=True)
class MeasurementTable:
    """The measurements of a finding: its size in one line, notes, and rows (title, value, IBSI id), sizes first."""

    line: str
    notes: tuple[str, ...]
    rows: list[tuple[str, str, str]]


def measurement_table(finding: Finding) -> MeasurementTable | None:
    """Return the measurements of a finding, formatted for display; None if there are none."""
    measured = measurements_of(finding)
    if not measured:
        return None
    rows = [
        (one.title, told(one), f"{DEFINED} {one.ibsi}" if one.ibsi else "")
        for one in sorted(measured.figures.values(), key=lambda one: one.name not in SIZES)
    ]
    return MeasurementTable(size_line(measured), measured.notes, rows)


def size_line(measured: Measurement) -> str:
    """Return the size of a lesion, like "longest 23.4 mm x 12.0 mm, volume 5.1 mL"; "" if it was not measured."""
    figures = measured.figures
    words = []
    if LONGEST in figures and PERPENDICULAR in figures:
        words.append(f"longest {told(figures[LONGEST])} x {told(figures[PERPENDICULAR])}")
    if VOLUME in figures:
        words.append(f"volume {told(figures[VOLUME])}")
    elif AREA in figures:
        words.append(f"area {told(figures[AREA])}")
    return ", ".join(words) + ("" if measured.is_calibrated or not words else " (not calibrated)")


def told(figure: FigureAnswer) -> str:
    """Return a measurement formatted with its unit."""
    value, unit = figure.value, figure.unit
    if unit == "mm3" and value >= MILLILITRE / 10:
        return f"{value / MILLILITRE:,.1f} mL"
    if unit in {"mm", "px"}:
        return f"{value:.1f} {unit}"
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {UNITS.get(unit, unit)}".strip()
