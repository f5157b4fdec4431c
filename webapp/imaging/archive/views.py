"""The page that files are uploaded at."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from webapp.foundation.accounts.access import requires
from webapp.foundation.accounts.permissions import Action

#: Icons of what may become of a file (js/upload/rows.js).
UPLOAD_SIGNS = ("queued", "receiving", "negative", "link", "failed", "retry")


@require_GET
@ensure_csrf_cookie
@requires(Action.UPLOAD)
def upload(request: HttpRequest) -> HttpResponse:
    """Show where files go in; the files themselves go to the upload API."""
    return render(request, "archive/upload.html", {"largest": settings.UPLOAD_LARGEST_BYTES, "signs": UPLOAD_SIGNS})
