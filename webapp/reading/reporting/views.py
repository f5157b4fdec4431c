"""The report of a study: written, signed, read, verified; and the queue of discrepancies."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from webapp.foundation.accounts.access import current_user, requires
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.accounts.reauthentication import PasswordRefusedError
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record, study_view_record, worklist_view_record
from webapp.foundation.core.refusals import RefusalReason, show_refusal
from webapp.foundation.core.request_params import int_param
from webapp.imaging.archive.access import check_answer_visible, check_study_access, deny_blinded, open_study
from webapp.imaging.archive.models import Study
from webapp.imaging.archive.presenters import person_of
from webapp.reading.reporting.models import Discrepancy, Report
from webapp.reading.reporting.report_templates import template_named, templates
from webapp.reading.reporting.selectors import (
    EditorState,
    discrepancies_visible,
    draft_of,
    load_editor,
    may_acknowledge,
    missing_lines,
    rejected_lines_in,
    signable_kinds,
    signed_reports,
    visible_reports,
)
from webapp.reading.reporting.services import (
    MEANINGS,
    ChangedMeanwhileError,
    ReportRefusedError,
    ReportText,
    discrepancy_acknowledge,
    report_fill,
    report_save,
    report_sign,
)
from webapp.reading.reporting.signing import images_of, signature_verify
from webapp.reading.reviews.selectors import read_of
from webapp.reading.reviews.services import NextStep
from webapp.reading.worklist.views import open_next_case

PER_PAGE = 50
NO_NUMBERS = RefusalReason(
    "page-incomplete", "This page is incomplete. Please reload it: what you typed is kept in this browser."
)
READ_DONE = "Your read is finished: {then}. Your report is kept as a draft; the reader who concludes signs it."
#: Values of the radio buttons that say what a report comes to.
ABNORMAL = {"yes": True, "no": False}
LATEST = 1_000_000_000


@require_GET
def report(request: HttpRequest, study: UUID) -> HttpResponse:
    """Show a study's report: the editor to those who may write, signed versions to all who may see the study."""
    opened = open_study(request=request, study=study)
    study_view_record(user=current_user(request), request=request, study=opened.pk)
    return _page(request, opened)


@require_GET
def report_version(request: HttpRequest, study: UUID, number: int) -> HttpResponse:
    """Show one signed version; a superseded one says so."""
    opened = open_study(request=request, study=study)
    study_view_record(user=current_user(request), request=request, study=opened.pk)
    return render(
        request, "reporting/version.html", _version_context(request, opened, _get_version(request, opened, number))
    )


