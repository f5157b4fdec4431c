"""What a pathway is: a declaration in TOML, checked when it loads, never code."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Operation = Literal["gate", "classify", "detect", "segment"]


class Declared(BaseModel):
    """Base: a misspelt key is an error, not a setting silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(Declared):
    """The one source of a label's name, code and colour for pages, boxes, masks and reports.

    Attributes
    ----------
    code, scheme
        Coded value and coding scheme designator (PS3.16): DCM or SCT (SNOMED CT).
    header
        Words of the DICOM header that state this label.
    urgency
        For findings: 0 routine to 3, look at this first.
    strong
        A finding less probable than this is one step less urgent: thresholds are set to miss little, so
        that many findings just above them are false alarms.
    """

    title: str
    code: str
    scheme: Literal["DCM", "SCT"]
    header: list[str] = []
    colour: str = "#9aa7b4"
    urgency: int = Field(default=0, ge=0, le=3)
    strong: float = Field(default=0.0, ge=0, le=1)
    sentence: str = ""


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


class Pathway(Declared):
    """A named part of the cascade; its `when` is added to each of its stages."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: str
    title: str
    when: dict[str, list[str]] = {}
    stages: list[StageDeclaration]
