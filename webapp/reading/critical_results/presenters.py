"""The panel of critical results on the study page."""

from typing import Any

from django.http import HttpRequest

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.core.refusals import RefusalReason
from webapp.imaging.archive.blinding import is_blinded
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding
from webapp.reading.critical_results.models import Notification
from webapp.reading.critical_results.selectors import criticals_of
from webapp.reading.reviews.selectors import findings_to_review
from webapp.reading.worklist.models import AI_CRITICAL

#: Choices of when somebody was notified, in minutes ago: what a reader remembers without a watch.
AGO = (0, 5, 10, 15, 30, 60)


def critical_context(request: HttpRequest, study: Study, *, refused: RefusalReason | None = None) -> dict[str, Any]:
    """Return the context of the panel: the study's critical results, and forms for its readers.

    Where the site reads first it shows nothing of the AI before the reader has committed.
    """
    criticals, user = criticals_of(study), current_user(request)
    blinded = is_blinded(study=study, user=user)
    return {
        "study": study,
        "left": [one for one in criticals if not one.is_settled],
        "settled": [one for one in criticals if one.is_settled],
        "refused": refused,
        "names_ai": not blinded,
        "is_missing": not criticals and not blinded and study.task.ai_urgency >= AI_CRITICAL,
        "may_record": may(user, Action.READ, study),
        "findings": [] if blinded else _surest(study),
        "ways": Notification.How.choices,
        "ago": AGO,
    }


def findings_offered(*, study: Study, user: User) -> list[Finding]:
    """Return the findings of the newest runs, the most probable first; none while the AI is blinded from the user."""
    return [] if is_blinded(study=study, user=user) else _surest(study)


def _surest(study: Study) -> list[Finding]:
    return sorted(findings_to_review(study), key=lambda finding: -finding.probability)