@require_GET
def report_pdf(request: HttpRequest, study: UUID, number: int) -> HttpResponse:
    """Hand a signed version out as PDF; written down in the audit trail before it leaves."""
    from webapp.reading.reporting.pdf import render_pdf  # noqa: PLC0415 - the library is large, and few requests ask for it

    opened = open_study(request=request, study=study)
    found = _get_version(request, opened, number)
    audit_record(
        code=Code.REPORT_FETCHED,
        user=current_user(request),
        request=request,
        study=opened.pk,
        details=f"version {number}",
    )
    is_superseded = found.number != signed_reports(opened)[0].number
    answer = HttpResponse(render_pdf(found, is_superseded=is_superseded), content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="report-{str(opened.pk)[:8]}-{number}.pdf"'
    return answer


@require_POST
def verify(request: HttpRequest, study: UUID, number: int) -> HttpResponse:
    """Recompute a signature's digests and say in words whether it holds."""
    opened = open_study(request=request, study=study)
    verified = signature_verify(_get_version(request, opened, number).signature)
    audit_record(
        code=Code.REPORT_VERIFIED,
        user=current_user(request),
        request=request,
        study=opened.pk,
        success=verified.holds,
        details=f"version {number}",
    )
    return render(request, "reporting/verified.html", {"verified": verified})


@require_POST
def save(request: HttpRequest, study: UUID) -> HttpResponse:
    """Save the draft while it is typed."""
    opened = open_study(request=request, study=study, act=Action.READ)
    edit = int_param(request.POST.get("edit", ""))
    if edit is None:
        return render(request, "reporting/saved.html", {"refused": NO_NUMBERS}, status=400)
    text = parse_text(request.POST)
    try:
        draft = report_save(study=opened, user=current_user(request), text=text, edit=edit, request=request)
    except ReportRefusedError as refused:
        return _refusal(request, refused, text)
    answer = render(request, "reporting/saved.html", {"draft": draft, "is_swapped": True})
    if text.template and draft.template != request.POST.get("shown", draft.template):
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_POST
def fill(request: HttpRequest, study: UUID) -> HttpResponse:
    """Add the missing lines of accepted findings and measurements; typed text stays."""
    opened = open_study(request=request, study=study, act=Action.READ)
    edit, user = int_param(request.POST.get("edit", "")), current_user(request)
    if edit is None:
        return render(request, "reporting/saved.html", {"refused": NO_NUMBERS}, status=400)
    text = parse_text(request.POST)
    try:
        draft, count = report_fill(study=opened, user=user, text=text, edit=edit, request=request)
    except ReportRefusedError as refused:
        return _refusal(request, refused, text)
    form = load_editor(study=opened, user=user)
    return render(
        request, "reporting/filled.html", {**_editor_context(opened, form, user), "draft": draft, "count": count}
    )


@require_POST
def sign(request: HttpRequest, study: UUID) -> HttpResponse:
    """Sign what the page shows, and open the next case after a final report."""
    opened = open_study(request=request, study=study, act=Action.READ)
    edit, base = (int_param(request.POST.get(name, "")) for name in ("edit", "base"))
    text = parse_text(request.POST)
    if edit is None or base is None:
        return _page(request, opened, refused=NO_NUMBERS, status=400)
    kind = request.POST.get("kind", "")
    try:
        signed = report_sign(
            study=opened,
            user=current_user(request),
            kind=kind,
            password=request.POST.get("password", ""),
            text=text,
            edit=edit,
            base=base,
            request=request,
        )
    except (ReportRefusedError, PasswordRefusedError) as refused:
        conflict = refused.now if isinstance(refused, ChangedMeanwhileError) else None
        return _page(request, opened, refused=refused.reason, typed=text if conflict else None, kind=kind, status=400)
    if signed.report is None:
        messages.info(request, READ_DONE.format(then=signed.then))
        return open_next_case(request)
    confirmation = f"{signed.report.get_kind_display()} report signed, version {signed.report.number}."
    messages.success(request, confirmation)
    return open_next_case(request) if signed.then == NextStep.DONE else redirect("report", opened.pk)


@require_GET
@requires(Action.READ)
def discrepancies(request: HttpRequest) -> HttpResponse:
    """Show where AI and signed reports differ: what is open first."""
    user = current_user(request)
    worklist_view_record(user=user, request=request)
    return _discrepancies(request)


@require_POST
def acknowledge(request: HttpRequest, discrepancy: int) -> HttpResponse:
    """Acknowledge a discrepancy, with a note."""
    rows = Discrepancy.objects.select_related("study__site", "report__signature__user")
    found = rows.filter(pk=discrepancy).first() if discrepancy < LATEST else None
    if found is None:
        raise Http404
    check_study_access(request=request, study=found.study, act=Action.READ)
    check_answer_visible(request=request, study=found.study)
    try:
        discrepancy_acknowledge(
            discrepancy=found, user=current_user(request), note=request.POST.get("note", ""), request=request
        )
    except ReportRefusedError as refused:
        show_refusal(request, refused.reason)
    return redirect("discrepancies")


def parse_text(posted: Mapping[str, str]) -> ReportText:
    """Return the text of a posted form."""
    sections = {name.removeprefix("section-"): value for name, value in posted.items() if name.startswith("section-")}
    return ReportText(
        sections, posted.get("free_text", ""), ABNORMAL.get(posted.get("is_abnormal", "")), posted.get("template", "")
    )


def _page(
    request: HttpRequest,
    study: Study,
    *,
    refused: RefusalReason | None = None,
    typed: ReportText | None = None,
    kind: str = "",
    status: int = 200,
) -> HttpResponse:
    user = current_user(request)
    versions = visible_reports(study=study, user=user)
    if versions != signed_reports(study):  # a new version would build on one that they may not see
        return render(request, "reporting/page.html", {"study": study, "person": person_of(study), "is_withheld": True})
    newest = next(iter(versions), None)
    draft = draft_of(study=study, user=user)
    is_over = newest is not None and newest.kind != Report.Kind.PRELIMINARY
    wants_to_write = "write" in request.GET or "sign" in request.GET or draft is not None or bool(refused)
    is_writing = may(user, Action.READ, study) and (wants_to_write or not is_over)
    if not is_writing:
        if newest is not None:
            return render(request, "reporting/version.html", _version_context(request, study, newest))
        return render(request, "reporting/page.html", {"study": study, "person": person_of(study), "form": None})
    kinds = signable_kinds(study=study, user=user)
    context = {
        **_editor_context(study, load_editor(study=study, user=user), user),
        "versions": versions,
        "newest": newest,
        "draft": draft,
        "refused": refused,
        "typed": _typed_sections(typed) if typed else [],
        "kinds": [(one, Report.Kind(one).label, MEANINGS[Report.Kind(one)]) for one in kinds],
        "chosen": kind if kind in kinds else next(iter(kinds), ""),
        "is_signing": "sign" in request.GET or bool(refused),
        "images": images_of(study).count(),
        "task": study.task,
        "is_mine": study.task.is_claimed_by(user),
    }
    return render(request, "reporting/page.html", context, status=status)


def _editor_context(study: Study, form: EditorState, user: User) -> dict[str, Any]:
    by_key = {one.key: one for one in form.template.sections}
    rows = [(section, by_key.get(section["key"])) for section in form.sections]
    is_report = not form.is_addendum
    return {
        "study": study,
        "person": person_of(study),
        "form": form,
        "fields": rows,
        "templates": templates(),
        "missing": missing_lines(study=study, user=user, text=form.text) if is_report else [],
        "disowned": rejected_lines_in(read=read_of(study=study, user=user), text=form.text) if is_report else [],
    }


def _version_context(request: HttpRequest, study: Study, report: Report) -> dict[str, Any]:
    versions = visible_reports(study=study, user=current_user(request))
    by = next((one for one in versions if one.supersedes_id == report.pk), None)
    return {
        "study": study,
        "person": person_of(study),
        "report": report,
        "signature": report.signature,
        "template": template_named(report.template),
        "versions": versions,
        "superseded_by": by,
        "images": len(report.signature.digests["images"]),
        "models": sorted({name for run in report.signature.digests["models"].values() for name in run["models"]}),
        "discrepancies": Discrepancy.objects.filter(study=study).select_related("acknowledged_by"),
    }


def _get_version(request: HttpRequest, study: Study, number: int) -> Report:
    context = visible_reports(study=study, user=current_user(request))
    found = next((one for one in context if one.number == number), None)
    if found is None and any(one.number == number for one in signed_reports(study)):
        deny_blinded(request=request, study=study)
    if found is None:
        raise Http404
    return found


def _refusal(request: HttpRequest, refused: ReportRefusedError, text: ReportText) -> HttpResponse:
    """Answer why a draft was not saved; where another window was faster, show its text."""
    if not isinstance(refused, ChangedMeanwhileError):
        return render(request, "reporting/saved.html", {"refused": refused.reason}, status=409)
    typed = dict(text.sections) | {"free_text": text.free_text}
    theirs = [
        (section["title"], section["text"])
        for section in [
            *refused.now.sections,
            {"key": "free_text", "title": "Free text", "text": refused.now.free_text},
        ]
        if section["text"] != typed.get(section["key"], "").replace("\r\n", "\n")
    ]
    context = {"refused": str(refused), "now": refused.now, "theirs": theirs}
    return render(request, "reporting/conflict.html", context, status=409)


def _typed_sections(text: ReportText) -> list[tuple[str, str]]:
    return [(key, value) for key, value in {**text.sections, "free text": text.free_text}.items() if value.strip()]


def _discrepancies(request: HttpRequest) -> HttpResponse:
    user, show, direction = current_user(request), request.GET.get("show", "open"), request.GET.get("direction", "")
    every = discrepancies_visible(user)
    rows = every.filter(acknowledged_at__isnull=show != "done") if show in {"open", "done"} else every
    if direction in Discrepancy.Direction.values:
        rows = rows.filter(direction=direction)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    shown = [
        {
            "row": row,
            "person": person_of(row.study),
            "may": may_acknowledge(discrepancy=row, user=user),
            "is_signer": row.report.signature.user_id == user.pk,
        }
        for row in page
    ]
    here = reverse("discrepancies")
    chips = [
        (word, f"{here}?show={value}&direction={direction}", show == value)
        for value, word in (("open", "Open"), ("done", "Acknowledged"), ("all", "All"))
    ]
    ways = [
        (word, f"{here}?show={show}&direction={value}", direction == value)
        for value, word in (("", "Both directions"), *Discrepancy.Direction.choices)
    ]
    context = {"rows": shown, "page": page, "chips": chips, "ways": ways, "show": show, "has_any": every.exists()}
    return render(request, "reporting/discrepancies.html", context)
