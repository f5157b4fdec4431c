"""Runs the cascade over a series, and returns its result with explanations."""

import time
from collections.abc import Mapping
from pathlib import Path

from ml.cascade.case_context import Course, Task
from ml.cascade.findings import findings_told
from ml.cascade.operations import OPERATIONS
from ml.cascade.pathways.declaration import Step
from ml.cascade.pathways.load import FOLDER, Cascade
from ml.cascade.runtime import Network, network_load
from ml.cascade.summary import cascade_of
from ml.dicomio.errors import Refused
from ml.dicomio.series import facts_read, slices_read
from ml.schemas import Outcome, SeriesAnswer, SliceName, StageAnswer, Status

#: Plausible range of slice spacing in mm; any other value is an error in the header.
SPACINGS = (0.3, 20.0)


class Analyst:
    """The cascade with its networks, each loaded on first use and then kept in memory.

    Parameters
    ----------
    weights
        Folder of the manifest and the model files.
    pathways
        Folder of the pathway declarations.
    device
        "auto", "cpu" or "cuda"; see `ml.cascade.runtime.network_load`.

    Raises
    ------
    ml.cascade.weights.WeightsError, ml.cascade.pathways.declaration.PathwayError
        If the cascade cannot work as declared; the operator must act.
    """

    def __init__(self, weights: Path, *, pathways: Path = FOLDER, device: str = "auto") -> None:
        self.cascade: Cascade = cascade_of(weights, pathways)
        self._weights, self._device = weights, device
        self._networks: dict[str, Network] = {}

    def warm(self) -> None:
        """Load all networks now, so that the first analysis need not wait for them."""
        for step in self.cascade.steps:
            self._network(step.stage.model)

    def analyze(self, files: list[Path], *, out: Path | None = None) -> SeriesAnswer:
        """Return the result of the cascade for one series.

        Parameters
        ----------
        files
            Files of the series in slice order.
        out
            Existing folder for masks and heat maps; None to write none.

        Returns
        -------
        SeriesAnswer
            With the status "refused" if no file can be read, otherwise "done" or "not_analysed". If only some files
            cannot be read, they are left out, and `reason` says so.
        """
        began = time.perf_counter()
        aside: dict[Path, str] = {}
        slices = slices_read(files, aside=aside)
        if not slices:
            return unread(files, status="refused", reason=next(iter(aside.values())))
        try:
            words = facts_read(slices[0].path).words
        except Refused as refused:
            return unread(files, status="refused", reason=str(refused))
        course = Course(self.cascade, slices, words, out, spacing_mm=spacing_stated(words))
        for step in self.cascade.steps:
            course.stages.append(self._stage(step, course))
        return _result(course, files, aside, ms=(time.perf_counter() - began) * 1000)

    def _stage(self, step: Step, course: Course) -> StageAnswer:
        if reason := not_asked(step, course.facts):
            return StageAnswer(
                name=step.stage.name,
                title=step.stage.title,
                pathway=step.pathway.name,
                status="not_run",
                reason=reason,
                experimental=step.pathway.because,
            )
        network = self._network(step.stage.model)
        began = time.perf_counter()
        answer = OPERATIONS[step.stage.operation](Task(step, network, course))
        return answer.model_copy(update={"ms": round((time.perf_counter() - began) * 1000, 2)})

    def _network(self, name: str) -> Network:
        if name not in self._networks:
            self._networks[name] = network_load(self.cascade.models[name], self._weights, device=self._device)
        return self._networks[name]


def unread(files: list[Path], *, status: Status, reason: str) -> SeriesAnswer:
    """Return the result for files that never reached the cascade."""
    outcome: Outcome = "failed" if status == "failed" else "refused" if status == "refused" else "not_analysed"
    return SeriesAnswer(
        path=str(files[0]),
        paths=[str(file) for file in files],
        status=status,
        outcome=outcome,
        reason=reason,
        modality=None,
        region=None,
        plane=None,
        findings=[],
        stages=[],
    )


def spacing_stated(words: Mapping[str, str]) -> float | None:
    """Return the slice spacing in mm; None if the header states none, or an implausible one."""
    spacing = float(words.get("spacing", 0))
    return spacing if SPACINGS[0] <= spacing <= SPACINGS[1] else None


def looks_for(step: Step, cascade: Cascade) -> bool:
    """Return whether a stage looks for findings, so that "nothing found" is a meaningful answer from it."""
    if step.stage.operation == "assess":
        names = cascade.models[step.stage.model].labels[step.stage.head]
        return any(cascade.label(str(step.stage.asks), name).sentence for name in names)
    return step.stage.operation == "detect"


def not_asked(step: Step, facts: Mapping[str, str]) -> str | None:
    """Return why a stage does not run; None if all its conditions hold."""
    for fact, wanted in step.when.items():
        if fact not in facts:
            return f"Not asked: the {fact} is not settled."
        if facts[fact] not in wanted:
            return f"Not asked: for {fact} {' or '.join(wanted)}; this is {facts[fact]}."
    return None


def _result(course: Course, files: list[Path], aside: dict[Path, str], *, ms: float) -> SeriesAnswer:
    findings = findings_told(course)
    outcome, reason = _outcome(course, found=bool(findings))
    if aside:
        left_out = f"{len(aside)} of {len(files)} files were left out: {next(iter(aside.values()))}"
        reason = f"{reason} {left_out}" if reason else left_out
    return SeriesAnswer(
        path=str(files[0]),
        paths=[str(file) for file in files],
        status="not_analysed" if outcome == "not_analysed" else "done",
        outcome=outcome,
        reason=reason,
        modality=course.facts.get("modality"),  # type: ignore[arg-type]  # Labels of that question, checked by the model.
        region=course.facts.get("region"),
        plane=course.facts.get("plane"),
        findings=findings,
        stages=course.stages,
        contradictions=course.contradictions,
        pathways=sorted({stage.pathway for stage in course.stages if stage.status != "not_run"}),
        slices=[SliceName(path=str(picture.path), frame=picture.frame) for picture in course.slices],
        total_ms=round(ms, 2),
        cascade_digest=course.cascade.digest,
    )


def _outcome(course: Course, *, found: bool) -> tuple[Outcome, str | None]:
    """Return the run's outcome and reason; "not_analysed" if a fact that other stages depend on was not settled."""
    if found:
        return "findings", None
    asked = {fact for step in course.cascade.steps for fact in step.when}
    for step, stage in zip(course.cascade.steps, course.stages, strict=True):
        if stage.status == "not_suitable" and step.stage.writes in asked:
            return "not_analysed", stage.reason
    looked = any(
        stage.status == "done" and looks_for(step, course.cascade)
        for step, stage in zip(course.cascade.steps, course.stages, strict=True)
    )
    return ("negative", None) if looked else ("sorted_only", _sorted_reason(course))


def _sorted_reason(course: Course) -> str:
    names = [
        stage.label_title for stage in course.stages if stage.status == "done" and stage.label and stage.name != "gate"
    ]
    return f"Sorted as {', '.join(name for name in names if name)}. No model here looks for findings in it."
