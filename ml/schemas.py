"""What the cascade answers: the types that travel from the networks to the command line and the web."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["done", "not_analysed", "refused", "failed"]
Outcome = Literal["findings", "negative", "sorted_only", "not_analysed", "refused", "failed"]
StageStatus = Literal["done", "not_run", "not_suitable", "failed"]


class Answer(BaseModel):
    """Base: unknown fields are an error, so that two ends of a queue cannot drift apart unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StageAnswer(Answer):
    """What one stage said, or why it did not.

    Attributes
    ----------
    probability
        Calibrated probability of `label`, 0 to 1.
    header_says
        The label that the DICOM header states for the same question, None where it states none.
    contradiction
        The header and the pixels disagree. `label` is then the header's, and `pixels_say` the network's.
    heat_map
        RGBA PNG beside the answer, shaped like slice `heat_map_slice` but at most 320 pixels long.
    probability_low, probability_high, views
        The least and the most that the same label got over so many looks: the slices that decided, each as
        it is and under harmless changes. None where it was looked at once.
    experimental
        Why this answer is experimental, empty where it is not.
    """

    name: str
    title: str
    pathway: str
    status: StageStatus
    model: str | None = None
    version: str | None = None
    label: str | None = None
    label_title: str | None = None
    probability: float | None = None
    threshold: float | None = None
    ms: float | None = None
    reason: str | None = None
    header_says: str | None = None
    pixels_say: str | None = None
    contradiction: bool = False
    alternatives: list[tuple[str, float]] = []
    heat_map: str | None = None
    heat_map_slice: int | None = None
    probability_low: float | None = None
    probability_high: float | None = None
    views: int | None = None
    experimental: str = ""


class MarkAnswer(Answer):
    """Where a finding lies on one of its slices: a box [x0, y0, x1, y1] in pixels, and its outline where there is one.

    `mask` names a PNG beside the answer: 1 bit a pixel, as many rows and columns as the slice.
    """

    slice: int
    box: tuple[float, float, float, float]
    mask: str | None = None


class CodeAnswer(Answer):
    """What a label means to other systems (PS3.16 section 8): value, scheme and meaning of its code."""

    value: str
    scheme: str
    meaning: str


class FigureAnswer(Answer):
    """A measured number; units and codes as `ml.cascade.measurements.figures.figure` writes them."""

    name: str
    title: str
    value: float
    unit: str
    ibsi: str = ""


class MeasuresAnswer(Answer):
    """What was measured of an outlined finding.

    Attributes
    ----------
    is_calibrated
        Lengths are mm because the header says how large a pixel is; otherwise they are pixels.
    slices
        How many are outlined.
    notes
        Sentences about what is missing, or only estimated.
    """

    is_calibrated: bool
    slices: int
    notes: list[str] = []
    figures: list[FigureAnswer] = []


class ReasonAnswer(Answer):
    """A measured feature, and what it adds to the logarithm of an answer's odds.

    Attributes
    ----------
    usual
        The mean of the teaching pictures, where it would add nothing.
    meaning
        What is measured, in a few words.
    """

    name: str
    title: str
    meaning: str
    value: float
    usual: float
    contribution: float


class OpinionAnswer(Answer):
    """What a model of measured features says of one boxed finding, and why: a second opinion, never the finding.

    Attributes
    ----------
    label
        None where it abstains; `reason` then says why.
    code
        What the label means to other systems; None where there is none.
    likeliest
        What it leans to; None where nothing was measured.
    rather_than
        Title of the label that comes next. `base` and the contributions of the reasons add up to the logarithm of
        the odds of the likeliest label against it.
    reasons
        The weightiest first; `why` tells the first of them in a sentence.
    measured
        What was outlined, in words.
    beside, disagrees
        How it stands to the other opinion of the same question, in a sentence (empty where there is none), and whether
        both are sure and differ.
    """

    stage: str
    title: str
    model: str
    version: str
    label: str | None = None
    label_title: str
    code: CodeAnswer | None = None
    likeliest: str | None = None
    likeliest_title: str = ""
    probability: float | None = None
    threshold: float | None = None
    reason: str = ""
    why: str = ""
    rather_than: str = ""
    base: float = 0.0
    reasons: list[ReasonAnswer] = []
    measured: str = ""
    beside: str = ""
    disagrees: bool = False
    experimental: str = ""


class FindingAnswer(Answer):
    """Something that a detector or a segmenter points at, joined over neighbouring slices.

    Attributes
    ----------
    box, mask
        As on a mark, of slice `slice`, the clearest; no box where whole slices were judged.
    marks
        One for each slice on which it was seen, in slice order; none where whole slices were judged.
    code, colour
        Of its label; the colour is written #rrggbb.
    outlined_by
        The stage that drew its masks, None where there are none.
    experimental
        Why it is experimental, empty where it is not.
    measures
        Of its masks, None where there are none.
    opinions
        What was measured and concluded beside the detector; none of them moves the urgency.
    """

    label: str
    label_title: str
    probability: float
    slice: int
    first_slice: int
    last_slice: int
    box: tuple[float, float, float, float] | None
    mask: str | None
    heat_map: str | None = None
    stage: str
    sentence: str
    urgency: int
    experimental: str = ""
    marks: list[MarkAnswer] = []
    code: CodeAnswer | None = None
    colour: str = ""
    outlined_by: str | None = None
    measures: MeasuresAnswer | None = None
    opinions: list[OpinionAnswer] = []


class SliceName(Answer):
    """One slice of a series, in order: a file and a frame of it (from 0)."""

    path: str
    frame: int


class SeriesAnswer(Answer):
    """The whole answer for one series (a picture is a series of one).

    `paths` lists the files in slice order; `reason` says why where the status is not "done", and what
    was not looked for where it is.
    """

    path: str
    paths: list[str]
    status: Status
    outcome: Outcome
    reason: str | None
    modality: Literal["CT", "MR", "US", "XR"] | None
    region: str | None
    plane: str | None
    findings: list[FindingAnswer]
    stages: list[StageAnswer]
    contradictions: list[str] = []
    pathways: list[str] = []
    slices: list[SliceName] = []
    total_ms: float | None = None
    cascade_digest: str | None = None
