"""The addresses below /fhir/."""

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from webapp.exchange.fhir.resource_types import KINDS
from webapp.exchange.fhir.views import MetadataView, ReadView, SearchView


class FhirId(StringConverter):
    """An id of FHIR (datatypes, id)."""

    regex = r"[A-Za-z0-9\-.]{1,64}"


register_converter(FhirId, "fhirid")

urlpatterns: list[URLPattern] = [
    path("metadata", MetadataView.as_view(), name="fhir-metadata"),
    *(path(name, SearchView.as_view(kind=kind), name=f"fhir-{name}") for name, kind in KINDS.items()),
    *(
        path(f"{name}/<fhirid:pk>", ReadView.as_view(kind=kind), name=f"fhir-{name}-read")
        for name, kind in KINDS.items()
    ),
]
