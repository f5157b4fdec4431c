"""The addresses of this app."""

from django.urls import path

from webapp.reading.critical_results.views import criticals, study_criticals, tell, withdraw

urlpatterns = [
    path("studies/<uuid:study>/critical-results/", study_criticals, name="study-critical-results"),
    path("critical-results/", criticals, name="critical-results"),
    path("critical-results/<int:critical>/notify/", tell, name="critical-result-notify"),
    path("critical-results/<int:critical>/withdraw/", withdraw, name="critical-result-withdraw"),
]
