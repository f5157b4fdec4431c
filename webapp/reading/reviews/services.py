"""Adding reviews, committing a first impression before the AI is shown, and finishing a read."""

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
from webapp.foundation.core.refusals import Refusal, RefusalReason
from webapp.imaging.annotations.models import Annotation
from webapp.imaging.archive.blinding import is_blinded
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.agreement import (
    Tolerance,
    compare_reads,
    store_overlap_between_readers,
    store_overlap_with_ai,
)
from webapp.reading.reviews.models import Comparison, Read, Reason, Review
from webapp.reading.reviews.selectors import accepted, findings_to_review, findings_without_review, read_of
from webapp.reading.worklist.models import ReadingTask
from webapp.reading.worklist.services import settings_of, task_finish, task_pass_on

Decision = Review.Decision


class ReviewRefusedError(Refusal):
    """A review is refused; the message is for its reader."""


class NextStep(StrEnum):
    """What follows a finished read of a study."""

    DONE = "done"
    SECOND = "a second reader reads it"
    ADJUDICATOR = "a third reader adjudicates"


NOT_ASSIGNED = RefusalReason(
    "not-assigned", "This study is not, or no longer, assigned to you. Claim it first: what you entered was not saved."
)
COMMIT_FIRST = RefusalReason("commit-first", "Your site reads first: commit your read, then review each AI finding.")
OVER = RefusalReason(
    "read-finished", "Your read is finished and can no longer be changed. An addendum can be added to the report."
)
OPEN_FINDINGS = RefusalReason(
    "findings-open", "This study has two readers, so each reviews every finding; {left} of yours {are} still open."
)
NO_DECISION = RefusalReason("no-decision", "Agree, disagree or correct.")
UNKNOWN_REASON = RefusalReason("unknown-reason", "One of the reasons is unknown.")
NO_REASON = RefusalReason("no-reason", "Choose at least one reason for disagreeing.")
NO_LABEL = RefusalReason("no-label", "Name what the AI missed.")
NO_CORRECTION = RefusalReason("no-correction", "Enter what it is instead, or draw where it is.")
NO_FINDING = RefusalReason("no-finding", "Choose the finding, or mark what was missed.")


@dataclass(frozen=True)
class ReviewInput:
    """A review as a reader enters it.

    Attributes
    ----------
    says
        One of `Review.Decision`.
    finding, mark
        Of which finding of the AI; which mark of the reader's shows where it is instead, or what was missed.
    reasons, label_title, comment
        Why (of `Reason`), what it is in the reader's words, and whatever else.
    missed_group
        Of what was missed and is outlined on several images: the outline that was drawn first.
    """

    says: str
    finding: int | None = None
    mark: UUID | None = None
    reasons: Sequence[str] = ()
    label_title: str = ""
    comment: str = ""
    missed_group: UUID | None = None

    def problem(self) -> RefusalReason | None:
        """Return what is wrong with it, None where it is valid."""
        label = self.label_title.strip()
        wrong = {
            NO_DECISION: self.says not in Decision.values,
            UNKNOWN_REASON: bool(set(self.reasons) - set(Reason.values)),
            NO_REASON: self.says == Decision.DISAGREE and not self.reasons,
            NO_LABEL: self.says == Decision.MISSED and not label,
            NO_CORRECTION: self.says == Decision.EDIT and not (label or self.mark),
            NO_FINDING: self.finding is None and self.mark is None,
        }
        return next((reason for reason, is_so in wrong.items() if is_so), None)


@transaction.atomic
def review_finding(*, study: Study, user: User, review: ReviewInput, request: HttpRequest | None = None) -> Review:
    """Add a reader's review of a finding, or of an annotation of what the AI missed.

    Raises
    ------
    ReviewRefusedError
        If the reader is not the assignee, their read is finished, or the review is invalid.
    """
    if problem := review.problem():
        raise ReviewRefusedError(problem)
    finding = finding_named(study, review.finding, user) if review.finding is not None else None
    mark = _own_annotation(study, user, review.mark) if review.mark is not None else None
    return review_add(unfinished_read(study, user), review, finding=finding, mark=mark, request=request)


def review_add(
    read: Read,
    review: ReviewInput,
    *,
    finding: Finding | None,
    mark: Annotation | None,
    version: int | None = None,
    request: HttpRequest | None,
) -> Review:
    """Add a review to an unfinished read, and to the audit trail; `version` is that of an outline."""
    row = Review.objects.create(
        read=read,
        finding=finding,
        mark=mark,
        mark_version=version,
        missed_group=review.missed_group,
        says=review.says,
        reasons=list(dict.fromkeys(review.reasons)),
        label_title=review.label_title.strip()[:80],
        comment=review.comment.strip()[:500],
    )
    what = f"finding {finding.pk}" if finding else f"mark {review.mark}"
    audit_record(
        code=Code.VERDICT_SAID,
        user=read.reader,
        request=request,
        study=read.study_id,
        details=f"{what}: {row.get_says_display()}{f', outline {review.mark} version {version}' if version else ''}",
    )
    return row


