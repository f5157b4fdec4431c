"""DICOM SCP: configuration."""

from django.apps import AppConfig


class DicomScpConfig(AppConfig):
    """The DICOM listener and the watched folder."""

    name = "webapp.exchange.dicom_scp"
