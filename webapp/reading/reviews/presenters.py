"""What the study page shows of reads and verdicts, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.accounts.presenters import user_display_name
from webapp.imaging.archive.models import Study
from webapp.reading.reviews.models import Comparison, Read, Review
from webapp.reading.reviews.segmentation_selectors import Key, Outline, key_of, outlines_of
from webapp.reading.reviews.selectors import current_reviews, format_reasons, reads_seen
from webapp.reading.worklist.models import ReadingTask

Decision = Review.Decision


@dataclass(frozen=True)
class SaidShown:
    """One verdict in words."""

    row: Review
    by: str
    outlines: Sequence[Outline] = ()

    @property
    def icon(self) -> str:
        """Its shape."""
        return {Decision.AGREE: "read", Decision.DISAGREE: "close", Decision.EDIT: "mark"}.get(
            Decision(self.row.says), "mark"
        )

    @property
    def words(self) -> str:
        """What was said, and why."""
        parts = [self._outlined, self.row.label_title, format_reasons(self.row.reasons), self.row.comment]
        told = ": ".join([self.row.get_says_display(), ". ".join(part for part in parts if part)])
        return told.removesuffix(": ")

    @property
    def _outlined(self) -> str:
        """That an outline was drawn, or that nothing is to be outlined; on how many images, where on several."""
        empty = sum(one.is_empty for one in self.outlines)
        done = "drawn" if self.row.says == Decision.MISSED else "corrected"
        told = [(f"outline {done}", len(self.outlines) - empty), ("nothing to outline", empty)]
        return ", ".join(f"{words}{f' on {count} images' if count > 1 else ''}" for words, count in told if count)


@dataclass(frozen=True)
class ReadShown:
    """One reader's read in words."""

    row: Read
    by: str
    is_own: bool
    said: Mapping[int, SaidShown]
    missed: list[SaidShown]


@dataclass(frozen=True)
class ReadsShown:
    """Where the reading of a study stands for one who looks.

    Attributes
    ----------
    own, others
        Their own read, and those of others that they may see (see `reads_seen`).
    may_say
        Whether they may say something now. Whether they hold the study is asked when they do.
    is_blinded
        Whether the AI's answer is still kept from them.
    """

    task: ReadingTask
    own: ReadShown | None
    others: list[ReadShown]
    comparison: Comparison | None
    may_say: bool
    is_blinded: bool

    def said_of(self, finding: int) -> SaidShown | None:
        """Return what they said of a finding."""
        return self.own.said.get(finding) if self.own else None

    @property
    def outlined(self) -> list[tuple[str, Outline]]:
        """Every outline that they may see, with who drew it."""
        reads = [*([self.own] if self.own else []), *self.others]
        said = [(read.by, one) for read in reads for one in (*read.said.values(), *read.missed)]
        return [(by, outline) for by, one in said for outline in one.outlines]

    def said_by_others(self, finding: int) -> list[SaidShown]:
        """Return what others said of it."""
        return [read.said[finding] for read in self.others if finding in read.said]


def reads_read(*, study: Study, user: User) -> ReadsShown:
    """Return where the reading of a study stands for a user."""
    task = study.task
    seen = reads_seen(study=study, user=user)
    outlines = outlines_of(seen.reads)
    shown = [_shown(read, outlines, is_own=read.reader_id == user.pk) for read in seen.reads]
    own = next((read for read in shown if read.is_own), None)
    is_anothers = task.is_claimed and not task.is_claimed_by(user)
    is_open = task.state != ReadingTask.State.DONE and not is_anothers and (own is None or own.row.finished_at is None)
    others = [one for one in shown if not one.is_own]
    return ReadsShown(
        task=task,
        own=own,
        others=others,
        comparison=Comparison.objects.filter(study=study).first() if others else None,
        may_say=is_open and may(user, Action.READ, study),
        is_blinded=seen.is_blinded,
    )


def _shown(read: Read, outlines: Mapping[Key, Sequence[Outline]], *, is_own: bool) -> ReadShown:
    by = "You" if is_own else user_display_name(read.reader)
    said = [SaidShown(row, by, outlines.get(key_of(row), ())) for row in current_reviews(read)]
    return ReadShown(
        row=read,
        by=by,
        is_own=is_own,
        said={one.row.finding_id: one for one in said if one.row.finding_id},
        missed=[one for one in said if not one.row.finding_id],
    )
