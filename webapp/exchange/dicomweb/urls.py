"""The addresses of PS3.18 chapter 10 below /dicomweb/, and how far a study is."""

from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from webapp.exchange.dicomweb import views
from webapp.exchange.dicomweb.study_state import StudyStateView


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
    path("studies", views.StudiesView.as_view(), name="dicomweb-studies"),
    path("series", views.SeriesSearchView.as_view(), name="dicomweb-all-series"),
    path("instances", views.InstancesSearchView.as_view(), name="dicomweb-all-instances"),
    path(STUDY, views.StudyView.as_view(), name="dicomweb-study"),
    path(f"{STUDY}/metadata", views.MetadataView.as_view(), name="dicomweb-study-metadata"),
    path(f"{STUDY}/rendered", views.RenderedView.as_view(), name="dicomweb-study-rendered"),
    path(f"{STUDY}/thumbnail", views.ThumbnailView.as_view(), name="dicomweb-study-thumbnail"),
    path(f"{STUDY}/series", views.SeriesSearchView.as_view(), name="dicomweb-study-series"),
    path(f"{STUDY}/instances", views.InstancesSearchView.as_view(), name="dicomweb-study-instances"),
    path(SERIES, views.ObjectsView.as_view(), name="dicomweb-series"),
    path(f"{SERIES}/metadata", views.MetadataView.as_view(), name="dicomweb-series-metadata"),
    path(f"{SERIES}/rendered", views.RenderedView.as_view(), name="dicomweb-series-rendered"),
    path(f"{SERIES}/thumbnail", views.ThumbnailView.as_view(), name="dicomweb-series-thumbnail"),
    path(f"{SERIES}/instances", views.InstancesSearchView.as_view(), name="dicomweb-series-instances"),
    path(INSTANCE, views.ObjectsView.as_view(), name="dicomweb-instance"),
    path(f"{INSTANCE}/metadata", views.MetadataView.as_view(), name="dicomweb-metadata"),
    path(f"{INSTANCE}/rendered", views.RenderedView.as_view(), name="dicomweb-rendered"),
    path(f"{INSTANCE}/thumbnail", views.ThumbnailView.as_view(), name="dicomweb-thumbnail"),
    path(f"{INSTANCE}/bulkdata", views.BulkView.as_view(), name="dicomweb-bulkdata"),
    path(f"{INSTANCE}/bulkdata/<bulk:key>", views.BulkView.as_view(), name="dicomweb-bulkdata-value"),
    path(FRAMES, views.FramesView.as_view(), name="dicomweb-frames"),
    path(f"{FRAMES}/rendered", views.RenderedView.as_view(), name="dicomweb-frame-rendered"),
    path(f"{FRAMES}/thumbnail", views.ThumbnailView.as_view(), name="dicomweb-frame-thumbnail"),
]

urlpatterns = [
    path("dicomweb/", include(services)),
    path("api/studies/<str:study>/", StudyStateView.as_view(), name="study-state"),
]
