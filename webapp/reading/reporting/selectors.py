"""Versions, drafts and discrepancies of a study's report, and the state of its editor."""

from dataclasses import dataclass

from django.db.models import QuerySet

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may, visible_studies
from webapp.imaging.archive.blinding import blinded_studies, is_blinded
from webapp.imaging.archive.models import Study
from webapp.reading.reporting.accepted_findings import PrefillLine, accepted_statements, prefill_lines, rejected_lines
from webapp.reading.reporting.models import Discrepancy, Report
from webapp.reading.reporting.prefill import Sections, prefill_sections, study_kind
from webapp.reading.reporting.report_templates import Template, template_for, template_named, templates
from webapp.reading.reviews.models import Read
from webapp.reading.reviews.selectors import may_conclude, read_of
from webapp.reading.worklist.models import ReadingTask

State, Kind = Report.State, Report.Kind
ADDENDUM = "addendum"


def signed_reports(study: Study) -> list[Report]:
    """Return the signed versions of a study's report, the newest first."""
    signed = Report.objects.filter(study=study, state=State.SIGNED).select_related("signature", "study")
    return list(signed.order_by("-number"))


def visible_reports(*, study: Study, user: User) -> list[Report]:
    """Return the signed versions that a user may see: only their own while the AI's answer is blinded from them.

    A colleague's report would reveal the answer.
    """
    return _unblinded(signed_reports(study), user, is_blinded=is_blinded(study=study, user=user))


def _unblinded(signed: list[Report], user: User, *, is_blinded: bool) -> list[Report]:
    return [one for one in signed if not is_blinded or one.author_id == user.pk]


def newest_report(study: Study) -> Report | None:
    """Return the newest signed version."""
    return next(iter(signed_reports(study)), None)


def draft_of(*, study: Study, user: User) -> Report | None:
    """Return a user's draft; nobody else sees it."""
    return Report.objects.filter(study=study, author=user, state=State.DRAFT).first()


@dataclass(frozen=True)
class EditorState:
    """The state of the report editor of one user.

    Attributes
    ----------
    edit, base
        The save count of the draft and the signed version (0: none) that they see; sent back on saving and signing.
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
        """The whole text."""
        return "\n".join([*(section["text"] for section in self.sections), self.free_text])


def load_editor(*, study: Study, user: User) -> EditorState:
    """Return the editor state of a user: their draft, or prefilled sections. Nothing is saved."""
    base, draft, read = newest_report(study), draft_of(study=study, user=user), read_of(study=study, user=user)
    edit, number = draft.edit if draft else 0, (base.number or 0) if base else 0
    if base is not None and base.kind != Kind.PRELIMINARY:
        sections: Sections = [{"key": ADDENDUM, "title": "Addendum", "text": _addendum_text(draft)}]
        return EditorState(template_named(base.template), sections, "", None, edit, number, draft, is_addendum=True)
    begun = draft or base
    if begun is not None:
        template, texts = template_named(begun.template), begun.sections
        return EditorState(template, texts, begun.free_text, begun.is_abnormal, edit, number, draft, is_addendum=False)
    template = template_for(study_kind(study), templates())
    filled = prefill_sections(template, study=study, user=user, read=read)
    first = read.is_abnormal if read else None
    return EditorState(template, filled, "", first, edit, number, draft, is_addendum=False)


def _addendum_text(draft: Report | None) -> str:
    """Return the text of an addendum so far; a draft overtaken by another's final report becomes one."""
    if draft is None:
        return ""
    if draft.kind == Kind.ADDENDUM:
        return str(draft.sections[0]["text"]) if draft.sections else ""
    parts = [f"{section['title']}: {section['text']}" for section in draft.sections if section["text"].strip()]
    return "\n".join([*parts, draft.free_text]).strip()


def missing_lines(*, study: Study, user: User, text: str) -> list[PrefillLine]:
    """Return the lines that a reader accepted or measured and a text lacks."""
    lines = prefill_lines(study=study, user=user, read=read_of(study=study, user=user))
    return [one for one in lines if not one.is_in(text)]


def rejected_lines_in(*, read: Read | None, text: str) -> list[str]:
    """Return the lines of a text about findings that its reader does not (any more) accept."""
    accepted = {one.line for one in accepted_statements(read)}
    text_lines = {line.strip() for line in text.splitlines()}
    return [line for line in rejected_lines(read) if line in text_lines and line not in accepted]


def signable_kinds(*, study: Study, user: User) -> list[str]:
    """Return the kinds of report that a user may sign now, the most final first."""
    if not may(user, Action.READ, study):
        return []
    base, task = newest_report(study), ReadingTask.objects.get(study=study)
    if base is not None and base.kind != Kind.PRELIMINARY:
        return [Kind.ADDENDUM]
    holds = task.is_claimed_by(user)
    read = read_of(study=study, user=user)
    concludes = may_conclude(study=study, user=user) or (holds and not (read and read.finished_at))
    # Where two read blind to each other, nobody's preliminary report may reach the other.
    return [*([Kind.FINAL] if concludes else []), *([Kind.PRELIMINARY] if holds and task.required_readers == 1 else [])]


@dataclass(frozen=True)
class ReportLine:
    """The state of a study's report in one line, for the study page; `is_withheld`: there is one that is blinded."""

    newest: Report | None
    is_withheld: bool
    draft: Report | None
    others_write: bool
    open_discrepancies: int


def report_line(*, study: Study, user: User) -> ReportLine:
    """Return the state of a study's report, as one user may know it."""
    drafts = list(Report.objects.filter(study=study, state=State.DRAFT))
    own = next((draft for draft in drafts if draft.author_id == user.pk), None)
    blinded, signed = is_blinded(study=study, user=user), signed_reports(study)
    visible = _unblinded(signed, user, is_blinded=blinded)
    open_count = 0 if blinded else Discrepancy.objects.filter(study=study, acknowledged_at=None).count()
    others_write = any(draft.author_id != user.pk for draft in drafts)
    return ReportLine(next(iter(visible), None), visible != signed, own, others_write, open_count)


def discrepancies_visible(user: User) -> QuerySet[Discrepancy]:
    """Return the discrepancies of the studies that a user may read, what is open first, the oldest first."""
    if not may(user, Action.READ):
        return Discrepancy.objects.none()
    rows = Discrepancy.objects.filter(study__in=visible_studies(user, Study.objects.all()))
    rows = rows.exclude(study__in=blinded_studies(user))
    rows = rows.select_related("study__patient", "study__site", "report__signature__user", "acknowledged_by")
    return rows.order_by("acknowledged_at", "created_at", "pk")


def may_acknowledge(*, discrepancy: Discrepancy, user: User) -> bool:
    """Say whether a user may acknowledge a discrepancy: adjudicators may, the signer of that report never."""
    return may(user, Action.ADJUDICATE, discrepancy.study) and discrepancy.report.signature.user_id != user.pk
