"""Reads, reviews and outlines of a study: which count now, and what a user may see of them.

An outline belongs to the review that it was drawn for, in the version that was drawn then; what is drawn later is a
review of its own. A finding has one outline on each image that its reader corrected; on the others the AI's stands.
What the AI missed has one on each image, too, and is known by the one that was drawn first. An outline of a finding may
be empty: the reader says that nothing of it lies on that image, which is another thing than to draw nothing there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may
from webapp.imaging.annotations.masks import Mask, mask_read
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.selectors import annotation_list
from webapp.imaging.archive.blinding import is_blinded
from webapp.imaging.archive.models import Study
from webapp.imaging.dicom_objects.finding_annotations import Place, marks_of, place_of
from webapp.imaging.dicom_objects.finding_annotations import mask_read as drawn_read
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.models import Read, Review
from webapp.reading.worklist.models import ReadingTask

Decision = Review.Decision
#: Decisions by which a reader accepts a finding.
REAL = frozenset({Decision.AGREE, Decision.EDIT, Decision.MISSED})
DRAWN = frozenset({Decision.EDIT, Decision.MISSED})
#: The read, and what is outlined in it: a finding by its number, what the AI missed by the mark that showed it first.
Key = tuple[int, object]
#: The annotation, and its version.
VersionKey = tuple[UUID | None, int]


@dataclass(frozen=True)
class Outline:
    """One reader's outline of one thing on one image."""

    read: Read
    review: Review
    version: AnnotationVersion

    @property
    def mark(self) -> Annotation:
        """The mark that it is a version of."""
        return self.version.mark

    @property
    def place(self) -> Place:
        """Image and frame."""
        return self.mark.place

    @property
    def is_empty(self) -> bool:
        """Whether the reader marked that nothing lies there."""
        return self.version.is_empty


def key_of(review: Review) -> Key:
    """Return the key of what a review is about."""
    return review.read_id, review.finding_id or review.missed_group or review.mark_id


def outlines_of(reads: Collection[Read], *, before: Review | None = None) -> Mapping[Key, list[Outline]]:
    """Return the current outlines of reads, the oldest first; with `before`, those current before that review.

    Two queries, however many reads there are.
    """
    by_pk = {read.pk: read for read in reads}
    rows = Review.objects.filter(read__in=by_pk).order_by("pk")
    reviews = list(rows.filter(pk__lt=before.pk) if before else rows)
    marks = {one.mark_id for one in reviews if one.mark_version is not None}
    if not marks:
        return {}
    versions = AnnotationVersion.objects.filter(mark__in=marks).select_related("mark__instance", "mark__author")
    named: dict[VersionKey, AnnotationVersion] = {(version.mark_id, version.version): version for version in versions}
    current: defaultdict[Key, dict[Place, Outline]] = defaultdict(dict)
    for review in reviews:
        _apply_review(current[key_of(review)], review, by_pk[review.read_id], named)
    return {key: list(outlines.values()) for key, outlines in current.items() if outlines}


def _apply_review(
    current: dict[Place, Outline],
    review: Review,
    read: Read,
    named: Mapping[VersionKey, AnnotationVersion],
) -> None:
    """Apply one review: it replaces or removes an outline, or leaves the outlines as they are."""
    if review.mark_version is None:
        if review.says not in DRAWN or review.mark_id:  # agreed, disagreed, taken back; or a box says where
            current.clear()
        return
    outline = Outline(read, review, named[review.mark_id, review.mark_version])
    current.pop(outline.place, None)
    if review.says in DRAWN and not outline.version.is_deleted:
        current[outline.place] = outline


def replaces_other_outline(one: Outline) -> bool:
    """Say whether an outline replaced another outline of its reader, which another window drew meanwhile."""
    current = outlines_of([one.read], before=one.review).get(key_of(one.review), [])
    return any(other.place == one.place and other.mark != one.mark for other in current)


def newest_outline(outlines: Iterable[Outline]) -> AnnotationVersion | None:
    """Return the newest outline that is not empty."""
    last = max((one for one in outlines if not one.is_empty), key=lambda one: one.review.pk, default=None)
    return last.version if last else None


def is_nowhere(finding: Finding | None, outlines: Sequence[Outline]) -> bool:
    """Say whether a reader's empty outlines cover every image on which something was seen."""
    here = {one.place for one in outlines if one.is_empty}
    if finding is None or not here or len(here) < len(outlines):
        return False
    return {place_of(mark) for mark in marks_of(finding)} <= here


def masks_of(finding: Finding | None, outlines: Iterable[Outline]) -> dict[Place, Mask]:
    """Return where something lies, by image: as the AI outlined it, and as the reader did where they did.

    Raises
    ------
    webapp.imaging.annotations.masks.MaskError
        If an outline is not where it was stored.
    """
    theirs = [mark for mark in marks_of(finding) if mark.mask] if finding else []
    drawn = {one.place: one.version.mask for one in outlines}
    run = finding.run if finding else None
    masks = {place_of(mark): drawn_read(run, mark.mask) for mark in theirs if run and place_of(mark) not in drawn}
    return masks | {place: mask_read(digest) for place, digest in drawn.items()}


