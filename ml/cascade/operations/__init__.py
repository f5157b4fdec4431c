"""The operations of stages: one module for each, with a function `run(task)`."""

from collections.abc import Callable

from ml.cascade.case_context import Task
from ml.cascade.operations import assess, classify, detect, gate, measure, segment
from ml.cascade.pathways.declaration import Operation
from ml.schemas import StageAnswer

OPERATIONS: dict[Operation, Callable[[Task], StageAnswer]] = {
    "gate": gate.run,
    "classify": classify.run,
    "assess": assess.run,
    "detect": detect.run,
    "segment": segment.run,
    "measure": measure.run,
}
