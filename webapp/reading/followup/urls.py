"""The addresses of this app."""

from django.urls import path

from webapp.foundation.core.url_converters import PICTURE
from webapp.reading.followup.views import follow_up, link, register, registration, registration_file, unlink

urlpatterns = [
    path("studies/<uuid:study>/follow-up/", follow_up, name="follow-up"),
    path("studies/<uuid:study>/follow-up/link/", link, name="follow-up-link"),
    path("studies/<uuid:study>/follow-up/unlink/", unlink, name="follow-up-unlink"),
    path("studies/<uuid:study>/follow-up/register/", register, name="follow-up-register"),
    path("registrations/<uuid:registration>/", registration, name="registration"),
    path(f"registrations/<uuid:registration>/files/<{PICTURE}:name>", registration_file, name="registration-file"),
]
