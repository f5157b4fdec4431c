"""The addresses of this app."""

from django.urls import path

from webapp.imaging.annotations.api import AnnotationsView, AnnotationView

urlpatterns = [
    path("api/studies/<uuid:study>/marks/", AnnotationsView.as_view(), name="marks-api"),
    path("api/marks/<uuid:mark>/", AnnotationView.as_view(), name="mark-api"),
]
