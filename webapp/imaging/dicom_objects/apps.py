"""App configuration of DICOM objects."""

from django.apps import AppConfig


class DicomObjectsConfig(AppConfig):
    """DICOM objects built from the results of finished runs."""

    name = "webapp.imaging.dicom_objects"

    def ready(self) -> None:
        """Connect the signal receivers and register this app's kind of background work."""
        from webapp.imaging.dicom_objects import receivers  # noqa: F401, PLC0415 - models must be loaded first
