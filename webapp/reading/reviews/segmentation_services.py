"""Saving an outline with its review: a version of an annotation and a review in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest

from webapp.foundation.accounts.models import User
from webapp.foundation.core.refusals import RefusalReason
from webapp.imaging.annotations.masks import MaskError, decode_runs, edges_of, store_mask
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.services import OnImage, annotation_delete, annotation_save
from webapp.imaging.annotations.services import Said as AnnotationInput
from webapp.imaging.archive.models import Instance
from webapp.reading.reviews.models import Read, Review
from webapp.reading.reviews.selectors import Outline, key_of, outlines_of
from webapp.reading.reviews.services import ReviewInput, ReviewRefusedError, finding_named, review_add, unfinished_read

Decision = Review.Decision

MISSED_ON_OTHER_SERIES = RefusalReason(
    "missed-on-other-series", "What the AI missed is outlined on another series. Name it again on this one."
)


@dataclass(frozen=True)
class OutlineInput:
    """An outline as a browser sends it.

    Attributes
    ----------
    instance, frame
        The image, and its frame from 1.
    runs
        Its pixels, see `decode_runs`.
    finding, label_title
        The finding that it corrects, or in the reader's words what the AI missed.
    missed
        Of what the AI missed and is outlined on another image already: the outline that was drawn first.
    is_empty
        Nothing of the finding lies on this image, and the reader says so.
    figures, unit
        As the reader's screen showed them.
    """

    instance: Instance
    frame: int
    runs: Sequence[object]
    finding: int | None = None
    label_title: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    unit: str = AnnotationVersion.Unit.PX
    missed: UUID | None = None
    is_empty: bool = False


@transaction.atomic
def outline_save(
    *, mark: UUID, outline: OutlineInput, base_version: int, user: User, request: HttpRequest
) -> tuple[Outline, bool]:
    """Save an outline, and the review by which its reader corrects a finding or names what the AI missed.

    Parameters
    ----------
    mark, base_version
        Its id, chosen by the browser, and the version that the reader's screen showed; 0 for a new one.
    outline, user, request
        What was drawn, and who draws.

    Returns
    -------
    tuple of Outline and bool
        What counts now, and whether the outline is a new one. What was sent before is not written again.

    Raises
    ------
    ReviewRefusedError
        If the reader is not the assignee, their read is finished, or the outline is invalid.
    webapp.imaging.annotations.services.AnnotationRefusedError
        As `annotation_save`: it is somebody else's, lies on another image, or was changed meanwhile.
    """
    study = outline.instance.series.study
    opened = unfinished_read(study, user)
    finding = finding_named(study, outline.finding, user) if outline.finding is not None else None
    if finding and finding.run.series_id != outline.instance.series_id:
        raise ReviewRefusedError(RefusalReason("other-series", "This finding lies on another series."))
    missed = outline.missed if finding is None and outline.missed != mark else None
    says = Decision.EDIT if finding else Decision.MISSED
    review = ReviewInput(says, outline.finding, mark, label_title=outline.label_title, missed_group=missed)
    if problem := review.problem() or _problem(opened, mark, review, outline):
        raise ReviewRefusedError(problem)
    now, is_new = annotation_save(
        mark=mark,
        where=OnImage(outline.instance, outline.frame),
        kind=Annotation.Kind.OUTLINE,
        said=_drawn(outline),
        read=base_version,
        user=user,
        request=request,
    )
    before = _previous_review(opened, review)
    row = Review.objects.filter(mark=mark, mark_version=now.version).last()
    if row is None or (base_version == now.version and row != before):  # else it was sent twice
        review = _with_previous_words(review, before)
        row = review_add(opened, review, finding=finding, mark=now.mark, version=now.version, request=request)
    return Outline(opened, row, now), is_new


@transaction.atomic
def outline_delete(*, mark: UUID, base_version: int, user: User, request: HttpRequest) -> None:
    """Delete an outline: it stays stored, and counts no more. A review that rests on it alone is withdrawn.

    Raises
    ------
    ReviewRefusedError, webapp.imaging.annotations.services.AnnotationRefusedError
        As `outline_save`.
    """
    drawn = Annotation.objects.select_related("series__study").get(pk=mark)
    opened = unfinished_read(drawn.series.study, user)
    gone = annotation_delete(mark=mark, read=base_version, user=user, request=request)
    last = Review.objects.filter(mark=mark).select_related("finding").last()
    if last is None or last.mark_version == gone.version:
        return
    review = ReviewInput(Decision.WITHDRAWN, last.finding_id, mark, missed_group=last.missed_group)
    before = _previous_review(opened, review)
    others = [one for one in outlines_of([opened]).get(key_of(last), []) if one.mark != drawn]
    if before is not None and before.says == Decision.EDIT and (others or before.label_title):
        review = _with_previous_words(ReviewInput(Decision.EDIT, last.finding_id, mark), before)
    elif before is not None and before.says == Decision.MISSED and others:
        review = ReviewInput(
            Decision.MISSED, None, mark, label_title=before.label_title, missed_group=last.missed_group
        )
    elif before is not None and before.mark_version is None:  # something else is said by now: that stays
        return
    review_add(opened, review, finding=last.finding, mark=drawn, version=gone.version, request=request)


def _drawn(outline: OutlineInput) -> AnnotationInput:
    try:
        mask = decode_runs(
            outline.runs, rows=outline.instance.rows, columns=outline.instance.columns, is_empty=outline.is_empty
        )
    except MaskError as error:
        raise ReviewRefusedError(error.reason) from None
    return AnnotationInput(
        edges_of(mask), outline.label_title.strip()[:80], outline.figures, outline.unit, mask=store_mask(mask)
    )


def _previous_review(read: Read, review: ReviewInput) -> Review | None:
    rows = Review.objects.filter(read=read, finding=review.finding)
    return (rows.filter(_same_missed_group(review)) if review.finding is None else rows).last()


def _same_missed_group(review: ReviewInput) -> Q:
    """Return the filter of the reviews of one thing that the AI missed, on whichever image."""
    first = review.missed_group or review.mark
    return Q(mark=first) | Q(missed_group=first)


def _problem(read: Read, mark: UUID, review: ReviewInput, outline: OutlineInput) -> RefusalReason | None:
    """Return why an outline does not fit its finding, None where it does."""
    last = Review.objects.filter(mark=mark).last()
    if last and key_of(last)[1] != (review.finding or review.missed_group or mark):
        return RefusalReason("other-outline", "This outline belongs to something else. Draw a new one instead.")
    if review.finding is not None:
        return None
    if outline.is_empty:
        return RefusalReason(
            "missed-elsewhere", "Outline what the AI missed where it lies. Other images need no entry."
        )
    here = Review.objects.filter(_same_missed_group(review), read=read)
    elsewhere = here.exclude(mark__instance__series=outline.instance.series_id).exists()
    return MISSED_ON_OTHER_SERIES if elsewhere else None


def _with_previous_words(review: ReviewInput, before: Review | None) -> ReviewInput:
    """Return a review with the words of the correction before it: drawing withdraws no words."""
    if review.label_title.strip() or before is None or before.says != Decision.EDIT:
        return review
    return ReviewInput(review.says, review.finding, review.mark, label_title=before.label_title, comment=before.comment)
