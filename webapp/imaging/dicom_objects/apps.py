"""DICOM objects: configuration."""

from django.apps import AppConfig


class DicomObjectsConfig(AppConfig):
    """The DICOM objects of finished runs; hears of each."""

    name = "webapp.imaging.dicom_objects"

    def ready(self) -> None:
        """Start listening."""
        from webapp.imaging.dicom_objects import receivers  # noqa: F401, PLC0415 - models must be loaded first
