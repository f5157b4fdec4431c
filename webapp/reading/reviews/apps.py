"""Reviews: configuration."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """Reads, reviews, agreement and blinding."""

    name = "webapp.reading.reviews"

    def ready(self) -> None:
        """Register the blinding rule."""
        from webapp.imaging.archive.blinding import register_blinding  # noqa: PLC0415 - models are there only now
        from webapp.reading.reviews.blinding import ReadFirst  # noqa: PLC0415

        register_blinding(ReadFirst())
