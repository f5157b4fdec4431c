"""All that the web may ask of the other side: look into a file, draw or unpack a frame, ring the doorbell."""

from pathlib import Path

from ml import overview
from ml.deidentify.options import Asked, Options, Rectangle, Told
from ml.overview import DeclaredCode, DrawnStage, ListedModel
from ml.pathways.declaration import PathwayError
from ml.reading.index import ObjectIndex
from ml.reading.inspect import Inspection
from ml.reading.refusal import IS_INDEX, Refused
from ml.reading.syntaxes import syntaxes_read
from ml.weights import WeightsError
from workers import configuration, reports
from workers.doorbell import REGISTER, ring
from workers.reports import KeptChart, KeptFigure, KeptReport, KeptTable, ModelSheet
from workers.sandbox import deidentify, draw, inspect, unpack, unpack_frames

__all__ = [
    "IS_INDEX",
    "REGISTER",
    "Asked",
    "DeclaredCode",
    "DrawnStage",
    "Inspection",
    "KeptChart",
    "KeptFigure",
    "KeptReport",
    "KeptTable",
    "ListedModel",
    "ModelSheet",
    "ObjectIndex",
    "Options",
    "PathwayError",
    "Rectangle",
    "Refused",
    "Told",
    "WeightsError",
    "cascade_digest",
    "codes_declared",
    "deidentify",
    "draw",
    "inspect",
    "model_picture",
    "model_sheet",
    "models_listed",
    "pathways_drawn",
    "ring",
    "syntaxes_read",
    "unpack",
    "unpack_frames",
]


def cascade_digest() -> str:
    """Return the digest of the pathways, labels and models that a run made now will use."""
    return overview.cascade_digest(configuration.weights_folder())


def codes_declared() -> dict[str, dict[str, DeclaredCode]]:
    """Return the codes that the pathways declare, by question and label; regions of all kinds under "part"."""
    return overview.codes_declared(configuration.weights_folder())


def pathways_drawn() -> list[DrawnStage]:
    """Return the declared cascade as nodes and edges, in running order."""
    return overview.pathways_drawn(configuration.weights_folder())


def models_listed() -> list[ListedModel]:
    """Return the shipped models with their cards."""
    return overview.models_listed(configuration.weights_folder())


def model_sheet(name: str) -> ModelSheet:
    """Return what is kept of a shipped model: its figures, its threshold's rule, its example pictures."""
    return reports.model_sheet(configuration.weights_folder(), name)


def model_picture(name: str, picture: str) -> Path | None:
    """Return where an example picture of a model lies; None for a name that it does not have."""
    return reports.model_picture(configuration.weights_folder(), name, picture)
