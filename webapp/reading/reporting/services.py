"""Saving, filling and signing reports, and acknowledging where AI and report differ."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.reauthentication import PasswordRefusedError, password_check
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record
from webapp.foundation.core.refusals import Refusal, RefusalReason
from webapp.imaging.archive.models import Study
from webapp.reading.reporting.accepted_findings import accepted_statements
from webapp.reading.reporting.discrepancies import record_discrepancies
from webapp.reading.reporting.models import Discrepancy, Report, ReportObjects, Signature
from webapp.reading.reporting.prefill import Sections
from webapp.reading.reporting.report_templates import Template, template_named, templates
from webapp.reading.reporting.selectors import (
    ADDENDUM,
    draft_of,
    may_acknowledge,
    missing_lines,
    newest_report,
    rejected_lines_in,
    signable_kinds,
)
from webapp.reading.reporting.signals import report_signed
from webapp.reading.reporting.signing import signature_create
from webapp.reading.reporting.storage import request_report_objects
from webapp.reading.reviews.selectors import may_conclude, read_of
from webapp.reading.reviews.services import NextStep, ReviewRefusedError, read_finish
from webapp.reading.worklist.models import ReadingTask

State, Kind = Report.State, Report.Kind
LONGEST = 20_000
#: What no text holds: characters that neither a database nor a document can keep.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MEANINGS = {
    Kind.PRELIMINARY: "I have read the images; this is my preliminary report.",
    Kind.FINAL: "I have read the images and answer for this report.",
    Kind.ADDENDUM: "I add this to the report and answer for what I add.",
}
NOT_OPEN = {
    Kind.PRELIMINARY: RefusalReason(
        "not-yours-preliminary",
        "A preliminary report is signed by the study's assignee, where there is a single reader.",
    ),
    Kind.FINAL: RefusalReason(
        "not-yours-final", "The final report is signed by the reader who concludes the read. Claim the study first."
    ),
    Kind.ADDENDUM: RefusalReason("no-final-report", "An addendum needs a final report, and there is none yet."),
}
SIGNED_MEANWHILE = RefusalReason(
    "signed-meanwhile", "This report was signed in another window meanwhile. What you typed since was not saved there."
)
NEWER = RefusalReason(
    "newer-version", "A newer version was signed meanwhile. Nothing was signed now; please look at it first."
)
SAYS_NOTHING = RefusalReason("empty-report", "The report is empty: no findings, no impression, no free text.")
SIGNER = RefusalReason("own-report", "You signed this report; someone else must acknowledge its discrepancies.")
NOT_YOURS = RefusalReason("not-adjudicator", "Only adjudicators of this site may acknowledge.")
GONE = RefusalReason("acknowledged-meanwhile", "Someone else has acknowledged this meanwhile.")
NO_HEADER = "The pictures came without a DICOM header, so there is no DICOM study to store objects in."
TOO_LONG = RefusalReason("too-long", f"A section holds at most {LONGEST} characters; nothing was saved.")
DISOWNED = RefusalReason(
    "disowned-line",
    "The report still says “{line}”, which you do not accept. Remove the line, or agree with the finding.",
)
NO_NOTE = RefusalReason("no-note", "Write in a few words what follows from it.")


class ReportRefusedError(Refusal):
    """A report is not saved, or not signed; the message is for its author."""


class ChangedMeanwhileError(ReportRefusedError):
    """The draft is not what the window showed any more; both texts stay."""

    def __init__(self, now: Report) -> None:
        super().__init__(
            RefusalReason(
                "changed-meanwhile",
                "This report was changed in another window. Nothing was overwritten; both texts are shown.",
            )
        )
        self.now = now


@dataclass(frozen=True)
class ReportText:
    """The text of a report as it was typed.

    Attributes
    ----------
    sections
        Key of the section -> text.
    """

    sections: Mapping[str, str] = field(default_factory=dict)
    free_text: str = ""
    is_abnormal: bool | None = None
    template: str = ""

    def problem(self) -> RefusalReason | None:
        """Return what is wrong with it, None where it is valid."""
        is_long = any(len(text) > LONGEST for text in (*self.sections.values(), self.free_text))
        return TOO_LONG if is_long else None


def cleaned(text: str) -> str:
    """Return a text with uniform line ends and without control characters."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


