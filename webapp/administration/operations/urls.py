"""Addresses of the operations pages."""

from django.urls import path

from webapp.administration.operations.views import background_work, retry

urlpatterns = [
    path("work/", background_work, name="background-work"),
    path("work/<int:item>/retry/", retry, name="background-work-retry"),
]
