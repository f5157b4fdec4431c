"""URLs of the archive."""

from django.urls import path

from webapp.imaging.archive.api import UploadView
from webapp.imaging.archive.views import upload

urlpatterns = [
    path("upload/", upload, name="upload"),
    path("api/uploads/", UploadView.as_view(), name="upload-api"),
]