@transaction.atomic
def report_save(*, study: Study, user: User, text: ReportText, edit: int, request: HttpRequest | None = None) -> Report:
    """Save a draft.

    Parameters
    ----------
    edit
        Save count of the draft that the window showed; 0 where it showed none.

    Raises
    ------
    ChangedMeanwhileError
        If another window saved something else since.
    ReportRefusedError
        If the draft is signed by now, or the text is too long.
    """
    if problem := text.problem():
        raise ReportRefusedError(problem)
    base = newest_report(study)
    is_addendum = base is not None and base.kind != Kind.PRELIMINARY
    draft = draft_of(study=study, user=user)
    if draft is None and edit:
        raise ReportRefusedError(SIGNED_MEANWHILE)
    values = _columns(text, draft or base, is_addendum=is_addendum)
    if draft is None:
        draft, is_new = Report.objects.get_or_create(
            study=study, author=user, state=State.DRAFT, defaults={**values, "edit": 1, "updated_at": timezone.now()}
        )
        if is_new:
            audit_record(code=Code.REPORT_BEGUN, user=user, request=request, study=study.pk)
            return draft
    if all(getattr(draft, name) == value for name, value in values.items()):
        return draft
    seen = Report.objects.filter(pk=draft.pk, state=State.DRAFT, edit=edit)
    if not seen.update(**values, edit=F("edit") + 1, updated_at=timezone.now()):
        raise ChangedMeanwhileError(Report.objects.get(pk=draft.pk))
    return Report.objects.get(pk=draft.pk)


def report_fill(
    *, study: Study, user: User, text: ReportText, edit: int, request: HttpRequest | None = None
) -> tuple[Report, int]:
    """Add the missing lines of accepted findings and measurements to a draft; typed text stays.

    Returns
    -------
    tuple of Report and int
        The saved draft, and how many lines were added.

    Raises
    ------
    ReportRefusedError
        As `report_save`.
    """
    template = template_named(text.template)
    key = next((one.key for one in template.sections if one.fill == "findings"), template.sections[0].key)
    written = "\n".join([*text.sections.values(), text.free_text])
    lines = [one.line for one in missing_lines(study=study, user=user, text=written)]
    before = text.sections.get(key, "")
    after = "\n".join([*([before.rstrip()] if before.strip() else []), *lines]) if lines else before
    filled = replace(text, sections={**text.sections, key: after})
    return report_save(study=study, user=user, text=filled, edit=edit, request=request), len(lines)


@dataclass(frozen=True)
class SigningResult:
    """The result of signing: the signed report, or only a finished read, where another reader concludes."""

    report: Report | None
    then: NextStep | None


