"""Campaigns: configuration."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """One question, many pictures, two readers and a third."""

    name = "webapp.reading.campaigns"
