"""The addresses below /fhir/."""

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from webapp.fhir.views import VIEWS, MetadataView


class FhirId(StringConverter):
    """An id of FHIR (datatypes, id)."""

    regex = r"[A-Za-z0-9\-.]{1,64}"


register_converter(FhirId, "fhirid")

urlpatterns: list[URLPattern] = [
    path("metadata", MetadataView.as_view(), name="fhir-metadata"),
    *(path(kind, search.as_view(), name=f"fhir-{kind}") for kind, (_read, search) in VIEWS.items()),
    *(path(f"{kind}/<fhirid:pk>", read.as_view(), name=f"fhir-{kind}-read") for kind, (read, _s) in VIEWS.items()),
]
