"""Saying what one thinks of a finding, committing before the AI is shown, and finishing a read."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.imaging.annotations.models import Annotation
from webapp.imaging.archive.blinding import is_blinded
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.agreement import Tolerance, compared
from webapp.reading.reviews.dice import between_readers_keep, with_ai_keep
from webapp.reading.reviews.models import Comparison, Read, Reason, Review
from webapp.reading.reviews.selectors import accepted, findings_asked, read_of, unsaid
from webapp.reading.worklist.models import ReadingTask
from webapp.reading.worklist.services import settings_of, task_finish, task_pass_on

Decision = Review.Decision


class ReviewRefusedError(Exception):
    """It is not kept; the message is for the one who said it."""


class Then(StrEnum):
    """What becomes of a study whose read is finished."""

    DONE = "done"
    SECOND = "a second reader reads it"
    ADJUDICATOR = "a third reader adjudicates"


NOT_IN_HAND = "This study is not assigned to you (any more). Claim it first: what you entered was not saved."
COMMIT_FIRST = "Your site reads first: commit what you see, then say something of each finding of the AI."
OVER = "Your read is finished; what it says stays as it is. An addendum can be added to the report."


@dataclass(frozen=True)
class Said:
    """What a reader says.

    Attributes
    ----------
    says
        One of `Review.Decision`.
    finding, mark
        Of which finding of the AI; which mark of the reader's shows where it is instead, or what was missed.
    reasons, label_title, comment
        Why (of `Reason`), what it is in the reader's words, and whatever else.
    missed
        Of what was missed and is outlined on several images: the outline that was drawn first.
    """

    says: str
    finding: int | None = None
    mark: UUID | None = None
    reasons: Sequence[str] = ()
    label_title: str = ""
    comment: str = ""
    missed: UUID | None = None

    def why_not(self) -> str:
        """Return in a sentence what is wrong with it, "" where nothing is."""
        label = self.label_title.strip()
        wrong = {
            "Please agree, disagree or correct.": self.says not in Decision.values,
            "One of the reasons is not known.": bool(set(self.reasons) - set(Reason.values)),
            "Please say why you disagree: one reason or more.": self.says == Decision.DISAGREE and not self.reasons,
            "Please say what the AI missed.": self.says == Decision.MISSED and not label,
            "Please say what it is instead, or draw where it is.": self.says == Decision.EDIT
            and not (label or self.mark),
            "Please say of which finding, or mark what was missed.": self.finding is None and self.mark is None,
        }
        return next((sentence for sentence, is_so in wrong.items() if is_so), "")


@transaction.atomic
def review_finding(*, study: Study, user: User, said: Said, request: HttpRequest | None = None) -> Review:
    """Add what a reader says of a finding or of a mark of theirs.

    Raises
    ------
    VerdictRefusedError
        If the study is not in the reader's hands, their read is finished, or what they say is of no use.
    """
    if why_not := said.why_not():
        raise ReviewRefusedError(why_not)
    finding = finding_named(study, said.finding, user) if said.finding is not None else None
    mark = _mark(study, user, said.mark) if said.mark is not None else None
    return review_add(read_opened(study, user), said, finding=finding, mark=mark, request=request)


def review_add(
    read: Read,
    said: Said,
    *,
    finding: Finding | None,
    mark: Annotation | None,
    version: int | None = None,
    request: HttpRequest | None,
) -> Review:
    """Write down what was said in an open read, and in the audit trail; `version` is that of an outline."""
    row = Review.objects.create(
        read=read,
        finding=finding,
        mark=mark,
        mark_version=version,
        missed=said.missed,
        says=said.says,
        reasons=list(dict.fromkeys(said.reasons)),
        label_title=said.label_title.strip()[:80],
        comment=said.comment.strip()[:500],
    )
    what = f"finding {finding.pk}" if finding else f"mark {said.mark}"
    audit_record(
        code=Code.VERDICT_SAID,
        user=read.reader,
        request=request,
        study=read.study_id,
        details=f"{what}: {row.get_says_display()}{f', outline {said.mark} version {version}' if version else ''}",
    )
    return row


@transaction.atomic
def read_commit(
    *, study: Study, user: User, is_abnormal: bool, impression: str, request: HttpRequest | None = None
) -> Read:
    """Keep what a reader thinks before the AI's answer is shown to them, and show it. It is written once.

    Raises
    ------
    VerdictRefusedError
        If the study is not in their hands, or they committed already.
    """
    read = read_opened(study, user)
    now = timezone.now()
    first = Read.objects.filter(pk=read.pk, committed_at=None)
    if not first.update(is_abnormal=is_abnormal, impression=impression.strip()[:1000], committed_at=now):
        raise ReviewRefusedError("Your first impression is kept already; it is not changed any more.")
    audit_record(
        code=Code.READ_COMMITTED,
        user=user,
        request=request,
        study=study.pk,
        details="abnormal" if is_abnormal else "normal",
    )
    return Read.objects.get(pk=read.pk)


@transaction.atomic
def read_finish(*, study: Study, user: User, request: HttpRequest | None = None) -> Then:
    """Finish a reader's read: the study is read, or goes on to a second or third reader.

    Raises
    ------
    VerdictRefusedError
        If the study is not in their hands, or one of two readers has not said something of every finding, which they
        cannot before it is shown to them.
    """
    read = read_opened(study, user)
    task = ReadingTask.objects.select_for_update().get(study=study)
    if task.required_readers > 1 and is_blinded(study=study, user=user):
        raise ReviewRefusedError(COMMIT_FIRST)
    left = unsaid(read)
    if task.required_readers > 1 and left:
        raise ReviewRefusedError(
            f"Two read this study, so each says something of every finding; {len(left)} of yours "
            f"{'is' if len(left) == 1 else 'are'} still open."
        )
    Read.objects.filter(pk=read.pk).update(finished_at=timezone.now())
    with_ai_keep(read, accepted(read))
    then = _then(task, study, read)
    if then == Then.DONE:
        task_finish(task=task, user=user)
    else:
        task_pass_on(task=task, user=user, to_adjudicator=then == Then.ADJUDICATOR)
    audit_record(code=Code.READ_FINISHED, user=user, request=request, study=study.pk, details=f"then: {then}")
    return then


def read_opened(study: Study, user: User) -> Read:
    """Return the reader's unfinished read of a study that is in their hands, begun where there is none.

    Raises
    ------
    VerdictRefusedError
        If it is not in their hands, or their read is finished.
    """
    task = ReadingTask.objects.get(study=study)
    if not task.is_claimed_by(user):
        raise ReviewRefusedError(NOT_IN_HAND)
    read = read_of(study=study, user=user)
    if read is None:
        over = Read.objects.filter(study=study, finished_at__isnull=False).count()
        seat = Read.ReaderRole(min(over + 1, Read.ReaderRole.ADJUDICATOR))
        read, _ = Read.objects.get_or_create(study=study, reader=user, defaults={"seat": seat})
    if read.finished_at:
        raise ReviewRefusedError(OVER)
    return read


def finding_named(study: Study, finding: int, user: User) -> Finding:
    """Return a finding of a study; raises `ReviewRefusedError` where it is another's, or veiled from the reader."""
    found = Finding.objects.filter(pk=finding, run__series__study=study).select_related("run").first()
    if found is None or is_blinded(study=study, user=user):
        raise ReviewRefusedError("This finding is not one of this study.")
    return found


def _then(task: ReadingTask, study: Study, read: Read) -> Then:
    if task.required_readers == 1 or read.seat == Read.ReaderRole.ADJUDICATOR:
        return Then.DONE
    if read.seat == Read.ReaderRole.FIRST:
        return Then.SECOND
    return Then.ADJUDICATOR if _compare(study, second=read).differences else Then.DONE


def _compare(study: Study, *, second: Read) -> Comparison:
    first = Read.objects.get(study=study, seat=Read.ReaderRole.FIRST, finished_at__isnull=False)
    counted = compared(
        asked=findings_asked(study),
        accepted=(accepted(first), accepted(second)),
        tolerance=Tolerance.of(settings_of(study.site_id)),
    )
    between_readers_keep(second, first, counted.of_findings)
    return Comparison.objects.create(study=study, **counted.row())


def _mark(study: Study, user: User, mark: UUID) -> Annotation:
    own = Annotation.objects.filter(pk=mark, series__study=study, author=user)
    found = own.exclude(kind=Annotation.Kind.OUTLINE).first()  # an outline is saved with what it says, see `outlining`
    if found is None:
        raise ReviewRefusedError("This mark is not one of yours on this study, or it is not saved yet.")
    return found
