"""Saving an outline with what it says: a version of a mark and a verdict in one step, or neither."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest

from webapp.foundation.accounts.models import User
from webapp.imaging.annotations.masks import MaskError, decode_runs, edges_of, store_mask
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.services import OnImage, annotation_delete, annotation_save
from webapp.imaging.annotations.services import Said as Drawn
from webapp.imaging.archive.models import Instance
from webapp.reading.reviews.models import Read, Review
from webapp.reading.reviews.segmentation_selectors import Outline, key_of, outlines_of
from webapp.reading.reviews.services import ReviewRefusedError, Said, finding_named, read_opened, review_add

Decision = Review.Decision


@dataclass(frozen=True)
class Sent:
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
def outline_save(*, mark: UUID, sent: Sent, read: int, user: User, request: HttpRequest) -> tuple[Outline, bool]:
    """Keep an outline and that its reader corrects a finding by it, or that the AI missed it.

    Parameters
    ----------
    mark, read
        Its id, chosen by the browser, and the version that the reader's screen showed; 0 for a new one.
    sent, user, request
        What was drawn, and who draws.

    Returns
    -------
    tuple of Outline and bool
        What counts now, and whether the outline is a new one. What was sent before is not written again.

    Raises
    ------
    VerdictRefusedError
        If the study is not in the reader's hands, their read is finished, or the outline is of no use.
    webapp.imaging.annotations.services.MarkRefusedError
        As `annotation_save`: it is somebody else's, lies on another image, or was changed meanwhile.
    """
    study = sent.instance.series.study
    opened = read_opened(study, user)
    finding = finding_named(study, sent.finding, user) if sent.finding is not None else None
    if finding and finding.run.series_id != sent.instance.series_id:
        raise ReviewRefusedError("This finding lies on another series.")
    missed = sent.missed if finding is None and sent.missed != mark else None
    says = Decision.EDIT if finding else Decision.MISSED
    said = Said(says, sent.finding, mark, label_title=sent.label_title, missed=missed)
    if why_not := said.why_not() or _why_not(opened, mark, said, sent):
        raise ReviewRefusedError(why_not)
    now, is_new = annotation_save(
        mark=mark,
        where=OnImage(sent.instance, sent.frame),
        kind=Annotation.Kind.OUTLINE,
        said=_drawn(sent),
        read=read,
        user=user,
        request=request,
    )
    before = _said_before(opened, said)
    told = Review.objects.filter(mark=mark, mark_version=now.version).last()
    if told is None or (read == now.version and told != before):  # else it was sent twice
        said = _with_words(said, before)
        told = review_add(opened, said, finding=finding, mark=now.mark, version=now.version, request=request)
    return Outline(opened, told, now), is_new


@transaction.atomic
def outline_hide(*, mark: UUID, read: int, user: User, request: HttpRequest) -> None:
    """Take an outline away: it is kept, and counts no more. Where it was all that was said, nothing is said any more.

    Raises
    ------
    VerdictRefusedError, webapp.imaging.annotations.services.MarkRefusedError
        As `outline_save`.
    """
    drawn = Annotation.objects.select_related("series__study").get(pk=mark)
    opened = read_opened(drawn.series.study, user)
    gone = annotation_delete(mark=mark, read=read, user=user, request=request)
    last = Review.objects.filter(mark=mark).select_related("finding").last()
    if last is None or last.mark_version == gone.version:
        return
    said = Said(Decision.WITHDRAWN, last.finding_id, mark, missed=last.missed)
    before = _said_before(opened, said)
    others = [one for one in outlines_of([opened]).get(key_of(last), []) if one.mark != drawn]
    if before is not None and before.says == Decision.EDIT and (others or before.label_title):
        said = _with_words(Said(Decision.EDIT, last.finding_id, mark), before)
    elif before is not None and before.says == Decision.MISSED and others:
        said = Said(Decision.MISSED, None, mark, label_title=before.label_title, missed=last.missed)
    elif before is not None and before.mark_version is None:  # something else is said by now: that stays
        return
    review_add(opened, said, finding=last.finding, mark=drawn, version=gone.version, request=request)


def _drawn(sent: Sent) -> Drawn:
    try:
        mask = decode_runs(sent.runs, rows=sent.instance.rows, columns=sent.instance.columns, is_empty=sent.is_empty)
    except MaskError as error:
        raise ReviewRefusedError(str(error)) from None
    return Drawn(edges_of(mask), sent.label_title.strip()[:80], sent.figures, sent.unit, mask=store_mask(mask))


def _said_before(read: Read, said: Said) -> Review | None:
    told = Review.objects.filter(read=read, finding=said.finding)
    return (told.filter(_of_missed(said)) if said.finding is None else told).last()


def _of_missed(said: Said) -> Q:
    """Return how the verdicts are found of what the AI missed, on whichever image."""
    first = said.missed or said.mark
    return Q(mark=first) | Q(missed=first)


def _why_not(read: Read, mark: UUID, said: Said, sent: Sent) -> str:
    """Return in a sentence why an outline does not belong to what it is sent for; "" where it does."""
    last = Review.objects.filter(mark=mark).last()
    if last and key_of(last)[1] != (said.finding or said.missed or mark):
        return "This outline belongs to something else. Draw a new one instead."
    if said.finding is not None:
        return ""
    if sent.is_empty:
        return "Outline what the AI missed where it lies. Other images need no entry."
    here = Review.objects.filter(_of_missed(said), read=read)
    elsewhere = here.exclude(mark__instance__series=sent.instance.series_id).exists()
    return "What the AI missed is outlined on another series. Name it again on this one." if elsewhere else ""


def _with_words(said: Said, before: Review | None) -> Said:
    """Return what is said with the words of the correction before it: drawing takes no word back."""
    if said.label_title.strip() or before is None or before.says != Decision.EDIT:
        return said
    return Said(said.says, said.finding, said.mark, label_title=before.label_title, comment=before.comment)
