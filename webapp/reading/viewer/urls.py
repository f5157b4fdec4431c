"""The addresses of this app."""

from django.urls import path

from webapp.reading.viewer.api import ViewerView
from webapp.reading.viewer.views import viewer

urlpatterns = [
    path("studies/<uuid:study>/viewer/", viewer, name="viewer"),
    path("api/studies/<uuid:study>/viewer/", ViewerView.as_view(), name="viewer-api"),
]
