"""Audit log: configuration."""

from django.apps import AppConfig


class AuditLogConfig(AppConfig):
    """Searching and verifying the audit trail."""

    name = "webapp.administration.audit_log"
