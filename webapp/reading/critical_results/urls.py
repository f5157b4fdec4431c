"""The addresses of this app."""

from django.urls import path

from webapp.reading.critical_results.views import criticals, notify, study_criticals, withdraw

urlpatterns = [
    path("studies/<uuid:study>/critical-results/", study_criticals, name="study-critical-results"),
    path("critical-results/", criticals, name="critical-results"),
    path("critical-results/<int:critical>/notify/", notify, name="critical-result-notify"),
    path("critical-results/<int:critical>/withdraw/", withdraw, name="critical-result-withdraw"),
]
