"""The viewer: configuration."""

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured


class ViewerConfig(AppConfig):
    """The viewer; it starts only with hanging protocols and presets that can be used."""

    name = "webapp.reading.viewer"

    def ready(self) -> None:
        """Read both once, so that a mistake in a file stops whoever starts the web, not a reader."""
        from webapp.reading.viewer.hanging_protocols import HangingProtocolError, hanging_protocols  # noqa: PLC0415 - the app must be loaded first

        try:
            hanging_protocols()
        except HangingProtocolError as error:
            raise ImproperlyConfigured(str(error)) from error
