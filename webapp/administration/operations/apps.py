"""Operations: configuration."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """The long-running services: housekeeping, delivery, sharing."""

    name = "webapp.administration.operations"
