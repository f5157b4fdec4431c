"""DICOMweb: configuration."""

from django.apps import AppConfig


class DicomwebConfig(AppConfig):
    """QIDO-RS, WADO-RS and STOW-RS."""

    name = "webapp.exchange.dicomweb"
