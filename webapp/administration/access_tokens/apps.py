"""Access tokens: configuration."""

from django.apps import AppConfig


class AccessTokensConfig(AppConfig):
    """The page on which administrators manage the tokens of machines."""

    name = "webapp.administration.access_tokens"
