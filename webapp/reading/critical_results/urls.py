"""The addresses of this app."""

from django.urls import path

from webapp.reading.critical_results.views import criticals, notify, study_criticals, withdraw

urlpatterns = [
    path("studies/<uuid:study>/criticals/", study_criticals, name="study-criticals"),
    path("criticals/", criticals, name="criticals"),
    path("criticals/<int:critical>/tell/", notify, name="critical-tell"),
    path("criticals/<int:critical>/withdraw/", withdraw, name="critical-withdraw"),
]
