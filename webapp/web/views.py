"""Pages of one template each: upload, and the sign of life."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_safe

from webapp.foundation.accounts.permissions import Action
from webapp.imaging.archive.access import requires

#: Icons of what may become of a file (js/upload/rows.js).
UPLOAD_SIGNS = ("queued", "receiving", "negative", "link", "failed", "retry")


@require_GET
@ensure_csrf_cookie
@requires(Action.UPLOAD)
def upload(request: HttpRequest) -> HttpResponse:
    """Show where files go in; the files themselves go to the upload API."""
    return render(request, "archive/upload.html", {"largest": settings.UPLOAD_LARGEST_BYTES, "signs": UPLOAD_SIGNS})


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 200 when the database answers; says nothing else to anybody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