@transaction.atomic
def read_commit(
    *, study: Study, user: User, is_abnormal: bool, impression: str, request: HttpRequest | None = None
) -> Read:
    """Commit a reader's first impression, which reveals the AI's answer to them. It is written once.

    Raises
    ------
    ReviewRefusedError
        If they are not the assignee, or committed already.
    """
    read = unfinished_read(study, user)
    now = timezone.now()
    first = Read.objects.filter(pk=read.pk, committed_at=None)
    if not first.update(is_abnormal=is_abnormal, impression=impression.strip()[:1000], committed_at=now):
        raise ReviewRefusedError(
            RefusalReason(
                "committed-already", "Your first impression is already committed and can no longer be changed."
            )
        )
    audit_record(
        code=Code.READ_COMMITTED,
        user=user,
        request=request,
        study=study.pk,
        details="abnormal" if is_abnormal else "normal",
    )
    return Read.objects.get(pk=read.pk)


@transaction.atomic
def read_finish(*, study: Study, user: User, request: HttpRequest | None = None) -> NextStep:
    """Finish a reader's read: the study is read, or goes on to a second or third reader.

    Raises
    ------
    ReviewRefusedError
        If they are not the assignee, or one of two readers has not reviewed every finding, which they cannot before
        the AI's answer is shown to them.
    """
    read = unfinished_read(study, user)
    task = ReadingTask.objects.select_for_update().get(study=study)
    if task.required_readers > 1 and is_blinded(study=study, user=user):
        raise ReviewRefusedError(COMMIT_FIRST)
    open_findings = findings_without_review(read)
    if task.required_readers > 1 and open_findings:
        count = len(open_findings)
        raise ReviewRefusedError(OPEN_FINDINGS.filled(left=count, are="is" if count == 1 else "are"))
    Read.objects.filter(pk=read.pk).update(finished_at=timezone.now())
    store_overlap_with_ai(read, accepted(read))
    then = _next_step(task, study, read)
    if then == NextStep.DONE:
        task_finish(task=task, user=user)
    else:
        task_pass_on(task=task, user=user, to_adjudicator=then == NextStep.ADJUDICATOR)
    audit_record(code=Code.READ_FINISHED, user=user, request=request, study=study.pk, details=f"then: {then}")
    return then


def unfinished_read(study: Study, user: User) -> Read:
    """Return the unfinished read of a study by its assignee; create it where there is none.

    Raises
    ------
    ReviewRefusedError
        If they are not the assignee, or their read is finished.
    """
    task = ReadingTask.objects.get(study=study)
    if not task.is_claimed_by(user):
        raise ReviewRefusedError(NOT_ASSIGNED)
    read = read_of(study=study, user=user)
    if read is None:
        over = Read.objects.filter(study=study, finished_at__isnull=False).count()
        role = Read.ReaderRole(min(over + 1, Read.ReaderRole.ADJUDICATOR))
        read, _ = Read.objects.get_or_create(study=study, reader=user, defaults={"role": role})
    if read.finished_at:
        raise ReviewRefusedError(OVER)
    return read


def finding_named(study: Study, finding: int, user: User) -> Finding:
    """Return a finding of a study; raises `ReviewRefusedError` where it is another's, or blinded from the reader."""
    found = Finding.objects.filter(pk=finding, run__series__study=study).select_related("run").first()
    if found is None or is_blinded(study=study, user=user):
        raise ReviewRefusedError(RefusalReason("no-such-finding", "This finding does not belong to this study."))
    return found


def _next_step(task: ReadingTask, study: Study, read: Read) -> NextStep:
    if task.required_readers == 1 or read.role == Read.ReaderRole.ADJUDICATOR:
        return NextStep.DONE
    if read.role == Read.ReaderRole.FIRST:
        return NextStep.SECOND
    return NextStep.ADJUDICATOR if _compare(study, second=read).differences else NextStep.DONE


def _compare(study: Study, *, second: Read) -> Comparison:
    first = Read.objects.get(study=study, role=Read.ReaderRole.FIRST, finished_at__isnull=False)
    counted = compare_reads(
        findings=findings_to_review(study),
        accepted=(accepted(first), accepted(second)),
        tolerance=Tolerance.of(settings_of(study.site_id)),
    )
    store_overlap_between_readers(second, first, counted.finding_overlaps)
    return Comparison.objects.create(study=study, **counted.row())


def _own_annotation(study: Study, user: User, mark: UUID) -> Annotation:
    own = Annotation.objects.filter(pk=mark, series__study=study, author=user)
    found = own.exclude(
        kind=Annotation.Kind.OUTLINE
    ).first()  # an outline is saved with its review, see `segmentation_services`
    if found is None:
        raise ReviewRefusedError(
            RefusalReason("no-such-annotation", "This annotation is not yours, not on this study, or not saved yet.")
        )
    return found
