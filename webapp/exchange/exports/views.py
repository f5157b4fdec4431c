"""The export pages: request, progress, download."""

from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp.exchange.exports.forms import ExportForm
from webapp.exchange.exports.models import Export
from webapp.exchange.exports.selectors import exports_list, studies_offered
from webapp.exchange.exports.services import EXPORT, export_create, export_retry
from webapp.foundation.accounts.access import current_user, requires
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record, worklist_view_record
from webapp.foundation.outbox.selectors import item_of
from workers import storage


@require_http_methods(["GET", "POST"])
@requires(Action.EXPORT)
def exports(request: HttpRequest) -> HttpResponse:
    """Show the exports and the form for a new one; on POST, request it."""
    user = current_user(request)
    form = ExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        export = export_create(
            name=form.cleaned_data["name"],
            studies=form.cleaned_data["studies"],
            options=form.options(),
            user=user,
            request=request,
        )
        return redirect("export", export=export.pk)
    worklist_view_record(user=user, request=request)
    words = request.GET.get("q", "")
    picked = set(request.POST.getlist("studies")) | set(request.GET.getlist("study"))
    context = {"form": form, "exports": exports_list(), "words": words, "picked": picked}
    context["offered"] = studies_offered(user=user, words=words)
    return render(request, "exports/page.html", context, status=400 if request.method == "POST" else 200)


@require_GET
@requires(Action.EXPORT)
def export(request: HttpRequest, export: UUID) -> HttpResponse:
    """Show one export; for htmx, only its progress."""
    found = get_object_or_404(Export.objects.select_related("requested_by"), pk=export)
    problems = found.problems.select_related("instance__series__study")
    template = "exports/progress.html" if request.headers.get("HX-Request") else "exports/export.html"
    context = {"export": found, "problems": problems[:500], "refused": problems.count()}
    return render(request, template, {**context, "work": item_of(EXPORT, found.pk)})


@require_POST
@requires(Action.EXPORT)
def retry(request: HttpRequest, export: UUID) -> HttpResponse:
    """Retry a failed or expired export."""
    export_retry(export=get_object_or_404(Export, pk=export), user=current_user(request), request=request)
    return redirect("export", export=export)


@require_GET
@requires(Action.EXPORT)
def download(request: HttpRequest, export: UUID) -> HttpResponseBase:
    """Send the export's file; the download is audited first."""
    found = get_object_or_404(Export, pk=export, state=Export.State.DONE)
    try:
        file = storage.export_path(found.pk).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    audit_record(
        code=Code.EXPORT_FETCHED,
        user=current_user(request),
        request=request,
        details=f"export {found.pk}, {found.name}",
    )
    return FileResponse(file, as_attachment=True, filename=f"readroom-export-{str(found.pk)[:8]}.zip")
