"""URLs of annotations."""

from django.urls import path

from webapp.imaging.annotations.api import AnnotationsView, AnnotationView

urlpatterns = [
    path("api/studies/<uuid:study>/annotations/", AnnotationsView.as_view(), name="annotations-api"),
    path("api/annotations/<uuid:mark>/", AnnotationView.as_view(), name="annotation-api"),
]
