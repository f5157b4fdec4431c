"""REST: saying something of a finding, or of a mark that shows what the AI missed."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action
from webapp.imaging.archive.access import open_study
from webapp.reading.reviews.models import Reason, Review
from webapp.reading.reviews.selectors import reviews_of, serialize_review
from webapp.reading.reviews.services import ReviewRefusedError, Said, review_finding


class Refused(APIException):
    """It was not kept; the detail says why."""

    status_code = 409
    default_code = "refused"


class SaidSent(serializers.Serializer[Said]):
    """What a page sends."""

    says = serializers.ChoiceField(choices=Review.Decision.choices)
    finding = serializers.IntegerField(required=False, min_value=0)
    mark = serializers.UUIDField(required=False)
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=Reason.choices), required=False, max_length=10
    )
    label_title = serializers.CharField(required=False, allow_blank=True, max_length=80)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=500)


class ReviewsView(APIView):
    """What the reader who asks says of a study."""

    parser_classes = [JSONParser]

    @extend_schema(responses={200: {"type": "array", "items": {"type": "object"}}})
    def get(self, request: Request, study: UUID) -> Response:
        """List what they say now."""
        opened = open_study(request=request._request, study=study)
        return Response(
            [serialize_review(row) for row in reviews_of(study=opened, user=current_user(request._request))]
        )

    @extend_schema(request=SaidSent, responses={201: {"type": "object"}})
    def post(self, request: Request, study: UUID) -> Response:
        """Add one thing that they say."""
        opened = open_study(request=request._request, study=study, act=Action.READ)
        sent = SaidSent(data=request.data)
        sent.is_valid(raise_exception=True)
        fields: dict[str, Any] = dict(sent.validated_data)
        try:
            row = review_finding(
                study=opened, user=current_user(request._request), said=Said(**fields), request=request._request
            )
        except ReviewRefusedError as refused:
            raise Refused(str(refused), code=refused.code) from None
        return Response(serialize_review(row), status=201)
