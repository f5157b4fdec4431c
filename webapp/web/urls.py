"""The addresses of this app."""

from django.urls import path

from webapp.web.views import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
]
