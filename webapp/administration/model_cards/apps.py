"""Model cards: configuration."""

from django.apps import AppConfig


class ModelCardsConfig(AppConfig):
    """What each network is, how it was judged, and its place in the cascade."""

    name = "webapp.administration.model_cards"
