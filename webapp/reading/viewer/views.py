"""The viewer's page."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.audit.services import study_view_record
from webapp.imaging.archive.access import open_study
from webapp.imaging.archive.presenters import person_of
from webapp.reading.viewer.vite_manifest import load_entry


@require_GET
@ensure_csrf_cookie
def viewer(request: HttpRequest, study: UUID) -> HttpResponse:
    """Show the viewer, which fetches the data of the study."""
    opened = open_study(request=request, study=study)
    study_view_record(user=current_user(request), request=request, study=opened.pk)
    context = {
        "study": opened,
        "person": person_of(opened),
        "built": load_entry(),
        "series": request.GET.get("series", ""),
        "may_mark": may(request.user, Action.MARK, opened),
    }
    context["address"] = reverse("viewer-api", args=[opened.pk])
    return render(request, "viewer/page.html", context)
