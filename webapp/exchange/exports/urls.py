"""URLs of exports."""

from django.urls import path

from webapp.exchange.exports.views import download, export, exports, retry

urlpatterns = [
    path("exports/", exports, name="exports"),
    path("exports/<uuid:export>/", export, name="export"),
    path("exports/<uuid:export>/retry/", retry, name="export-retry"),
    path("exports/<uuid:export>/download.zip", download, name="export-download"),
]
