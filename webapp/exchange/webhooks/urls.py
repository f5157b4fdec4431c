"""URLs of webhooks."""

from django.urls import path

from webapp.exchange.webhooks.views import change, retry, webhooks

urlpatterns = [
    path("webhooks/", webhooks, name="webhooks"),
    path("webhooks/<uuid:subscription>/", change, name="webhook-change"),
    path("webhooks/notices/<int:notice>/retry/", retry, name="notice-retry"),
]
