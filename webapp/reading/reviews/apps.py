"""Reviews: configuration."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """What readers say of findings, and of each other."""

    name = "webapp.reading.reviews"

    def ready(self) -> None:
        """Let every door ask what is kept from whom."""
        from webapp.imaging.archive.blinding import register_blinding  # noqa: PLC0415 - models are there only now
        from webapp.reading.reviews.blinding import ReadFirst  # noqa: PLC0415

        register_blinding(ReadFirst())
