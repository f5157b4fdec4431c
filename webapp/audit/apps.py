"""Audit: configuration."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit trail; hears sign-ins and refusals."""

    name = "webapp.audit"
