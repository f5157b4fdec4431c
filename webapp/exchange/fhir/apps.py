"""FHIR: configuration."""

from django.apps import AppConfig


class FhirConfig(AppConfig):
    """FHIR R4, read only."""

    name = "webapp.exchange.fhir"
