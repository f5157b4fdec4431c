"""The figures that stand beside a shipped model: ``<name>-<version>.json``, its manifest row, its example pictures."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ml.cascade.weights import WeightsError, manifest_read

PICTURES = "pictures"


class Kept(BaseModel):
    """Base: what a newer training writes besides is left alone, so that an older web still shows the rest."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class KeptFigure(Kept):
    """A measured value, over how many it was measured, and its 95% interval; NaN where it cannot be known."""

    value: float
    n: int
    low: float
    high: float


class KeptTable(Kept):
    """Figures that belong together, with a sentence that says how they were counted."""

    title: str
    note: str = ""
    figures: dict[str, KeptFigure] = {}
    percent: bool = True


class KeptChart(Kept):
    """Lines of one drawing, name -> points (x, y); with `diagonal`, chance or perfect calibration as well."""

    title: str
    note: str = ""
    x_title: str = ""
    y_title: str = ""
    lines: dict[str, list[tuple[float, float]]] = {}
    diagonal: bool = False


class KeptReport(Kept):
    """A model's report (`ml.lab.evaluate.report.Report` as JSON) with the rows of its training's epochs."""

    tables: list[KeptTable] = []
    headline: dict[str, KeptFigure] = {}
    counts: dict[str, list[list[str]]] = {}
    charts: list[KeptChart] = []
    about: dict[str, Any] = {}
    epochs: list[dict[str, str | float | None]] = []


class ModelSheet(Kept):
    """What a model's page tells besides its card.

    Attributes
    ----------
    size
        Side of the square input in pixels.
    precision
        Numbers of the served form, such as "int8".
    report
        None where no figures lie beside the weights, or where they cannot be read: `trouble` says why.
    pictures
        Names of example pictures, in order.
    """

    architecture: str
    size: int
    precision: str
    threshold_rule: str
    temperature: dict[str, float]
    trained: dict[str, str]
    report: KeptReport | None
    trouble: str
    pictures: list[str]


def model_sheet(weights: Path, name: str) -> ModelSheet:
    """Return what is kept of a shipped model.

    Raises
    ------
    WeightsError
        If the manifest cannot be read, or does not list the model.
    """
    row = manifest_read(weights).get(name)
    if row is None:
        raise WeightsError(f"The weights' manifest lists no model {name}.")
    report, trouble = _report(weights / f"{row.name}-{row.version}.json")
    extra = row.model_extra or {}
    return ModelSheet(
        architecture=row.architecture,
        size=row.size,
        precision=row.precision,
        threshold_rule=str(extra.get("threshold_rule", "")),
        temperature=row.temperature,
        trained={key: str(value) for key, value in extra.get("trained", {}).items()},
        report=report,
        trouble=trouble,
        pictures=sorted(path.name for path in (weights / PICTURES).glob(f"{row.name}-{row.version}-*.png")),
    )


def model_picture(weights: Path, name: str, picture: str) -> Path | None:
    """Return the path of an example picture of a model; None for any name that its sheet does not list."""
    sheet = model_sheet(weights, name)
    return weights / PICTURES / picture if picture in sheet.pictures else None


def _report(file: Path) -> tuple[KeptReport | None, str]:
    """Return the report, or the sentence of why there is none."""
    if not file.is_file():
        return None, f"No detailed figures are kept with the weights ({file.name} is not there)."
    try:
        return KeptReport.model_validate(json.loads(file.read_text(encoding="utf-8"))), ""
    except (OSError, ValidationError, ValueError):
        return None, f"The detailed figures cannot be read: {file.name} is damaged. An administrator must restore it."
