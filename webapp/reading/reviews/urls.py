"""The addresses of this app."""

from django.urls import path

from webapp.reading.reviews.api import OutlineView, ReviewsView
from webapp.reading.reviews.views import commit, finish, outline_mask

urlpatterns = [
    path("studies/<uuid:study>/finish/", finish, name="study-finish"),
    path("studies/<uuid:study>/outlines/<uuid:mark>/<int:version>.png", outline_mask, name="outline-mask"),
    path("studies/<uuid:study>/commit/", commit, name="study-commit"),
    path("api/studies/<uuid:study>/reviews/", ReviewsView.as_view(), name="reviews-api"),
    path("api/outlines/<uuid:mark>/", OutlineView.as_view(), name="outline-api"),
]