def report_sign(
    *, study: Study, user: User, kind: str, password: str, text: ReportText, edit: int, base: int, request: HttpRequest
) -> SigningResult:
    """Sign the text of a window, as preliminary or final report or as an addendum.

    What is written is saved first: a wrong password loses nothing. A final report finishes the reader's read in the
    same transaction; where two read and somebody else concludes, that is all it does. The same text sent twice, by
    a second press of a key, is signed once and answered alike.

    Parameters
    ----------
    edit, base
        Save count of the draft, and number of the signed version that the window showed (0: none).

    Raises
    ------
    webapp.foundation.accounts.reauthentication.PasswordRefusedError
        If the password is not theirs.
    ReportRefusedError
        If it is not theirs to sign, says nothing, or changed meanwhile.
    """
    if kind not in Kind.values:
        raise ReportRefusedError(RefusalReason("no-kind", "Choose preliminary or final."))
    if before := _already_signed(study, user, kind, text, base):
        return before
    saved = report_save(study=study, user=user, text=text, edit=edit, request=request)
    try:
        password_check(user=user, password=password, request=request)
    except PasswordRefusedError:
        audit_record(
            code=Code.REPORT_SIGNED, user=user, request=request, study=study.pk, success=False, details="password"
        )
        raise
    with transaction.atomic():
        # One version of a study is signed at a time.
        ReadingTask.objects.select_for_update(of=("self",)).get(study=study)
        if before := _already_signed(study, user, kind, text, base):
            return before
        newest = newest_report(study)
        if (newest.number if newest else 0) != base:
            raise ReportRefusedError(NEWER)
        if kind not in signable_kinds(study=study, user=user):
            raise ReportRefusedError(NOT_OPEN[Kind(kind)])
        _check_text(saved, user)
        then = _finish_read(study, user, request) if kind == Kind.FINAL else None
        if kind == Kind.FINAL and not may_conclude(study=study, user=user):
            return SigningResult(None, then)
        signed = _to_signed_version(saved, Kind(kind), newest)
        signature = signature_create(report=signed, user=user, meaning=MEANINGS[Kind(kind)], at=timezone.now())
        _record_signing(signed, signature, user, request)
    return SigningResult(signed, then)


@transaction.atomic
def discrepancy_acknowledge(*, discrepancy: Discrepancy, user: User, note: str, request: HttpRequest | None) -> None:
    """Acknowledge a discrepancy, with a note.

    Raises
    ------
    ReportRefusedError
        If they signed that report themselves, may not, left no note, or somebody was faster.
    """
    if not may_acknowledge(discrepancy=discrepancy, user=user):
        is_signer = discrepancy.report.signature.user_id == user.pk
        raise ReportRefusedError(SIGNER if is_signer else NOT_YOURS)
    if not note.strip():
        raise ReportRefusedError(NO_NOTE)
    open_discrepancy = Discrepancy.objects.filter(pk=discrepancy.pk, acknowledged_at=None)
    if not open_discrepancy.update(
        acknowledged_by=user, acknowledged_at=timezone.now(), note=cleaned(note).strip()[:500]
    ):
        raise ReportRefusedError(GONE)
    audit_record(
        code=Code.DISCREPANCY_ACKNOWLEDGED,
        user=user,
        request=request,
        study=discrepancy.study_id,
        details=f"discrepancy {discrepancy.pk}: {discrepancy.get_direction_display()}",
    )


def _columns(text: ReportText, before: Report | None, *, is_addendum: bool) -> dict[str, Any]:
    """Return the columns of a report with a text."""
    if is_addendum:
        written = cleaned(text.sections.get(ADDENDUM, ""))
        sections: Sections = [{"key": ADDENDUM, "title": "Addendum", "text": written}]
        template = template_named(before.template if before else "")
        return {
            **_template_columns(template),
            "sections": sections,
            "free_text": "",
            "is_abnormal": None,
            "kind": Kind.ADDENDUM,
        }
    template = template_named(text.template)
    sections = [
        {"key": one.key, "title": one.title, "text": cleaned(text.sections.get(one.key, ""))}
        for one in template.sections
    ]
    # What was written under a heading that this template does not have stays.
    known = {one.key for one in template.sections}
    titles = {one.key: one.title for other in templates() for one in other.sections}
    sections += [
        {"key": key, "title": titles[key], "text": cleaned(written)}
        for key, written in text.sections.items()
        if key not in known and key in titles and written.strip()
    ]
    beside = {"free_text": cleaned(text.free_text), "is_abnormal": text.is_abnormal}
    return {**_template_columns(template), "sections": sections, **beside, "kind": Kind.FINAL}


def _template_columns(template: Template) -> dict[str, str]:
    return {"template": template.name, "template_version": template.version}


