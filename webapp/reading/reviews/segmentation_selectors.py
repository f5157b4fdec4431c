"""Which outlines of readers count: read out of what they said, verdict after verdict.

An outline belongs to the verdict that it was drawn for, in the version that was drawn then; what is drawn later is a
verdict of its own. A finding has one outline on each image that its reader corrected; on the others the AI's stands.
What the AI missed has one on each image, too, and is known by the one that was drawn first. An outline of a finding may
be empty: the reader says that nothing of it lies on that image, which is another thing than to draw nothing there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from webapp.imaging.annotations.masks import Mask, mask_read
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.dicom_objects.finding_annotations import Place, marks_of, place_of
from webapp.imaging.dicom_objects.finding_annotations import mask_read as drawn_read
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.models import Read, Review

Decision = Review.Decision
DRAWN = frozenset({Decision.EDIT, Decision.MISSED})
#: The read, and what is outlined in it: a finding by its number, what the AI missed by the mark that showed it first.
Key = tuple[int, object]


@dataclass(frozen=True)
class Outline:
    """One reader's outline of one thing on one image."""

    read: Read
    verdict: Review
    version: AnnotationVersion

    @property
    def mark(self) -> Annotation:
        """The mark that it is a version of."""
        return self.version.mark

    @property
    def place(self) -> Place:
        """The image that it lies on."""
        return self.mark.place

    @property
    def is_empty(self) -> bool:
        """Whether it says that nothing lies there."""
        return self.version.is_empty


def key_of(verdict: Review) -> Key:
    """Return what a verdict is about."""
    return verdict.read_id, verdict.finding_id or verdict.missed or verdict.mark_id


def outlines_of(reads: Collection[Read], *, before: Review | None = None) -> Mapping[Key, list[Outline]]:
    """Return the outlines that count in some reads, the oldest first: two queries, however many there are.

    Or that counted before something was said.
    """
    by_pk = {read.pk: read for read in reads}
    verdicts = Review.objects.filter(read__in=by_pk).order_by("pk")
    told = list(verdicts.filter(pk__lt=before.pk) if before else verdicts)
    marks = {one.mark_id for one in told if one.mark_version is not None}
    if not marks:
        return {}
    versions = AnnotationVersion.objects.filter(mark__in=marks).select_related("mark__instance", "mark__author")
    named: dict[tuple[UUID | None, int], AnnotationVersion] = {
        (version.mark_id, version.version): version for version in versions
    }
    held: defaultdict[Key, dict[Place, Outline]] = defaultdict(dict)
    for verdict in told:
        _heard(held[key_of(verdict)], verdict, by_pk[verdict.read_id], named)
    return {key: list(outlines.values()) for key, outlines in held.items() if outlines}


def _heard(
    held: dict[Place, Outline], verdict: Review, read: Read, named: Mapping[tuple[UUID | None, int], AnnotationVersion]
) -> None:
    """Take in one verdict: another outline, none any more, or a word that leaves outlines where they are."""
    if verdict.mark_version is None:
        if verdict.says not in DRAWN or verdict.mark_id:  # agreed, disagreed, taken back; or a box says where
            held.clear()
        return
    outline = Outline(read, verdict, named[verdict.mark_id, verdict.mark_version])
    held.pop(outline.place, None)
    if verdict.says in DRAWN and not outline.version.is_deleted:
        held[outline.place] = outline


def is_instead(one: Outline) -> bool:
    """Say whether an outline took the place of another one of its reader, which another window drew meanwhile."""
    held = outlines_of([one.read], before=one.verdict).get(key_of(one.verdict), [])
    return any(other.place == one.place and other.mark != one.mark for other in held)


def newest_of(outlines: Iterable[Outline]) -> AnnotationVersion | None:
    """Return the outline that was drawn last, those left out that say that nothing lies there."""
    last = max((one for one in outlines if not one.is_empty), key=lambda one: one.verdict.pk, default=None)
    return last.version if last else None


def is_nowhere(finding: Finding | None, outlines: Sequence[Outline]) -> bool:
    """Say whether a reader says of every image on which something was seen that nothing lies there."""
    here = {one.place for one in outlines if one.is_empty}
    if finding is None or not here or len(here) < len(outlines):
        return False
    return {place_of(mark) for mark in marks_of(finding)} <= here


def masks_of(finding: Finding | None, outlines: Iterable[Outline]) -> dict[Place, Mask]:
    """Return where something lies, by image: as the AI outlined it, and as the reader did where they did.

    Raises
    ------
    webapp.imaging.annotations.masks.MaskError
        If an outline is not where it was kept.
    """
    theirs = [mark for mark in marks_of(finding) if mark.mask] if finding else []
    drawn = {one.place: one.version.mask for one in outlines}
    run = finding.run if finding else None
    masks = {place_of(mark): drawn_read(run, mark.mask) for mark in theirs if run and place_of(mark) not in drawn}
    return masks | {place: mask_read(digest) for place, digest in drawn.items()}
