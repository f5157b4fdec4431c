"""What the study page shows of critical results."""

from typing import Any

from django.http import HttpRequest

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may
from webapp.imaging.archive.blinding import is_blinded
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding
from webapp.reading.critical_results.models import Notification
from webapp.reading.critical_results.selectors import criticals_of
from webapp.reading.reviews.selectors import findings_to_review
from webapp.reading.worklist.models import AI_CRITICAL

#: How many minutes ago somebody may have been told: what a reader remembers without a watch.
AGO = (0, 5, 10, 15, 30, 60)


def critical_context(request: HttpRequest, study: Study, *, trouble: str = "") -> dict[str, Any]:
    """Return what the panel shows: the study's critical results, and forms for who may read it.

    Where the site reads first it says nothing of the AI before the reader has committed.
    """
    criticals, user = criticals_of(study), current_user(request)
    veiled = is_blinded(study=study, user=user)
    return {
        "study": study,
        "left": [one for one in criticals if not one.is_settled],
        "settled": [one for one in criticals if one.is_settled],
        "trouble": trouble,
        "names_ai": not veiled,
        "is_missing": not criticals and not veiled and study.task.ai_urgency >= AI_CRITICAL,
        "may_record": may(user, Action.READ, study),
        "findings": [] if veiled else _surest(study),
        "ways": Notification.How.choices,
        "ago": AGO,
    }


def findings_offered(*, study: Study, user: User) -> list[Finding]:
    """Return what the newest answers point at, the surest first; nothing while the AI is kept from the user."""
    return [] if is_blinded(study=study, user=user) else _surest(study)


def _surest(study: Study) -> list[Finding]:
    return sorted(findings_to_review(study), key=lambda finding: -finding.probability)
