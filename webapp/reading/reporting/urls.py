"""The addresses of this app."""

from django.urls import path

from webapp.reading.reporting.views import (
    acknowledge,
    discrepancies,
    fill,
    report,
    report_pdf,
    report_version,
    save,
    sign,
    verify,
)

urlpatterns = [
    path("studies/<uuid:study>/report/", report, name="report"),
    path("studies/<uuid:study>/report/save/", save, name="report-save"),
    path("studies/<uuid:study>/report/fill/", fill, name="report-fill"),
    path("studies/<uuid:study>/report/sign/", sign, name="report-sign"),
    path("studies/<uuid:study>/report/<int:number>/", report_version, name="report-version"),
    path("studies/<uuid:study>/report/<int:number>/report.pdf", report_pdf, name="report-pdf"),
    path("studies/<uuid:study>/report/<int:number>/verify/", verify, name="report-verify"),
    path("discrepancies/", discrepancies, name="discrepancies"),
    path("discrepancies/<int:discrepancy>/acknowledge/", acknowledge, name="discrepancy-acknowledge"),
]
