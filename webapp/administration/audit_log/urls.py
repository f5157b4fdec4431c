"""The addresses of this app."""

from django.urls import path

from webapp.administration.audit_log.views import audit, audit_verify

urlpatterns = [
    path("audit/", audit, name="audit"),
    path("audit/verify/", audit_verify, name="audit-verify"),
]
