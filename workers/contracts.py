"""What crosses the queue and the shared folder: typed, versioned, without patient data."""

from uuid import UUID

from ml.schemas import (
    Answer,
    CodeAnswer,
    FigureAnswer,
    FindingAnswer,
    MarkAnswer,
    MeasuresAnswer,
    OpinionAnswer,
    ReasonAnswer,
    SeriesAnswer,
    SliceName,
    StageAnswer,
)

__all__ = [
    "AnalysisRequest",
    "AnalysisResult",
    "CodeAnswer",
    "FigureAnswer",
    "FindingAnswer",
    "LaidPictures",
    "MarkAnswer",
    "MeasuresAnswer",
    "OpinionAnswer",
    "ReasonAnswer",
    "RegistrationAnswer",
    "RegistrationRequest",
    "RegistrationResult",
    "SeriesAnswer",
    "SliceName",
    "StageAnswer",
]


class AnalysisRequest(Answer):
    """Analyse these stored objects as one series.

    `objects` are sha256 digests: names of our own, never built from a UID or a file name.
    `attempt` is the fencing token of the run's row.
    """

    run: UUID
    attempt: int
    objects: list[str]


class AnalysisResult(Answer):
    """The answer of one attempt, or the plain sentence of why there is none."""

    run: UUID
    attempt: int
    answer: SeriesAnswer | None
    error: str | None = None


class RegistrationRequest(Answer):
    """Lay these stored objects of one series, `follow_up`, over those of another one, `prior`; as `AnalysisRequest`."""

    registration: UUID
    attempt: int
    prior: list[str]
    follow_up: list[str]


class LaidPictures(Answer):
    """Names of the pictures of one slice of the prior (from 0), beside the result."""

    slice: int
    fused: str
    checkerboard: str


class RegistrationAnswer(Answer):
    """How a follow-up lies over its prior.

    Attributes
    ----------
    refusal
        Why it must not be used, "" where it may; then there are no pictures.
    dice, nmi, correlation
        See `ml.cascade.registration.Quality`; None where it came to none.
    least_dice, least_nmi
        Under these it is refused.
    rotation_degrees, shift_mm
        From prior to follow-up, about and along x (left), y (back), z (head); the shift is that of the prior's middle.
    """

    refusal: str = ""
    dice: float | None = None
    nmi: float | None = None
    correlation: float | None = None
    least_dice: float | None = None
    least_nmi: float | None = None
    rotation_degrees: tuple[float, ...] = ()
    shift_mm: tuple[float, ...] = ()
    slices: list[LaidPictures] = []
    ms: float | None = None


class RegistrationResult(Answer):
    """The answer of one attempt, or the plain sentence of why there is none."""

    registration: UUID
    attempt: int
    answer: RegistrationAnswer | None = None
    error: str | None = None
