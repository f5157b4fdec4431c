"""The upload page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from webapp.foundation.accounts.access import requires
from webapp.foundation.accounts.permissions import Action

#: Icons for the states of a file in the upload list (js/upload/rows.js).
UPLOAD_SIGNS = ("queued", "receiving", "negative", "link", "failed", "retry")


@require_GET
@ensure_csrf_cookie
@requires(Action.UPLOAD)
def upload(request: HttpRequest) -> HttpResponse:
    """Show the upload page; the files themselves are sent to the upload API."""
    return render(request, "archive/upload.html", {"largest": settings.UPLOAD_LARGEST_BYTES, "signs": UPLOAD_SIGNS})
