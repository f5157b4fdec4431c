"""The viewer: configuration."""

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured


class ViewerConfig(AppConfig):
    """The viewer; it starts only with hanging protocols and presets that can be used."""

    name = "webapp.reading.viewer"

    def ready(self) -> None:
        """Read both once, so that a mistake in a file is told to whoever starts the web, not to who reads."""
        from webapp.reading.viewer.hanging_protocols import HangingProtocolError, hangings  # noqa: PLC0415 - the app must be loaded first

        try:
            hangings()
        except HangingProtocolError as error:
            raise ImproperlyConfigured(str(error)) from error
