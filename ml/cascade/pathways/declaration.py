"""What a pathway is: a declaration in TOML, checked when it loads, never code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ml.cascade.tta import View

Operation = Literal["gate", "classify", "assess", "detect", "segment", "measure"]


class PathwayError(Exception):
    """A declaration cannot work; the message names the file's pathway and stage. The operator must act."""


class Declared(BaseModel):
    """Base: a misspelt key is an error, not a setting silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(Declared):
    """The one source of a label's name, code and colour for pages, boxes, masks and reports.

    Attributes
    ----------
    code, scheme, meaning
        Coded value, coding scheme designator and code meaning (PS3.16 section 8): of DCM or SCT (SNOMED CT) as
        PS3.16 lists them, or our own, 99READROOM, where it lists none. What counts as a finding states a meaning.
    header
        Words of the DICOM header that state this label.
    urgency
        For findings: 0 routine to 3, look at this first.
    strong
        A finding less probable than this is one step less urgent: thresholds are set to miss little, so
        that many findings just above them are false alarms.
    sentence
        How a finding's description begins. A label of an assessing stage that has one counts as a finding.
    """

    title: str
    code: str = Field(max_length=16)
    scheme: Literal["DCM", "SCT", "99READROOM"]
    meaning: str = Field(default="", max_length=64)
    header: list[str] = []
    colour: str = Field(default="#9aa7b4", pattern=r"^#[0-9a-f]{6}$")
    urgency: int = Field(default=0, ge=0, le=3)
    strong: float = Field(default=0.0, ge=0, le=1)
    sentence: str = ""

    @model_validator(mode="after")
    def _says_what_it_means(self) -> Self:
        if self.sentence and not self.meaning:
            raise ValueError(f"{self.title}: a label of findings states the meaning of its code")
        return self


class Persistence(Declared):
    """How long a thing must stay in sight along a series before it counts: noise flickers, a lesion stays.

    Attributes
    ----------
    mm
        Least extent along the series, in mm: as many slices as that needs.
    slices
        Least number of slices where the header states no distance between them.
    above
        Series of at most so many slices are exempt.
    """

    mm: float = Field(gt=0)
    slices: int = Field(ge=1)
    above: int = Field(ge=1)

    def slices_needed(self, *, count: int, spacing_mm: float | None) -> int:
        """Return on how many slices of a series of `count` a thing must be seen."""
        if count <= self.above:
            return 1
        if spacing_mm is None:
            return self.slices
        return max(1, round(self.mm / spacing_mm))


class StageDeclaration(Declared):
    """One step: which network answers which question, and when it is asked.

    Attributes
    ----------
    when
        Fact -> values: all must hold. Facts are written by earlier stages.
    writes
        The fact that a classifying stage answers; its labels are those of the question `asks`.
    asks
        Question in labels.toml whose labels this stage may answer.
    witness
        The header's word ("modality", "part", "plane") for the same question.
    slices
        "sample": a few slices decide. "all": every slice. "found": those where `after` found something.
    finds
        Label of the question "finding" that a detector or segmenter looks for.
    rule
        How an assessing stage makes one answer of many slices: "mean" over them, or "max", the slice that
        speaks most for a finding.
    persist
        How long a detector's or an assessor's suspicion must last along the series.
    beside
        A stage that answers the same question by another road, and is asked before: a measuring stage says how it
        stands to it.
    views
        Harmless changes of a picture under which a classifier is asked again, to tell a range.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str
    operation: Operation
    model: str
    head: str
    asks: str | None = None
    writes: str | None = None
    witness: str | None = None
    when: dict[str, list[str]] = {}
    after: list[str] = []
    slices: Literal["sample", "all", "found"] = "sample"
    finds: str | None = None
    rule: Literal["mean", "max"] = "mean"
    persist: Persistence | None = None
    beside: str | None = None
    views: list[View] = []


class Pathway(Declared):
    """A named part of the cascade; its `when` is added to each of its stages.

    Attributes
    ----------
    experimental, because
        Its evidence is too thin to raise a study in the worklist's order, and why.
    labels
        Question -> label name -> Label: labels of its own, beside those of labels.toml.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: str
    title: str
    experimental: bool = False
    because: str = Field(default="", max_length=300)
    when: dict[str, list[str]] = {}
    labels: dict[str, dict[str, Label]] = {}
    stages: list[StageDeclaration]

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.experimental != bool(self.because):
            raise ValueError(f"{self.name}: a pathway says `because` when it is experimental, and only then")
        return self


@dataclass(frozen=True)
class Step:
    """A stage in its pathway, with both their conditions."""

    pathway: Pathway
    stage: StageDeclaration
    when: Mapping[str, list[str]]
