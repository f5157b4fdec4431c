"""Queries of the export pages."""

from django.db.models import Count, Q, QuerySet

from webapp.exchange.exports.models import Export
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import visible_studies
from webapp.imaging.archive.models import Study

LISTED = 50


def exports_list() -> QuerySet[Export]:
    """Return the newest exports, each with its number of problems."""
    return (
        Export.objects.select_related("requested_by")
        .annotate(refused=Count("problems"))
        .order_by("-requested_at")[:LISTED]
    )


def studies_offered(*, user: User, words: str) -> QuerySet[Study]:
    """Return the newest studies that may be exported and match all words of a search.

    A word matches part of the description or the patient's name, or the whole accession number or PatientID.
    """
    offered = visible_studies(user, Study.objects.filter(patient__isnull=False)).select_related("patient", "site")
    for word in words.split():
        offered = offered.filter(
            Q(description__icontains=word)
            | Q(accession_number__iexact=word)
            | Q(patient__patient_id__iexact=word)
            | Q(patient__name__icontains=word)
        )
    return offered.annotate(objects_held=Count("series__instances")).order_by("-arrived_at")[:LISTED]
