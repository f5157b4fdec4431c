"""QIDO-RS: searching for studies, series and instances (PS3.18 10.6)."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from webapp.exchange.dicomweb.access import study_by_uid
from webapp.exchange.dicomweb.attributes import Level
from webapp.exchange.dicomweb.base import DicomwebView, json_accepted
from webapp.exchange.dicomweb.dicom_json import encode_datasets
from webapp.exchange.dicomweb.negotiation import JSON
from webapp.exchange.dicomweb.openapi import HEADERS, SEARCHING
from webapp.exchange.dicomweb.qido import find_objects
from webapp.exchange.dicomweb.qido_params import Search
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import look_record
from webapp.imaging.archive.access import current_user

MORE = '299 Readroom "There are more results than were told; ask again with an offset."'


class SearchView(DicomwebView):
    """Base: what matches the address, as DICOM JSON."""

    level = Level.STUDY

    @extend_schema(tags=["DICOMweb search"], parameters=SEARCHING, responses={(200, JSON): HEADERS})
    def get(self, request: Request, study: str = "", series: str = "") -> HttpResponse:
        """Search by any attribute that is told, named by keyword or tag."""
        return search_answer(request._request, level=self.level, study=study, series=series)


class SeriesSearchView(SearchView):
    """Series."""

    level = Level.SERIES


class InstancesSearchView(SearchView):
    """Instances."""

    level = Level.INSTANCE


def search_answer(request: HttpRequest, *, level: Level, study: str, series: str) -> HttpResponse:
    """Answer a search; a study that is named and must not be known is answered as one that is not there."""
    json_accepted(request)
    uids = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    search = Search.asked(request.GET, level=level, **{keyword: uid for keyword, uid in uids.items() if uid})
    look_record(Code.OBJECTS_SEARCHED, user=current_user(request), request=request, study=None)
    found = find_objects(user=current_user(request), search=search)
    if study and not found.rows:
        study_by_uid(request=request, study=study)
    response = HttpResponse(encode_datasets(request=request, search=search, found=found), content_type=JSON)
    if found.has_more:
        response.headers["Warning"] = MORE
    return response
