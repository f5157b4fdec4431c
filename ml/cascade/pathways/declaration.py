"""The data model of pathway declarations in TOML, which are checked when they are loaded, and contain no code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ml.cascade.tta import View

Operation = Literal["gate", "classify", "assess", "detect", "segment", "measure"]


class PathwayError(Exception):
    """A declaration cannot work; the message names the pathway or stage. The operator must act."""


class Declared(BaseModel):
    """Base class: a misspelt key is an error, not a setting that is silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(Declared):
    """A label: the only source of its title, code and colour for pages, boxes, masks and reports.

    Attributes
    ----------
    code, scheme, meaning
        Code value, coding scheme designator and code meaning (PS3.16 Section 8): from DCM or SCT (SNOMED CT) as listed
        in PS3.16, or otherwise from our own scheme, 99READROOM. A label of a finding needs a meaning.
    header
        Values in the DICOM header that state this label.
    urgency
        For findings: from 0, routine, to 3, look at this first.
    strong
        A less probable finding is one step less urgent: thresholds are set for high sensitivity, so many findings just
        above them are false positives.
    sentence
        Beginning of a finding's description. A label of an assessing stage is a finding if it has one.
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
    """How far something must extend along a series to count: noise appears on single slices, a lesion on several.

    Attributes
    ----------
    mm
        Least extent along the series in mm, from which the number of slices follows.
    slices
        Least number of slices if the header states no slice spacing.
    above
        Series of at most this many slices are exempt.
    """

    mm: float = Field(gt=0)
    slices: int = Field(ge=1)
    above: int = Field(ge=1)

    def slices_needed(self, *, count: int, spacing_mm: float | None) -> int:
        """Return on how many slices of a series of `count` something must be found."""
        if count <= self.above:
            return 1
        if spacing_mm is None:
            return self.slices
        return max(1, round(self.mm / spacing_mm))


class StageDeclaration(Declared):
    """One stage: which network answers which question, and under which conditions.

    Attributes
    ----------
    when
        Fact -> accepted values; all conditions must hold. Facts are settled by earlier stages.
    writes
        The fact that a classifying stage settles, with the labels of the question `asks`.
    asks
        The question in labels.toml whose labels are the stage's possible answers.
    witness
        The header fact ("modality", "part", "plane") that answers the same question.
    slices
        "sample": a few slices. "all": every slice. "found": those on which the stages in `after` found something.
    finds
        The label of the question "finding" that a detector or segmenter looks for.
    rule
        How an assessing stage combines slices: "mean" over them, or "max", the slice with the strongest evidence for a
        finding.
    persist
        How far a suspicion of a detecting or assessing stage must extend along the series.
    beside
        An earlier stage that answers the same question in another way; a measuring stage compares its answer with it.
    views
        Test-time augmentations under which a classifier runs again, for the range of its probability.
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
    """A named part of the cascade; its conditions `when` are added to those of each of its stages.

    Attributes
    ----------
    experimental, because
        Whether its evidence is too weak to raise a study's place in the worklist, and why.
    labels
        Question -> label name -> Label: its own labels, in addition to those of labels.toml.
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
    """A stage with its pathway, and the conditions of both."""

    pathway: Pathway
    stage: StageDeclaration
    when: Mapping[str, list[str]]
