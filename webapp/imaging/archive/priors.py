"""Priors: earlier studies of the same patient that the reader may see."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import visible_studies
from webapp.imaging.archive.models import Series, Study

#: Longest list of priors; nobody reads a longer one. Comparable studies come first.
MOST = 20
#: Number of earlier studies, newest first, that are searched for comparable ones.
LOOKED_AT = 200


@dataclass(frozen=True)
class Prior:
    """An earlier study with the modalities and body parts of its series."""

    study: Study
    modalities: frozenset[str]
    parts: frozenset[str]

    def told(self) -> dict[str, Any]:
        """Return the prior as JSON for the viewer."""
        return {
            "study": str(self.study.pk),
            "date": self.study.study_date.isoformat() if self.study.study_date else "",
            "description": self.study.description,
            "modalities": sorted(self.modalities),
            "address": reverse("viewer-api", args=[self.study.pk]),
        }


def prior_list(*, study: Study, user: User, modalities: frozenset[str], parts: frozenset[str]) -> list[Prior]:
    """Return the earlier studies of the patient at the study's site, in two queries.

    Parameters
    ----------
    study
        The study being read; one without a patient (a picture) has no priors and costs no query.
    user
        Its reader.
    modalities, parts
        Those of the study. Priors that share one of them come first; within both groups, the newest come first.
    """
    if study.patient_id is None:
        return []
    sooner = Q(arrived_at__lt=study.arrived_at)
    if study.study_date:
        sooner = Q(study_date__lt=study.study_date) | (Q(study_date=study.study_date) | Q(study_date=None)) & sooner
    same = visible_studies(user, Study.objects.filter(patient=study.patient_id, site=study.site_id))
    earlier = list(same.filter(sooner).exclude(pk=study.pk).order_by("-study_date", "-arrived_at")[:LOOKED_AT])
    kinds: dict[object, set[str]] = {}
    places: dict[object, set[str]] = {}
    told = Series.objects.filter(study__in=earlier, instances__has_pixels=True).distinct()
    for owner, modality, part in told.values_list("study", "modality", "body_part"):
        kinds.setdefault(owner, set()).add(modality)
        places.setdefault(owner, set()).add(part.lower())
    priors = [
        Prior(one, frozenset(kinds[one.pk] - {""}), frozenset(places[one.pk] - {""}))
        for one in earlier
        if one.pk in kinds
    ]
    # The sort is stable, so the newest stay first within both groups.
    return sorted(priors, key=lambda prior: not (prior.modalities & modalities or prior.parts & parts))[:MOST]
