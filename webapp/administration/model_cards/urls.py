"""The addresses of this app."""

from django.urls import path

from webapp.administration.model_cards.views import model, model_picture, models
from webapp.foundation.core.url_converters import PICTURE

urlpatterns = [
    path("models/", models, name="models"),
    path("models/<slug:name>/", model, name="model"),
    path(f"models/<slug:name>/pictures/<{PICTURE}:picture>", model_picture, name="model-picture"),
]
