"""Reads and reviews in words, as the study page shows them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.accounts.presenters import user_display_name
from webapp.imaging.archive.models import Study
from webapp.reading.reviews.models import Comparison, Read, Reason, Review
from webapp.reading.reviews.selectors import (
    Key,
    Outline,
    current_reviews,
    key_of,
    outlines_of,
    visible_reads,
)
from webapp.reading.worklist.models import ReadingTask

Decision = Review.Decision


@dataclass(frozen=True)
class ReviewView:
    """One review in words."""

    row: Review
    by: str
    outlines: Sequence[Outline] = ()

    @property
    def icon(self) -> str:
        """Name of its icon."""
        return {Decision.AGREE: "read", Decision.DISAGREE: "close", Decision.EDIT: "mark"}.get(
            Decision(self.row.says), "mark"
        )

    @property
    def words(self) -> str:
        """The decision and its reasons."""
        parts = [self._outlined, self.row.label_title, format_reasons(self.row.reasons), self.row.comment]
        words = ": ".join([self.row.get_says_display(), ". ".join(part for part in parts if part)])
        return words.removesuffix(": ")

    @property
    def _outlined(self) -> str:
        """How many outlines were drawn, and how many images have nothing to outline."""
        empty = sum(one.is_empty for one in self.outlines)
        done = "drawn" if self.row.says == Decision.MISSED else "corrected"
        counts = [(f"outline {done}", len(self.outlines) - empty), ("nothing to outline", empty)]
        return ", ".join(f"{words}{f' on {count} images' if count > 1 else ''}" for words, count in counts if count)


@dataclass(frozen=True)
class ReadView:
    """One reader's read in words."""

    row: Read
    by: str
    is_own: bool
    reviews: Mapping[int, ReviewView]
    missed: list[ReviewView]


@dataclass(frozen=True)
class ReadsView:
    """The reads of a study as a user may see them.

    Attributes
    ----------
    own, others
        Their own read, and those of others that they may see (see `visible_reads`).
    may_say
        Whether they may review now. Whether they are the assignee is checked when they do.
    is_blinded
        Whether the AI's answer is still blinded from them.
    """

    task: ReadingTask
    own: ReadView | None
    others: list[ReadView]
    comparison: Comparison | None
    may_say: bool
    is_blinded: bool

    def own_review(self, finding: int) -> ReviewView | None:
        """Return their review of a finding."""
        return self.own.reviews.get(finding) if self.own else None

    @property
    def outlined(self) -> list[tuple[str, Outline]]:
        """Every outline that they may see, with the name of its reader."""
        reads = [*([self.own] if self.own else []), *self.others]
        reviews = [(read.by, one) for read in reads for one in (*read.reviews.values(), *read.missed)]
        return [(by, outline) for by, one in reviews for outline in one.outlines]

    def reviews_by_others(self, finding: int) -> list[ReviewView]:
        """Return the reviews of a finding by others."""
        return [read.reviews[finding] for read in self.others if finding in read.reviews]


def load_reads(*, study: Study, user: User) -> ReadsView:
    """Return the reads of a study as a user may see them."""
    task = study.task
    seen = visible_reads(study=study, user=user)
    outlines = outlines_of(seen.reads)
    views = [_read_view(read, outlines, is_own=read.reader_id == user.pk) for read in seen.reads]
    own = next((read for read in views if read.is_own), None)
    is_anothers = task.is_claimed and not task.is_claimed_by(user)
    is_open = task.state != ReadingTask.State.DONE and not is_anothers and (own is None or own.row.finished_at is None)
    others = [one for one in views if not one.is_own]
    return ReadsView(
        task=task,
        own=own,
        others=others,
        comparison=Comparison.objects.filter(study=study).first() if others else None,
        may_say=is_open and may(user, Action.READ, study),
        is_blinded=seen.is_blinded,
    )


def _read_view(read: Read, outlines: Mapping[Key, Sequence[Outline]], *, is_own: bool) -> ReadView:
    by = "You" if is_own else user_display_name(read.reader)
    reviews = [ReviewView(row, by, outlines.get(key_of(row), ())) for row in current_reviews(read)]
    return ReadView(
        row=read,
        by=by,
        is_own=is_own,
        reviews={one.row.finding_id: one for one in reviews if one.row.finding_id},
        missed=[one for one in reviews if not one.row.finding_id],
    )


def format_reasons(reasons: Iterable[str]) -> str:
    """Return reasons in words."""
    return ", ".join(Reason(reason).label for reason in reasons)
