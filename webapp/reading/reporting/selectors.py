"""What there is of a study's report, and what a form shows of it."""

from dataclasses import dataclass

from django.db.models import QuerySet

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may, visible_studies
from webapp.imaging.archive.blinding import blinded_studies, is_blinded
from webapp.imaging.archive.models import Study
from webapp.reading.reporting.accepted_findings import Filled, lines_refused, prefill_lines, statements_of
from webapp.reading.reporting.models import Discrepancy, Report
from webapp.reading.reporting.prefill import Sections, kind_of, prefill_sections
from webapp.reading.reporting.report_templates import Template, template_for, template_named, templates
from webapp.reading.reviews.models import Read
from webapp.reading.reviews.selectors import may_conclude, read_of
from webapp.reading.worklist.models import ReadingTask

State, Kind = Report.State, Report.Kind
ADDENDUM = "addendum"


def reports_signed(study: Study) -> list[Report]:
    """Return the signed versions of a study's report, the newest first."""
    signed = Report.objects.filter(study=study, state=State.SIGNED).select_related("signature", "study")
    return list(signed.order_by("-number"))


def reports_shown(*, study: Study, user: User) -> list[Report]:
    """Return those that a user may see: while the AI's answer is veiled from them, what they signed themselves.

    What colleagues signed meanwhile tells of the answer, and of what they made of it.
    """
    return _unveiled(reports_signed(study), user, is_blinded=is_blinded(study=study, user=user))


def _unveiled(signed: list[Report], user: User, *, is_blinded: bool) -> list[Report]:
    return [one for one in signed if not is_blinded or one.author_id == user.pk]


def report_newest(study: Study) -> Report | None:
    """Return the signed version that counts now."""
    return next(iter(reports_signed(study)), None)


def draft_of(*, study: Study, user: User) -> Report | None:
    """Return what somebody is writing; nobody else sees it."""
    return Report.objects.filter(study=study, author=user, state=State.DRAFT).first()


@dataclass(frozen=True)
class Form:
    """What somebody has before them to write in.

    Attributes
    ----------
    edit, base
        Which saving of their draft, and which signed version (0: none) they see: told again when it is saved or signed.
    """

    template: Template
    sections: Sections
    free_text: str
    is_abnormal: bool | None
    edit: int
    base: int
    draft: Report | None
    is_addendum: bool

    @property
    def text(self) -> str:
        """All that it says."""
        return "\n".join([*(section["text"] for section in self.sections), self.free_text])


def form_of(*, study: Study, user: User) -> Form:
    """Return what a user goes on writing, or begins with; nothing is written by it."""
    base, draft, read = report_newest(study), draft_of(study=study, user=user), read_of(study=study, user=user)
    edit, number = draft.edit if draft else 0, (base.number or 0) if base else 0
    if base is not None and base.kind != Kind.PRELIMINARY:
        sections: Sections = [{"key": ADDENDUM, "title": "Addendum", "text": _addendum_text(draft)}]
        return Form(template_named(base.template), sections, "", None, edit, number, draft, is_addendum=True)
    begun = draft or base
    if begun is not None:
        template, texts = template_named(begun.template), begun.sections
        return Form(template, texts, begun.free_text, begun.is_abnormal, edit, number, draft, is_addendum=False)
    template = template_for(kind_of(study), templates())
    filled = prefill_sections(template, study=study, user=user, read=read)
    first = read.is_abnormal if read else None
    return Form(template, filled, "", first, edit, number, draft, is_addendum=False)


def _addendum_text(draft: Report | None) -> str:
    """Return what an addendum says so far; a draft that somebody else's final report overtook goes on as one."""
    if draft is None:
        return ""
    if draft.kind == Kind.ADDENDUM:
        return str(draft.sections[0]["text"]) if draft.sections else ""
    parts = [f"{section['title']}: {section['text']}" for section in draft.sections if section["text"].strip()]
    return "\n".join([*parts, draft.free_text]).strip()


def lines_missing(*, study: Study, user: User, text: str) -> list[Filled]:
    """Return what a reader accepted or measured and a text does not say yet."""
    lines = prefill_lines(study=study, user=user, read=read_of(study=study, user=user))
    return [one for one in lines if not one.is_in(text)]


def lines_disowned(*, read: Read | None, text: str) -> list[str]:
    """Return the lines of a text that tell of findings which its reader does not accept (any more)."""
    kept = {one.line for one in statements_of(read)}
    stands = {line.strip() for line in text.splitlines()}
    return [line for line in lines_refused(read) if line in stands and line not in kept]


def kinds_open(*, study: Study, user: User) -> list[str]:
    """Return as what a user may sign now, the most final first."""
    if not may(user, Action.READ, study):
        return []
    base, task = report_newest(study), ReadingTask.objects.get(study=study)
    if base is not None and base.kind != Kind.PRELIMINARY:
        return [Kind.ADDENDUM]
    holds = task.is_claimed_by(user)
    read = read_of(study=study, user=user)
    concludes = may_conclude(study=study, user=user) or (holds and not (read and read.finished_at))
    # Where two read blind to each other, nobody's preliminary report may reach the other.
    return [*([Kind.FINAL] if concludes else []), *([Kind.PRELIMINARY] if holds and task.required_readers == 1 else [])]


@dataclass(frozen=True)
class Line:
    """The state of a study's report in one line, for the study page; `is_kept`: there is one that is veiled."""

    newest: Report | None
    is_kept: bool
    draft: Report | None
    others_write: bool
    open_discrepancies: int


def report_line(*, study: Study, user: User) -> Line:
    """Return how far a study's report is, as one user may know it."""
    drafts = list(Report.objects.filter(study=study, state=State.DRAFT))
    own = next((draft for draft in drafts if draft.author_id == user.pk), None)
    veiled, signed = is_blinded(study=study, user=user), reports_signed(study)
    shown = _unveiled(signed, user, is_blinded=veiled)
    left = 0 if veiled else Discrepancy.objects.filter(study=study, acknowledged_at=None).count()
    others_write = any(draft.author_id != user.pk for draft in drafts)
    return Line(next(iter(shown), None), shown != signed, own, others_write, left)


def discrepancies_visible(user: User) -> QuerySet[Discrepancy]:
    """Return the discrepancies of the studies that a user may read, what is open first, the oldest first."""
    if not may(user, Action.READ):
        return Discrepancy.objects.none()
    rows = Discrepancy.objects.filter(study__in=visible_studies(user, Study.objects.all()))
    rows = rows.exclude(study__in=blinded_studies(user))
    rows = rows.select_related("study__patient", "study__site", "report__signature__user", "acknowledged_by")
    return rows.order_by("acknowledged_at", "created_at", "pk")


def may_acknowledge(*, discrepancy: Discrepancy, user: User) -> bool:
    """Say whether somebody may close a discrepancy: who adjudicates, and never who signed that report."""
    return may(user, Action.ADJUDICATE, discrepancy.study) and discrepancy.report.signature.user_id != user.pk
