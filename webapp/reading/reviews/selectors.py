"""What is said of a study by now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may
from webapp.imaging.annotations.models import AnnotationVersion
from webapp.imaging.annotations.selectors import annotation_list
from webapp.imaging.archive.blinding import is_blinded
from webapp.imaging.archive.models import Study
from webapp.imaging.dicom_objects.finding_annotations import Place
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.models import Read, Reason, Review
from webapp.reading.reviews.segmentation_selectors import Key, Outline, is_nowhere, key_of, newest_of, outlines_of
from webapp.reading.worklist.models import ReadingTask

Decision = Review.Decision
#: What a reader takes for real.
REAL = frozenset({Decision.AGREE, Decision.EDIT, Decision.MISSED})


@dataclass(frozen=True)
class Accepted:
    """Something that a reader answers for: a finding they agreed to or corrected, or one that the AI missed.

    Attributes
    ----------
    title
        The reader's word for it where they gave one, else the finding's.
    finding, mark
        What the AI said, and what the reader drew; one of them may be missing.
    outlines
        The reader's, one an image; `mark` is then the one that was drawn last and is not empty.
    is_nowhere
        The reader's outlines are all empty, and leave nothing of what the AI saw.
    """

    verdict: Review
    title: str
    finding: Finding | None
    mark: AnnotationVersion | None
    outlines: Sequence[Outline] = ()
    is_nowhere: bool = False

    @property
    def is_marked(self) -> bool:
        """Whether the reader says where it is by a box, or another mark, and not by outlines."""
        return self.mark is not None and not self.outlines

    @property
    def is_on_cut(self) -> bool:
        """Whether the reader says where it is by a mark on a cut through the volume."""
        return bool(self.mark and self.mark.mark.is_on_cut)

    @property
    def box(self) -> list[float] | None:
        """Where it is: [x0, y0, x1, y1] in pixels; the reader's before the finding's.

        None where nobody drew one, and where the reader drew on a cut: that lies on no image.
        """
        if self.is_on_cut:
            return None
        if self.mark:
            return _round(self.mark)
        return self.finding.box if self.finding and not self.is_nowhere else None

    @property
    def boxes(self) -> dict[Place, list[float]]:
        """Where the reader drew it: boxes as `box`, by image; a cut is none."""
        if self.is_on_cut:
            return {}
        drawn = [one.version for one in self.outlines if not one.is_empty] or ([self.mark] if self.mark else [])
        return {one.mark.place: _round(one) for one in drawn}


def _round(drawn: AnnotationVersion) -> list[float]:
    """Return the box round a mark."""
    xs, ys = zip(*drawn.points, strict=True)
    return [min(xs), min(ys), max(xs), max(ys)]


def read_of(*, study: Study, user: User) -> Read | None:
    """Return a reader's read of a study."""
    return Read.objects.filter(study=study, reader=user).first()


@dataclass(frozen=True)
class Seen:
    """The reads of a study for one who looks.

    Attributes
    ----------
    reads
        Those that they may see: their own while others still read blind to each other, or while the AI is veiled
        from them; all once it is over. The adjudicator has both before them.
    own
        Their own, where they have one.
    hidden
        Numbers of the readers of the others: not even their marks show.
    is_blinded
        Whether the AI's answer is kept from them too (see `webapp.imaging.archive.blinding`).
    """

    reads: list[Read]
    own: Read | None
    hidden: frozenset[int]
    is_blinded: bool


def reads_seen(*, study: Study, user: User) -> Seen:
    """Return the reads of a study that a user may see, and whose they may not."""
    reads = list(Read.objects.filter(study=study).select_related("reader"))
    own = next((read for read in reads if read.reader_id == user.pk), None)
    is_over = bool(reads) and all(read.finished_at for read in reads) and hasattr(study, "comparison")
    is_open = is_over or study.task.required_readers == 1 or bool(own and own.seat == Read.ReaderRole.ADJUDICATOR)
    veiled = is_blinded(study=study, user=user)
    if is_open and not veiled:
        return Seen(reads, own, frozenset(), is_blinded=False)
    others = frozenset(read.reader_id for read in reads if read != own)
    return Seen([own] if own else [], own, others, is_blinded=veiled)


