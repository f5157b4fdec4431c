"""URLs of inference."""

from django.urls import path

from webapp.foundation.core.url_converters import PICTURE
from webapp.imaging.inference.image_views import frame, run_file, thumbnail

urlpatterns = [
    path(f"runs/<uuid:run>/files/<{PICTURE}:name>", run_file, name="run-file"),
    path("frames/<uuid:instance>/<int:number>.png", frame, name="frame"),
    path("thumbnails/<uuid:series>.png", thumbnail, name="thumbnail"),
]
