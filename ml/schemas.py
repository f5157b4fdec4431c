"""The results of the cascade: the types passed from the networks to the command line and the web application."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["done", "not_analysed", "refused", "failed"]
Outcome = Literal["findings", "negative", "sorted_only", "not_analysed", "refused", "failed"]
StageStatus = Literal["done", "not_run", "not_suitable", "failed"]


class Answer(BaseModel):
    """Base class: unknown fields are an error, so that the two ends of a queue cannot drift apart unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StageAnswer(Answer):
    """The result of one stage, or why it has none.

    Attributes
    ----------
    probability
        Calibrated probability of `label`, 0 to 1.
    header_says
        The label that the DICOM header states for the same question; None if it states none.
    contradiction
        Whether header and pixels disagree. If they do, `label` is the header's, and `pixels_say` the network's.
    heat_map
        Name of an RGBA PNG beside the result, in the shape of slice `heat_map_slice` but at most 320 pixels long.
    probability_low, probability_high, views
        The lowest and the highest probability of the same label over `views` views: the deciding slices, each
        unchanged and with test-time augmentation. None if there was only one view.
    experimental
        Why this result is experimental; "" if it is not.
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
    """The region of a finding on one of its slices: a box [x0, y0, x1, y1] in pixels, and a mask if it was outlined.

    `mask` is the name of a PNG beside the result, with one bit per pixel and the rows and columns of the slice.
    """

    slice: int
    box: tuple[float, float, float, float]
    mask: str | None = None


class CodeAnswer(Answer):
    """The code of a label for other systems (PS3.16 Section 8): value, scheme and meaning."""

    value: str
    scheme: str
    meaning: str


class FigureAnswer(Answer):
    """One measurement; unit and IBSI code as `ml.cascade.measurements.figures.figure` writes them."""

    name: str
    title: str
    value: float
    unit: str
    ibsi: str = ""


class MeasuresAnswer(Answer):
    """The measurements of an outlined finding.

    Attributes
    ----------
    is_calibrated
        Whether lengths are in mm, because the header states the pixel size; otherwise, they are in pixels.
    slices
        Number of outlined slices.
    notes
        Sentences about what is missing or only estimated.
    """

    is_calibrated: bool
    slices: int
    notes: list[str] = []
    figures: list[FigureAnswer] = []


class ReasonAnswer(Answer):
    """A feature, and its contribution to the log odds of an answer.

    Attributes
    ----------
    usual
        The mean over the training images, at which the contribution is 0.
    meaning
        What the feature describes, in a few words.
    """

    name: str
    title: str
    meaning: str
    value: float
    usual: float
    contribution: float


class OpinionAnswer(Answer):
    """A second opinion on a boxed finding by a radiomics model, with its reasons; it is never a finding itself.

    Attributes
    ----------
    label
        None if the model abstains; `reason` then says why.
    code
        The code of the label for other systems; None if there is none.
    likeliest
        The most probable label, even if the model abstains; None if nothing was measured.
    rather_than
        Title of the second most probable label. `base` and the contributions of the reasons add up to the log odds of
        the most probable label against it.
    reasons
        The largest contributions first; `why` states the first of them in a sentence.
    measured
        What was outlined, as text.
    beside, disagrees
        A sentence that compares it with the other opinion on the same question ("" if there is none), and whether both
        have an answer and differ.
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
    """A finding of a detector or a segmenter, merged across neighbouring slices.

    Attributes
    ----------
    box, mask
        As in `MarkAnswer`, on slice `slice`, on which it is clearest; no box if whole slices were classified.
    marks
        One region for each slice on which it was found, in slice order; none if whole slices were classified.
    code, colour
        Those of its label; the colour as #rrggbb.
    outlined_by
        The stage that produced its masks; None if there are none.
    experimental
        Why it is experimental; "" if it is not.
    measures
        Measurements from its masks; None if there are none.
    opinions
        Second opinions, independent of the detector; none of them changes the urgency.
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
    """One slice of a series: a file, and a frame in it (from 0)."""

    path: str
    frame: int


class SeriesAnswer(Answer):
    """The complete result for one series (a picture is a series of its own).

    `paths` lists the files in slice order. `reason` says why the status is not "done" or, if it is, what was not looked
    for.
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
