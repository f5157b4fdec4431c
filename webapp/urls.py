"""Every address of the web side, app by app. A test knows what each role may do at each of them."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

urlpatterns: list[URLPattern | URLResolver] = [
    # First, since it is asked hundreds of times a minute, and addresses are tried one after the other.
    path("", include("webapp.exchange.dicomweb.urls")),
    path("", include("webapp.reading.worklist.urls")),
    path("", include("webapp.reading.reviews.urls")),
    path("", include("webapp.reading.critical_results.urls")),
    path("", include("webapp.reading.followup.urls")),
    path("", include("webapp.reading.reporting.urls")),
    path("", include("webapp.reading.handover.urls")),
    path("", include("webapp.reading.study_page.urls")),
    path("", include("webapp.reading.viewer.urls")),
    path("", include("webapp.reading.campaigns.urls")),
    path("", include("webapp.imaging.archive.urls")),
    path("", include("webapp.imaging.inference.urls")),
    path("", include("webapp.imaging.annotations.urls")),
    path("fhir/", include("webapp.exchange.fhir.urls")),
    path("", include("webapp.exchange.routing.urls")),
    path("", include("webapp.exchange.exports.urls")),
    path("", include("webapp.exchange.webhooks.urls")),
    path("", include("webapp.administration.model_cards.urls")),
    path("", include("webapp.administration.monitoring.urls")),
    path("", include("webapp.administration.access_tokens.urls")),
    path("", include("webapp.administration.audit_log.urls")),
    path("", include("webapp.administration.operations.urls")),
    path("", include("webapp.foundation.accounts.urls")),
    path("", include("webapp.web.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
]
