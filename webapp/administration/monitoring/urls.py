"""The addresses of this app."""

from django.urls import path

from webapp.administration.monitoring.views import performance, performance_csv

urlpatterns = [
    path("performance/", performance, name="performance"),
    path("performance/download.csv", performance_csv, name="performance-csv"),
]
