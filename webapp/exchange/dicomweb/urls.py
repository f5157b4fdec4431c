"""The addresses of PS3.18 chapter 10 below /dicomweb/, and how far a study is."""

from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from webapp.exchange.dicomweb.study_state import StudyStateView
from webapp.exchange.dicomweb.views.frames import FramesView, RenderedView, ThumbnailView
from webapp.exchange.dicomweb.views.retrieve import BulkView, MetadataView, ObjectsView
from webapp.exchange.dicomweb.views.search import InstancesSearchView, SeriesSearchView
from webapp.exchange.dicomweb.views.store import StudiesView, StudyView


class Uid(StringConverter):
    """A UID (PS3.5 9.1), as far as an address can tell."""

    regex = r"[0-9][0-9.]{0,63}"


class FrameList(StringConverter):
    """Numbers of frames with commas between."""

    regex = r"[0-9]{1,9}(?:,[0-9]{1,9}){0,3999}"


class BulkKey(StringConverter):
    """The key of a large value."""

    regex = r"[0-9A-F]{8}(?:-[0-9]{1,19})?"


register_converter(Uid, "uid")
register_converter(FrameList, "frames")
register_converter(BulkKey, "bulk")

STUDY = "studies/<uid:study>"
SERIES = f"{STUDY}/series/<uid:series>"
INSTANCE = f"{SERIES}/instances/<uid:instance>"
FRAMES = f"{INSTANCE}/frames/<frames:frames>"

services = [
    path("studies", StudiesView.as_view(), name="dicomweb-studies"),
    path("series", SeriesSearchView.as_view(), name="dicomweb-all-series"),
    path("instances", InstancesSearchView.as_view(), name="dicomweb-all-instances"),
    path(STUDY, StudyView.as_view(), name="dicomweb-study"),
    path(f"{STUDY}/metadata", MetadataView.as_view(), name="dicomweb-study-metadata"),
    path(f"{STUDY}/rendered", RenderedView.as_view(), name="dicomweb-study-rendered"),
    path(f"{STUDY}/thumbnail", ThumbnailView.as_view(), name="dicomweb-study-thumbnail"),
    path(f"{STUDY}/series", SeriesSearchView.as_view(), name="dicomweb-study-series"),
    path(f"{STUDY}/instances", InstancesSearchView.as_view(), name="dicomweb-study-instances"),
    path(SERIES, ObjectsView.as_view(), name="dicomweb-series"),
    path(f"{SERIES}/metadata", MetadataView.as_view(), name="dicomweb-series-metadata"),
    path(f"{SERIES}/rendered", RenderedView.as_view(), name="dicomweb-series-rendered"),
    path(f"{SERIES}/thumbnail", ThumbnailView.as_view(), name="dicomweb-series-thumbnail"),
    path(f"{SERIES}/instances", InstancesSearchView.as_view(), name="dicomweb-series-instances"),
    path(INSTANCE, ObjectsView.as_view(), name="dicomweb-instance"),
    path(f"{INSTANCE}/metadata", MetadataView.as_view(), name="dicomweb-metadata"),
    path(f"{INSTANCE}/rendered", RenderedView.as_view(), name="dicomweb-rendered"),
    path(f"{INSTANCE}/thumbnail", ThumbnailView.as_view(), name="dicomweb-thumbnail"),
    path(f"{INSTANCE}/bulkdata", BulkView.as_view(), name="dicomweb-bulkdata"),
    path(f"{INSTANCE}/bulkdata/<bulk:key>", BulkView.as_view(), name="dicomweb-bulkdata-value"),
    path(FRAMES, FramesView.as_view(), name="dicomweb-frames"),
    path(f"{FRAMES}/rendered", RenderedView.as_view(), name="dicomweb-frame-rendered"),
    path(f"{FRAMES}/thumbnail", ThumbnailView.as_view(), name="dicomweb-frame-thumbnail"),
]

urlpatterns = [
    path("dicomweb/", include(services)),
    path("api/studies/<str:study>/", StudyStateView.as_view(), name="study-state"),
]
