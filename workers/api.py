"""All that the web may ask of the other side: look into a file, draw or unpack a frame, wake a worker."""

from pathlib import Path

from ml.cascade import summary
from ml.cascade.pathways.declaration import PathwayError
from ml.cascade.summary import DeclaredCode, DrawnStage, ListedModel
from ml.cascade.weights import WeightsError
from ml.deid.options import Asked, Options, Rectangle, Told
from ml.dicomio.errors import IS_INDEX, Refused
from ml.dicomio.index import ObjectIndex
from ml.dicomio.inspect import Inspection
from ml.dicomio.syntaxes import syntaxes_read
from workers import configuration, model_reports
from workers.dispatch import REGISTER, dispatch
from workers.dispatch import TASK as ANALYZE
from workers.model_reports import KeptChart, KeptFigure, KeptReport, KeptTable, ModelSheet
from workers.sandbox import deidentify, draw, inspect, unpack, unpack_frames

__all__ = [
    "ANALYZE",
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
    "dispatch",
    "draw",
    "inspect",
    "model_picture",
    "model_sheet",
    "models_listed",
    "pathways_drawn",
    "syntaxes_read",
    "unpack",
    "unpack_frames",
]


def cascade_digest() -> str:
    """Return the digest of the pathways, labels and models that a run made now will use."""
    return summary.cascade_digest(configuration.weights_folder())


def codes_declared() -> dict[str, dict[str, DeclaredCode]]:
    """Return the codes that the pathways declare, by question and label; regions of all kinds under "part"."""
    return summary.codes_declared(configuration.weights_folder())


def pathways_drawn() -> list[DrawnStage]:
    """Return the declared cascade as nodes and edges, in running order."""
    return summary.pathways_drawn(configuration.weights_folder())


def models_listed() -> list[ListedModel]:
    """Return the shipped models with their cards."""
    return summary.models_listed(configuration.weights_folder())


def model_sheet(name: str) -> ModelSheet:
    """Return what is kept of a shipped model: its figures, its threshold's rule, its example pictures."""
    return model_reports.model_sheet(configuration.weights_folder(), name)


def model_picture(name: str, picture: str) -> Path | None:
    """Return where an example picture of a model lies; None for a name that it does not have."""
    return model_reports.model_picture(configuration.weights_folder(), name, picture)
