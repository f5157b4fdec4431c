"""Receiving: configuration."""

from django.apps import AppConfig


class ReceivingConfig(AppConfig):
    """The DICOM listener and the watched folder."""

    name = "webapp.exchange.dicom_scp"
