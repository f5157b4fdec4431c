"""All that the web may ask of the other side: look into a file, draw a frame, ring the doorbell."""

from ml import overview
from ml.overview import DrawnStage, ListedModel
from ml.pathways.load import PathwayError
from ml.reading.inspect import Inspection
from ml.reading.refusal import Refused
from ml.weights import WeightsError
from workers import configuration
from workers.doorbell import ring
from workers.sandbox import draw, inspect

__all__ = [
    "DrawnStage",
    "Inspection",
    "ListedModel",
    "PathwayError",
    "Refused",
    "WeightsError",
    "cascade_digest",
    "draw",
    "inspect",
    "models_listed",
    "pathways_drawn",
    "ring",
]


def cascade_digest() -> str:
    """Return the digest of the pathways, labels and models that a run made now will use."""
    return overview.cascade_digest(configuration.weights_folder())


def pathways_drawn() -> list[DrawnStage]:
    """Return the declared cascade as nodes and edges, in running order."""
    return overview.pathways_drawn(configuration.weights_folder())


def models_listed() -> list[ListedModel]:
    """Return the shipped models with their cards."""
    return overview.models_listed(configuration.weights_folder())