@dataclass(frozen=True)
class Accepted:
    """A finding that a reader accepts: one they agreed to or corrected, or one that the AI missed.

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

    review: Review
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
            return _bounding_box(self.mark)
        return self.finding.box if self.finding and not self.is_nowhere else None

    @property
    def boxes(self) -> dict[Place, list[float]]:
        """Where the reader drew it: boxes as `box`, by image; a cut is none."""
        if self.is_on_cut:
            return {}
        drawn = [one.version for one in self.outlines if not one.is_empty] or ([self.mark] if self.mark else [])
        return {one.mark.place: _bounding_box(one) for one in drawn}


def _bounding_box(drawn: AnnotationVersion) -> list[float]:
    """Return the bounding box of an annotation."""
    xs, ys = zip(*drawn.points, strict=True)
    return [min(xs), min(ys), max(xs), max(ys)]


def read_of(*, study: Study, user: User) -> Read | None:
    """Return a reader's read of a study."""
    return Read.objects.filter(study=study, reader=user).first()


@dataclass(frozen=True)
class VisibleReads:
    """The reads of a study that a user may see.

    Attributes
    ----------
    reads
        Their own while others still read blinded to each other, or while the AI is blinded from them; all once
        reading is over. The adjudicator sees both.
    own
        Their own, where they have one.
    hidden
        Ids of the readers whose reads they may not see: their annotations are hidden too.
    is_blinded
        Whether the AI's answer is blinded from them too (see `webapp.imaging.archive.blinding`).
    """

    reads: list[Read]
    own: Read | None
    hidden: frozenset[int]
    is_blinded: bool


def visible_reads(*, study: Study, user: User) -> VisibleReads:
    """Return the reads of a study that a user may see, and whose they may not."""
    reads = list(Read.objects.filter(study=study).select_related("reader"))
    own = next((read for read in reads if read.reader_id == user.pk), None)
    is_over = bool(reads) and all(read.finished_at for read in reads) and hasattr(study, "comparison")
    is_open = is_over or study.task.required_readers == 1 or bool(own and own.role == Read.ReaderRole.ADJUDICATOR)
    blinded = is_blinded(study=study, user=user)
    if is_open and not blinded:
        return VisibleReads(reads, own, frozenset(), is_blinded=False)
    others = frozenset(read.reader_id for read in reads if read != own)
    return VisibleReads([own] if own else [], own, others, is_blinded=blinded)


def current_reviews(read: Read) -> list[Review]:
    """Return a reader's current review of each finding and annotation, withdrawn ones left out: one query."""
    newest: dict[Key, Review] = {}
    for review in Review.objects.filter(read=read).select_related("finding", "mark"):
        newest[key_of(review)] = review  # the newest counts, whatever was drawn for it
    return [review for review in newest.values() if review.says != Decision.WITHDRAWN]


def reviews_of(*, study: Study, user: User) -> list[Review]:
    """Return a reader's current reviews of a study."""
    read = read_of(study=study, user=user)
    return current_reviews(read) if read else []


def accepted(read: Read) -> list[Accepted]:
    """Return what a reader accepts, in the order of the findings, then what the AI missed."""
    marks = {now.mark_id: now for now in annotation_list(study=read.study)}
    outlines = outlines_of([read])
    real = [review for review in current_reviews(read) if review.says in REAL]
    order = sorted(real, key=lambda one: (one.finding is None, one.finding.order if one.finding else one.pk))
    return [
        Accepted(
            review,
            review.label_title or (review.finding.label_title if review.finding else ""),
            review.finding,
            marks.get(review.mark_id) if review.mark_id in marks else newest_outline(drawn),
            drawn,
            is_nowhere=is_nowhere(review.finding, drawn),
        )
        for review in order
        for drawn in [outlines.get(key_of(review), [])]
    ]


def findings_to_review(study: Study) -> list[Finding]:
    """Return the findings of the newest run of each series, which a reader reviews."""
    rows = Finding.objects.filter(run__series__study=study).select_related("run").order_by("-run__created_at", "order")
    newest: dict[UUID, UUID] = {}
    return [row for row in rows if newest.setdefault(row.run.series_id, row.run_id) == row.run_id]


def findings_without_review(read: Read) -> list[Finding]:
    """Return the findings without a review by a reader."""
    reviewed = {review.finding_id for review in current_reviews(read)}
    return [finding for finding in findings_to_review(read.study) if finding.pk not in reviewed]


def visible_outlines(seen: VisibleReads) -> list[Outline]:
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
    if read is None or read.role == Read.ReaderRole.FIRST:
        return False
    return (
        task.state == ReadingTask.State.DONE
        if read.role == Read.ReaderRole.SECOND
        else has_it or read.finished_at is not None
    )