def current_reviews(read: Read) -> list[Review]:
    """Return what a reader says now of each finding and mark, what was taken back left out: one query."""
    newest: dict[Key, Review] = {}
    for verdict in Review.objects.filter(read=read).select_related("finding", "mark"):
        newest[key_of(verdict)] = verdict  # the newest counts, whatever was drawn for it
    return [verdict for verdict in newest.values() if verdict.says != Decision.WITHDRAWN]


def reviews_of(*, study: Study, user: User) -> list[Review]:
    """Return what a reader says now of a study."""
    read = read_of(study=study, user=user)
    return current_reviews(read) if read else []


def serialize_review(row: Review) -> dict[str, Any]:
    """Return a verdict as programs read it."""
    return {
        "finding": row.finding_id,
        "mark": str(row.mark_id) if row.mark_id else None,
        "missed": str(row.missed) if row.missed else None,
        "says": row.says,
        "words": row.get_says_display(),
        "reasons": row.reasons,
        "label": row.label_title,
        "comment": row.comment,
        "at": row.at.isoformat(),
    }


def serialize_outline(one: Outline) -> dict[str, Any]:
    """Return an outline as programs read it."""
    mark, version = one.mark, one.version
    address = reverse("outline-mask", args=[one.read.study_id, mark.pk, version.version])
    return {
        "id": str(mark.pk),
        "series": str(mark.series_id),
        "sop": mark.image.sop_instance_uid,
        "frame": mark.frame,
        "finding": one.verdict.finding_id,
        "missed": None if one.verdict.finding_id else str(key_of(one.verdict)[1]),
        "label": one.verdict.label_title,
        "author": mark.author.get_full_name() or mark.author.get_username(),
        "authorId": str(mark.author_id),
        "version": version.version,
        "figures": version.figures,
        "unit": version.unit,
        "box": [edge for corner in version.points for edge in corner] or None,
        "mask": address,
        "at": version.at.isoformat(),
    }


def accepted(read: Read) -> list[Accepted]:
    """Return what a reader takes for real, in the order of the findings, what was missed behind."""
    marks = {now.mark_id: now for now in annotation_list(study=read.study)}
    outlines = outlines_of([read])
    real = [verdict for verdict in current_reviews(read) if verdict.says in REAL]
    order = sorted(real, key=lambda one: (one.finding is None, one.finding.order if one.finding else one.pk))
    return [
        Accepted(
            verdict,
            verdict.label_title or (verdict.finding.label_title if verdict.finding else ""),
            verdict.finding,
            marks.get(verdict.mark_id) if verdict.mark_id in marks else newest_of(drawn),
            drawn,
            is_nowhere=is_nowhere(verdict.finding, drawn),
        )
        for verdict in order
        for drawn in [outlines.get(key_of(verdict), [])]
    ]


def findings_asked(study: Study) -> list[Finding]:
    """Return the findings of the newest answer to each series: what a reader is asked about."""
    rows = Finding.objects.filter(run__series__study=study).select_related("run").order_by("-run__created_at", "order")
    newest: dict[UUID, UUID] = {}
    return [row for row in rows if newest.setdefault(row.run.series_id, row.run_id) == row.run_id]


def unsaid(read: Read) -> list[Finding]:
    """Return the findings that a reader has said nothing of yet."""
    said = {verdict.finding_id for verdict in current_reviews(read)}
    return [finding for finding in findings_asked(read.study) if finding.pk not in said]


def format_reasons(reasons: Iterable[str]) -> str:
    """Return reasons in words."""
    return ", ".join(Reason(reason).label for reason in reasons)


def outlines_shown(seen: Seen) -> list[Outline]:
    """Return the outlines of the reads that somebody may see."""
    return [one for outlines in outlines_of(seen.reads).values() for one in outlines]


def may_conclude(*, study: Study, user: User) -> bool:
    """Say whether the report of a study is this reader's to sign.

    It is the only reader's; of two that agree the second's; the adjudicator's where they differ. What is read and left
    unsigned any senior reader may conclude, in their own words.
    """
    task, read = ReadingTask.objects.get(study=study), read_of(study=study, user=user)
    has_it = task.is_claimed_by(user)
    if task.state == ReadingTask.State.DONE and may(user, Action.ADJUDICATE, study):
        return True
    if task.required_readers == 1:
        return has_it or bool(read and read.finished_at and task.state == ReadingTask.State.DONE)
    if read is None or read.seat == Read.ReaderRole.FIRST:
        return False
    return (
        task.state == ReadingTask.State.DONE
        if read.seat == Read.ReaderRole.SECOND
        else has_it or read.finished_at is not None
    )
