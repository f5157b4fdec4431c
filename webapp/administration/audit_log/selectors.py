"""Searching the audit trail."""

import django_filters
from django.db.models import QuerySet
from django.forms import DateInput

from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent


class AuditFilter(django_filters.FilterSet):
    """By whom, what, which study, when, and whether it was allowed. No field takes a patient's name."""

    who = django_filters.CharFilter(field_name="actor", lookup_expr="icontains", label="Who")
    what = django_filters.ChoiceFilter(
        field_name="code", choices=[(code.value, code.value) for code in Code], label="What", empty_label="Anything"
    )
    study = django_filters.UUIDFilter(field_name="study", label="Study id")
    since = django_filters.DateFilter(
        field_name="at", lookup_expr="date__gte", label="From", widget=DateInput({"type": "date"})
    )
    until = django_filters.DateFilter(
        field_name="at", lookup_expr="date__lte", label="To", widget=DateInput({"type": "date"})
    )
    allowed = django_filters.ChoiceFilter(
        field_name="success", choices=[("1", "Allowed"), ("0", "Refused or failed")], label="Result", empty_label="All"
    )

    class Meta:
        model = AuditEvent
        fields: list[str] = []


def audit_list() -> QuerySet[AuditEvent]:
    """Return all events, the newest first."""
    return AuditEvent.objects.order_by("-pk")


def words_of(search: AuditFilter) -> str:
    """Return what was searched for, as the trail of the search itself keeps it."""
    asked = {name: value for name, value in search.form.cleaned_data.items() if value not in (None, "")}
    return ", ".join(f"{name}={value}" for name, value in asked.items()) or "everything"
