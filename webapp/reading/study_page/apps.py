"""Study page: configuration."""

from django.apps import AppConfig


class StudyPageConfig(AppConfig):
    """The page of one study: images, findings, and the path through the cascade."""

    name = "webapp.reading.study_page"
