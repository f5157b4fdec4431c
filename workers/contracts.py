"""What crosses the queue and the shared folder: typed, versioned, without patient data."""

from uuid import UUID

from ml.answer import (
    Answer,
    CodeAnswer,
    FigureAnswer,
    FindingAnswer,
    MarkAnswer,
    MeasuresAnswer,
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
    "MarkAnswer",
    "MeasuresAnswer",
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
