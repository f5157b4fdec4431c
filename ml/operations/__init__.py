"""What a stage can do: one module an operation, each with one function `run(task)`."""

from collections.abc import Callable

from ml.answer import StageAnswer
from ml.course import Task
from ml.operations import assess, classify, detect, gate, measure, segment
from ml.pathways.declaration import Operation

OPERATIONS: dict[Operation, Callable[[Task], StageAnswer]] = {
    "gate": gate.run,
    "classify": classify.run,
    "assess": assess.run,
    "detect": detect.run,
    "segment": segment.run,
    "measure": measure.run,
}
