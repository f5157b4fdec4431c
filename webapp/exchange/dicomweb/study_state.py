"""GET /api/studies/UID/: how far a study is, for programs that sent it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.exchange.dicomweb.access import study_by_uid
from webapp.foundation.accounts.access import current_user
from webapp.foundation.audit.services import study_view_record
from webapp.imaging.archive.blinding import is_blinded
from webapp.imaging.archive.models import Series
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.series_rows import SeriesRow, series_rows

STATE = {
    "type": "object",
    "properties": {
        "study": {"type": "string", "description": "StudyInstanceUID"},
        "arrived": {"type": "string", "format": "date-time"},
        "series": {"type": "array", "items": {"type": "object"}},
    },
}


class StudyStateView(APIView):
    """The state of each series of one study, as the worklist words it, and what its newest run says."""

    @extend_schema(tags=["Readroom"], responses={(200, "application/json"): STATE})
    def get(self, request: Request, study: str) -> Response:
        """Tell the state of a study that is named by its StudyInstanceUID."""
        found = study_by_uid(request=request._request, study=study)
        study_view_record(user=current_user(request._request), request=request._request, study=found.pk)
        rows = series_rows(Series.objects.filter(study=found).order_by("series_number", "last_arrival_at"))
        is_study_blinded = is_blinded(study=found, user=current_user(request._request))
        series = [_told(row, is_blinded=is_study_blinded) for row in rows]
        return Response({"study": found.study_instance_uid, "arrived": found.arrived_at, "series": series})


def _told(row: SeriesRow, *, is_blinded: bool) -> dict[str, Any]:
    """Return one series; a run that is not finished has said nothing yet, nor has one whose answer is veiled."""
    is_answered = row.run is not None and row.run.state == Run.State.DONE
    run = row.run if is_answered and not is_blinded else None
    return {
        "series": row.series.series_instance_uid,
        "status": "blinded" if is_answered and is_blinded else row.status,
        "last_arrival": row.series.last_arrival_at,
        "run": str(row.run.pk) if row.run else None,
        "outcome": run.outcome if run else None,
        "urgency": run.urgency if run else None,
        "reason": (run.urgency_reason if run else "") or ("" if is_answered and is_blinded else row.reason),
    }
