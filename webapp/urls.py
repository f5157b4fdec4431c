"""Every address of the web side. A test knows what each role may do at each of them."""

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter
from drf_spectacular.views import SpectacularAPIView

from webapp.accounts.views import SignIn, SignOut
from webapp.audit.views import audit, audit_verify
from webapp.marks.api import MarksView, MarkView
from webapp.monitoring.views import performance, performance_csv
from webapp.pages.models.views import model, model_picture, models
from webapp.pages.pictures import frame, run_file, thumbnail
from webapp.pages.study.views import retry, study, study_answer
from webapp.pages.views import healthz, upload
from webapp.pages.worklist.views import worklist, worklist_rows, worklist_search
from webapp.studies.api import UploadView
from webapp.viewer.api import ViewerView
from webapp.viewer.views import viewer


class PictureName(StringConverter):
    """The name of a picture beside an answer: no folder, no dot at the start."""

    regex = r"[a-z0-9][a-z0-9_-]{0,80}\.png"


register_converter(PictureName, "picture")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", worklist, name="worklist"),
    path("worklist/rows/", worklist_rows, name="worklist-rows"),
    path("worklist/search/", worklist_search, name="worklist-search"),
    path("studies/<uuid:study>/", study, name="study"),
    path("studies/<uuid:study>/viewer/", viewer, name="viewer"),
    path("studies/<uuid:study>/answer/", study_answer, name="study-answer"),
    path("runs/<uuid:run>/retry/", retry, name="run-retry"),
    path("runs/<uuid:run>/files/<picture:name>", run_file, name="run-file"),
    path("frames/<uuid:instance>/<int:number>.png", frame, name="frame"),
    path("thumbnails/<uuid:series>.png", thumbnail, name="thumbnail"),
    path("upload/", upload, name="upload"),
    path("api/uploads/", UploadView.as_view(), name="upload-api"),
    path("api/studies/<uuid:study>/viewer/", ViewerView.as_view(), name="viewer-api"),
    path("api/studies/<uuid:study>/marks/", MarksView.as_view(), name="marks-api"),
    path("api/marks/<uuid:mark>/", MarkView.as_view(), name="mark-api"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("dicomweb/", include("webapp.dicomweb.urls")),
    path("models/", models, name="models"),
    path("models/<slug:name>/", model, name="model"),
    path("models/<slug:name>/pictures/<picture:picture>", model_picture, name="model-picture"),
    path("performance/", performance, name="performance"),
    path("performance/download.csv", performance_csv, name="performance-csv"),
    path("audit/", audit, name="audit"),
    path("audit/verify/", audit_verify, name="audit-verify"),
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", SignOut.as_view(), name="sign-out"),
    path("healthz", healthz, name="healthz"),
]
