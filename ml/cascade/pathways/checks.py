"""Consistency checks of the pathway declarations, made when they are loaded."""

from collections.abc import Mapping, Sequence

from ml.cascade.pathways.declaration import Label, Operation, PathwayError, Step
from ml.cascade.weights import ModelRow

Questions = Mapping[str, Mapping[str, Label]]
#: The kind of model that each operation needs.
KIND_OF: Mapping[Operation, str] = {
    "gate": "classify",
    "classify": "classify",
    "assess": "classify",
    "detect": "detect",
    "segment": "segment",
    "measure": "measure",
}
FINDERS = {"detect", "segment"}
#: Keys that only some operations use; elsewhere, they would be silently ignored.
HEEDED_BY: Mapping[str, set[Operation]] = {
    "witness": {"classify"},
    "rule": {"assess"},
    "persist": {"assess", "detect"},
    "views": {"gate", "classify", "assess"},
    "beside": {"measure"},
}


def steps_checked(steps: Sequence[Step], models: Mapping[str, ModelRow], questions: Questions) -> None:
    """Check stages, given in running order.

    Raises
    ------
    PathwayError
        If a model is missing or of the wrong kind, a label is not declared, a key is not used by the operation, or a
        condition can never hold.
    """
    for index, step in enumerate(steps):
        _check_keys(step)
        _check_model(step, models, questions)
        _check_conditions(step, steps[:index], questions)
        _check_found(step, steps[:index])
        _check_beside(step, steps[:index])


def _check_keys(step: Step) -> None:
    stage = step.stage
    for key, operations in HEEDED_BY.items():
        if key in stage.model_fields_set and stage.operation not in operations:
            raise PathwayError(f"Stage {stage.name} states {key}, which a stage that does {stage.operation} ignores.")
    if (stage.operation in FINDERS) != (stage.finds is not None):
        raise PathwayError(f"Stage {stage.name}: detecting and segmenting stages state what they find, others do not.")
    if stage.operation == "measure" and stage.slices != "found":
        raise PathwayError(f"Stage {stage.name}: a measuring stage looks where something was found.")
    if stage.operation == "assess" and (stage.slices == "all") != (stage.rule == "max"):
        raise PathwayError(f"Stage {stage.name}: the rule max looks at all slices, the rule mean at a few.")


def _check_model(step: Step, models: Mapping[str, ModelRow], questions: Questions) -> None:
    stage = step.stage
    row = models.get(stage.model)
    if row is None:
        raise PathwayError(f"Stage {stage.name} needs the model {stage.model}, which the manifest does not list.")
    if row.kind != KIND_OF[stage.operation]:
        raise PathwayError(f"Stage {stage.name} wants to {stage.operation} with {stage.model}, a model to {row.kind}.")
    if stage.head not in row.labels:
        raise PathwayError(f"Stage {stage.name} reads the head {stage.head}, which {stage.model} does not have.")
    question = "finding" if stage.finds else str(stage.asks)
    if question not in questions:
        raise PathwayError(f"Stage {stage.name} asks {question}, which no file declares.")
    wanted = [stage.finds] if stage.finds else row.labels[stage.head]
    if missing := set(wanted) - set(questions[question]):
        raise PathwayError(f"Stage {stage.name} may answer {', '.join(sorted(missing))}, not declared for {question}.")


def _check_conditions(step: Step, earlier: Sequence[Step], questions: Questions) -> None:
    for fact, values in step.when.items():
        possible = {
            value
            for other in earlier
            if other.stage.writes == fact and other.stage.asks
            for value in questions[other.stage.asks]
        }
        if impossible := set(values) - possible:
            raise PathwayError(
                f"Stage {step.stage.name} waits for {fact} = {', '.join(sorted(impossible))}, "
                "which nothing before it answers."
            )


def _check_found(step: Step, earlier: Sequence[Step]) -> None:
    stage = step.stage
    if stage.slices != "found":
        return
    before = [other.stage for other in earlier if other.stage.name in stage.after and other.stage.finds]
    if not any(stage.finds in {None, other.finds} for other in before):
        raise PathwayError(f"Stage {stage.name} looks where something was found, but comes after no such stage.")


def _check_beside(step: Step, earlier: Sequence[Step]) -> None:
    stage = step.stage
    if stage.beside is None:
        return
    if not any(other.stage.name == stage.beside and other.stage.asks == stage.asks for other in earlier):
        raise PathwayError(
            f"Stage {stage.name} stands beside {stage.beside}, which answers no such question before it."
        )
