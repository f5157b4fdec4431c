"""What the study page shows of critical results."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from webapp.accounts.policy import Act, may
from webapp.criticals.models import Notification
from webapp.criticals.selectors import criticals_of
from webapp.pages.status import with_status
from webapp.reading.models import AI_CRITICAL
from webapp.runs.models import Finding
from webapp.studies.models import Series, Study

#: How many minutes ago somebody may have been told: what a reader remembers without a watch.
AGO = (0, 5, 10, 15, 30, 60)


def criticals_shown(request: HttpRequest, study: Study, *, trouble: str = "") -> dict[str, Any]:
    """Return what the panel shows: the study's critical results, and forms for who may read it."""
    criticals = criticals_of(study)
    return {
        "study": study,
        "left": [one for one in criticals if not one.is_settled],
        "settled": [one for one in criticals if one.is_settled],
        "trouble": trouble,
        "is_missing": not criticals and study.task.ai_urgency >= AI_CRITICAL,
        "may_record": may(request.user, Act.READ, study),
        "findings": findings_offered(study),
        "ways": Notification.How.choices,
        "ago": AGO,
    }


def findings_offered(study: Study) -> QuerySet[Finding]:
    """Return what the newest run of each series points at."""
    newest = with_status(Series.objects.filter(study=study)).values("newest_run")
    return Finding.objects.filter(run__in=newest).order_by("-probability", "pk")
