"""Audit: configuration."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit trail; hears sign-ins and refusals."""

    name = "webapp.foundation.audit"

    def ready(self) -> None:
        """Start listening."""
        from webapp.foundation.audit import signals  # noqa: F401, PLC0415 - models must be loaded first