def _already_signed(study: Study, user: User, kind: str, text: ReportText, base: int) -> SigningResult | None:
    """Return the result of the same request, where it is a repetition."""
    newest = newest_report(study)
    if newest is None or (newest.number, newest.author_id, newest.kind) != (base + 1, user.pk, kind):
        return None
    if kind == Kind.ADDENDUM:
        is_same = newest.sections[-1]["text"] == cleaned(text.sections.get(ADDENDUM, ""))
    else:
        values = _columns(text, None, is_addendum=False) | {"kind": kind}
        is_same = all(getattr(newest, name) == value for name, value in values.items())
    return SigningResult(newest, NextStep.DONE if kind == Kind.FINAL else None) if is_same else None


def _check_text(draft: Report, user: User) -> None:
    """Refuse a report that is empty, or contains findings that its reader does not accept."""
    parts = [section["text"] for section in draft.sections if section["key"] not in {"question", "technique"}]
    text = "\n".join([*parts, draft.free_text])
    of_prior = {section["text"] for section in draft.sections if section["key"] == "comparison"}
    if not [part for part in (*parts, draft.free_text) if part.strip() and part not in of_prior]:
        raise ReportRefusedError(SAYS_NOTHING)
    if lines := rejected_lines_in(read=read_of(study=draft.study, user=user), text=text):
        raise ReportRefusedError(DISOWNED.filled(line=lines[0]))


def _finish_read(study: Study, user: User, request: HttpRequest) -> NextStep | None:
    """Finish the read of the signer of a final report; None where it is finished already."""
    read, task = read_of(study=study, user=user), ReadingTask.objects.get(study=study)
    if (read and read.finished_at) or not task.is_claimed_by(user):
        return None
    try:
        return read_finish(study=study, user=user, request=request)
    except ReviewRefusedError as refused:
        raise ReportRefusedError(refused.reason) from refused


def _to_signed_version(draft: Report, kind: str, newest: Report | None) -> Report:
    """Turn a draft into the next version; an addendum holds the report that it is added to, word for word."""
    values: dict[str, Any] = {
        "state": State.SIGNED,
        "kind": kind,
        "number": (newest.number or 0) + 1 if newest else 1,
        "supersedes": newest,
    }
    if kind == Kind.ADDENDUM and newest is not None:
        count = 1 + sum(section["key"].startswith(ADDENDUM) for section in newest.sections)
        added = {
            "key": f"{ADDENDUM}-{count}",
            "title": "Addendum" if count == 1 else f"Addendum {count}",
            "text": draft.sections[0]["text"],
        }
        values |= {name: getattr(newest, name) for name in ("free_text", "is_abnormal", "statements", "read")}
        values["sections"] = [*newest.sections, added]
    else:
        read = read_of(study=draft.study, user=draft.author)
        values |= {"read": read, "statements": [one.serialize() for one in accepted_statements(read)]}
    if not Report.objects.filter(pk=draft.pk, state=State.DRAFT, edit=draft.edit).update(**values):
        raise ChangedMeanwhileError(Report.objects.get(pk=draft.pk))
    return Report.objects.select_related("study").get(pk=draft.pk)


def _record_signing(report: Report, signature: Signature, user: User, request: HttpRequest) -> None:
    """Record what follows a signature, in its transaction: discrepancies, requested objects, the signal."""
    if report.kind != Kind.PRELIMINARY:
        record_discrepancies(report)
    if settings.RESULTS:
        if report.study.patient_id is not None:
            request_report_objects(report=report)
        else:
            ReportObjects.objects.create(report=report, state=ReportObjects.State.NONE, reason=NO_HEADER)
    report_signed.send(sender=Report, report=report)
    audit_record(
        code=Code.REPORT_SIGNED,
        user=user,
        request=request,
        study=report.study_id,
        details=f"version {report.number}, {report.kind}, sha256 {signature.digest}",
    )
