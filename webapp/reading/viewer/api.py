"""REST: what the viewer's page is told of a study."""

import hashlib
from uuid import UUID

from django.utils.http import parse_etags
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.foundation.audit.services import study_view_record
from webapp.imaging.archive.access import study_opened, user_of
from webapp.reading.viewer.selectors import viewer_read


class ViewerView(APIView):
    """All of a study but its pixels: series, slices, findings, marks, priors, and how to hang them."""

    @extend_schema(responses={200: {"type": "object"}})
    def get(self, request: Request, study: UUID) -> Response:
        """Answer the page; 304 to one that asks for news (If-None-Match) and has seen this already."""
        user = user_of(request._request)
        opened = study_opened(request=request._request, study=study)
        study_view_record(user=user, request=request._request, study=opened.pk)
        told = viewer_read(study=opened, user=user)
        tag = f'"{hashlib.sha256(JSONRenderer().render(told)).hexdigest()[:32]}"'
        if tag in parse_etags(request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": tag})
        return Response(told, headers={"ETag": tag})
