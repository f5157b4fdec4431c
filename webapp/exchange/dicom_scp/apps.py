"""App configuration of the DICOM SCP."""

from django.apps import AppConfig


class DicomScpConfig(AppConfig):
    """The DICOM listener and the watched folder."""

    name = "webapp.exchange.dicom_scp"
