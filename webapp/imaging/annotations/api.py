"""REST API: the annotations of a study, and one annotation by the id that its browser chose."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import APIException, ParseError, PermissionDenied, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import audit_record, study_view_record
from webapp.foundation.core.request_params import int_param
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.mpr import frame_of_reference_of
from webapp.imaging.annotations.selectors import (
    annotation_history,
    annotation_list,
    current_version,
    serialize_annotation,
    serialize_version,
)
from webapp.imaging.annotations.serializers import POINTS, CutMarkSent, DrawnSent, MarkSent, sentence_of
from webapp.imaging.annotations.services import (
    AnnotationRefusedError,
    ChangedMeanwhileError,
    NotTheAuthorError,
    OnCut,
    OnImage,
    Said,
    annotation_delete,
    annotation_save,
)
from webapp.imaging.archive.access import check_study_access, deny_blinded, open_study
from webapp.imaging.archive.blinding import hidden_authors
from webapp.imaging.archive.models import Instance, Series, Study

LARGEST_BYTES = 16 << 10
MARK = {"type": "object"}
EITHER_SENT = PolymorphicProxySerializer(
    component_name="MarkOnImageOrCutSent", serializers=[MarkSent, CutMarkSent], resource_type_field_name=None
)
SOMEBODY_ELSE = "A different user is signed in now. Nothing was saved."


class TooLarge(APIException):
    """The request body is larger than any annotation."""

    status_code = 413
    default_code = "too-large"
    default_detail = "This is larger than any annotation; nothing was saved."


class Conflict(APIException):
    """The annotation has changed since the client read it."""

    status_code = 409
    default_code = "conflict"


class AnnotationsView(APIView):
    """The marks of one study."""

    @extend_schema(responses={200: {"type": "array", "items": MARK}})
    def get(self, request: Request, study: UUID) -> Response:
        """List what the marks say now."""
        opened = open_study(request=request._request, study=study)
        study_view_record(user=current_user(request._request), request=request._request, study=opened.pk)
        hidden = hidden_authors(study=opened, user=current_user(request._request))
        return Response(
            [serialize_annotation(now) for now in annotation_list(study=opened) if now.mark.author_id not in hidden]
        )


class DrawnView(APIView):
    """Base of the views of annotations and outlines: access checks, the size limit, responses to refusals."""

    parser_classes = [JSONParser]
    #: The kinds of annotation that this view serves; any other is not found.
    kinds: frozenset[Annotation.Kind]
    act: Action
    largest_bytes: int

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse oversized bodies by their Content-Length before reading them."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > self.largest_bytes:
            raise TooLarge
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        """Respond to a refusal with a sentence and a code; to a conflict, also with the current annotation."""
        if isinstance(exc, NotTheAuthorError):
            self._refused()
        answer = super().handle_exception(_refusal(exc))
        if isinstance(exc, ChangedMeanwhileError):
            answer.data["mark"] = serialize_annotation(exc.now)
        return answer

    def given(self, request: Request, mark: UUID, kind: type[DrawnSent]) -> dict[str, Any]:
        """Return the validated body of a PUT that the user may make; `where` is the image or plane drawn on."""
        if Annotation.objects.filter(pk=mark).exists():
            self.opened(request, mark, self.act)
        sent = kind(data=request.data)
        sent.is_valid(raise_exception=True)
        given: dict[str, Any] = sent.validated_data
        if given.get("authorId", str(request.user.pk)) != str(request.user.pk):
            raise PermissionDenied(SOMEBODY_ELSE, code="somebody_else")
        return {**given, "where": self._where(request, given)}

    def version_read(self, request: Request, mark: UUID) -> int:
        """Return the version number in the query string, after checking that the user may change the annotation."""
        self.opened(request, mark, self.act)
        version = int_param(request.query_params.get("version", ""))
        if version is None:
            raise ParseError("Give the version that was read in the address: ?version=1")
        return version

    def opened(self, request: Request, mark: UUID, act: Action) -> AnnotationVersion:
        """Return the current version of an annotation if the user may perform `act` on its study."""
        try:
            now = current_version(mark=mark)
        except AnnotationVersion.DoesNotExist:
            raise Http404 from None
        if now.mark.kind not in self.kinds:
            raise Http404
        study = check_study_access(request=request._request, study=now.mark.series.study, act=act)
        if now.mark.author_id in hidden_authors(study=study, user=current_user(request._request)):
            deny_blinded(request=request._request, study=study)
        return now

    def _where(self, request: Request, given: dict[str, Any]) -> OnImage | OnCut:
        """Return the image or MPR plane drawn on if the user may draw there; 404 for a study they may not see."""
        if "frameOfReference" in given:
            return self._cut(request, given)
        images = Instance.objects.select_related("series__study")
        found = images.filter(series=given["series"], sop_instance_uid=given["sop"], has_pixels=True).first()
        if found is None:
            raise Http404
        self._may_draw(request, found.series.study)
        if given["frame"] > found.number_of_frames:
            raise ParseError("The image has no such frame.")
        return OnImage(found, given["frame"])

    def _cut(self, request: Request, given: dict[str, Any]) -> OnCut:
        found = Series.objects.select_related("study").filter(pk=given["series"]).first()
        if found is None:
            raise Http404
        self._may_draw(request, found.study)
        if given["frameOfReference"] != frame_of_reference_of(found):
            raise ParseError("The images of this series do not lie in this frame of reference.")
        return OnCut(found, given["frameOfReference"], given["normal"])

    def _may_draw(self, request: Request, study: Study) -> None:
        check_study_access(request=request._request, study=study, act=self.act)

    def _refused(self) -> None:
        audit_record(
            code=Code.ACCESS_REFUSED,
            user=current_user(self.request._request),
            request=self.request._request,
            success=False,
            details=f"change of somebody else's mark {self.kwargs['mark']}",
        )


class AnnotationView(DrawnView):
    """One mark."""

    kinds = frozenset(POINTS)
    act = Action.MARK
    largest_bytes = LARGEST_BYTES

    @extend_schema(responses={200: MARK})
    def get(self, request: Request, mark: UUID) -> Response:
        """Tell what the mark says now and all that it said before."""
        now = self.opened(request, mark, Action.SEE)
        study_view_record(user=current_user(request._request), request=request._request, study=now.mark.series.study_id)
        return Response(
            {
                **serialize_annotation(now),
                "history": [serialize_version(one) for one in annotation_history(mark=now.mark)],
            }
        )

    @extend_schema(request=EITHER_SENT, responses={200: MARK, 201: MARK, 409: MARK})
    def put(self, request: Request, mark: UUID) -> Response:
        """Make the mark (201) or change it (200); `version` is the one that was read, 0 for a new mark."""
        is_cut = isinstance(request.data, Mapping) and "frameOfReference" in request.data
        given = self.given(request, mark, CutMarkSent if is_cut else MarkSent)
        said = Said(points=given["points"], text=given["text"], figures=given["figures"], unit=given["unit"])
        now, is_new = annotation_save(
            mark=mark,
            where=given["where"],
            kind=given["kind"],
            said=said,
            read=given["version"],
            user=current_user(request._request),
            request=request._request,
        )
        return Response(serialize_annotation(now), status=201 if is_new else 200)

    @extend_schema(parameters=[OpenApiParameter("version", OpenApiTypes.INT, required=True)], responses={204: None})
    def delete(self, request: Request, mark: UUID) -> Response:
        """Take the mark away; `version` is the one that was read. It is kept, and shown no more."""
        version = self.version_read(request, mark)
        annotation_delete(mark=mark, read=version, user=current_user(request._request), request=request._request)
        return Response(status=204)


def _refusal(exc: Exception) -> Exception:
    """Return the DRF exception for an exception of this app; any other exception as it is."""
    match exc:
        case ChangedMeanwhileError():
            return Conflict(str(exc), code=exc.code)
        case NotTheAuthorError():
            return PermissionDenied(str(exc), code=exc.code)
        case AnnotationRefusedError():
            return ParseError(str(exc), code=exc.code)
        case ValidationError():
            return ParseError(sentence_of(exc.detail))
        case RecursionError():
            return ParseError("The body is nested too deeply.")
    return exc
