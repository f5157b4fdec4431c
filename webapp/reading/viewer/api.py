"""REST: the data of a study that the viewer fetches."""

import hashlib
from uuid import UUID

from django.utils.http import parse_etags
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.foundation.accounts.access import current_user
from webapp.foundation.audit.services import study_view_record
from webapp.imaging.archive.access import open_study
from webapp.reading.viewer.selectors import viewer_payload


class ViewerView(APIView):
    """All of a study but its pixels: series, slices, findings, marks, priors, and how to hang them."""

    @extend_schema(responses={200: {"type": "object"}})
    def get(self, request: Request, study: UUID) -> Response:
        """Answer the page; 304 to one that asks for news (If-None-Match) and has seen this already."""
        user = current_user(request._request)
        opened = open_study(request=request._request, study=study)
        study_view_record(user=user, request=request._request, study=opened.pk)
        payload = viewer_payload(study=opened, user=user)
        tag = f'"{hashlib.sha256(JSONRenderer().render(payload)).hexdigest()[:32]}"'
        if tag in parse_etags(request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": tag})
        return Response(payload, headers={"ETag": tag})
