"""Views that serve frames, thumbnails, masks and heat maps: each checks access, and images of a study are audited."""

from pathlib import Path
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import parse_etags
from django.views.decorators.http import require_GET
from PIL import Image

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.audit.services import study_view_record
from webapp.imaging.archive.access import check_answer_visible, check_series_access, check_study_access
from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.inference.models import Finding, FindingRegion, Run, Stage
from workers import api, storage
from workers.storage import Attempt

#: Version of the rendering; change it when frames are rendered differently, so that no cache serves the old ones.
DRAWING = "1"
#: Largest thumbnail in pixels: twice the size at which lists show it, for high-resolution screens.
SMALL = (112, 112)
#: Browsers may reuse an image for ten minutes without revalidating it; signing out clears their cache.
CACHING = "private, max-age=600"


@require_GET
def frame(request: HttpRequest, instance: UUID, number: int) -> HttpResponse:
    """Serve one frame (from 0) of a stored object as PNG, rendered once and cached."""
    try:
        found = Instance.objects.select_related("series__study", "series__result").get(pk=instance)
    except Instance.DoesNotExist:
        raise Http404 from None
    study = check_series_access(request=request, series=found.series, act=Action.SEE)
    if not found.has_pixels or number >= found.number_of_frames:
        raise Http404
    study_view_record(user=current_user(request), request=request, study=study.pk)
    name = frame_name(found, number)
    if _has_it(request, name):
        return _cached(HttpResponse(status=304), name)
    try:
        picture = render_frame(found, number=number, name=name)
    except api.Refused as refused:
        return HttpResponse(str(refused), status=422, content_type="text/plain; charset=utf-8")
    return _cached(HttpResponse(picture.read_bytes(), content_type="image/png"), name)


@require_GET
def thumbnail(request: HttpRequest, series: UUID) -> HttpResponse:
    """Serve a thumbnail of the middle slice of a series; it counts as viewing the worklist, not the study."""
    try:
        found = Series.objects.select_related("study", "result").get(pk=series)
    except Series.DoesNotExist:
        raise Http404 from None
    check_series_access(request=request, series=found, act=Action.SEE)
    images = Instance.objects.filter(series=found, has_pixels=True)
    middle = images[images.count() // 2 :].first()
    if middle is None:
        raise Http404
    number = middle.number_of_frames // 2
    name = f"{middle.sha256}-{number}-{DRAWING}-small.png"
    if _has_it(request, name):
        return _cached(HttpResponse(status=304), name)
    try:
        small = _thumbnail_file(middle, number=number, name=name)
    except api.Refused:
        raise Http404 from None  # the study page says why
    return _cached(HttpResponse(small.read_bytes(), content_type="image/png"), name)


@require_GET
def run_file(request: HttpRequest, run: UUID, name: str) -> HttpResponse:
    """Serve a mask or heat map of a run; 404 unless one of the run's rows refers to a file of that name."""
    try:
        found = Run.objects.select_related("series__study").get(pk=run)
    except Run.DoesNotExist:
        raise Http404 from None
    study = check_study_access(request=request, study=found.series.study, act=Action.SEE)
    if not _is_stated(found, name):
        raise Http404
    check_answer_visible(request=request, study=study)
    study_view_record(user=current_user(request), request=request, study=study.pk)
    return serve_attempt_file(request, Attempt(found.pk, found.attempt), name)


def serve_attempt_file(request: HttpRequest, attempt: Attempt, name: str) -> HttpResponse:
    """Serve a PNG that an attempt wrote; the caller has checked that the user may see it."""
    return serve_drawing(request, attempt.out / name, tag=f"{attempt.run}-{attempt.number}-{name}")


def serve_drawing(request: HttpRequest, path: Path, *, tag: str) -> HttpResponse:
    """Serve a PNG that never changes; the caller has checked that the user may see it."""
    if _has_it(request, tag):
        return _cached(HttpResponse(status=304), tag)
    try:
        drawn = path.read_bytes()
    except FileNotFoundError:
        raise Http404 from None
    return _cached(HttpResponse(drawn, content_type="image/png"), tag)


def _thumbnail_file(instance: Instance, *, number: int, name: str) -> Path:
    small = storage.cache_path(name)
    if not small.exists():
        drawn = render_frame(instance, number=number, name=frame_name(instance, number))
        with Image.open(drawn) as picture, storage.written_whole(small) as unfinished:
            picture.thumbnail(SMALL)
            picture.save(unfinished, format="PNG")
    return small


def render_frame(instance: Instance, *, number: int, name: str) -> Path:
    """Return the path of a frame's PNG in the cache, rendering it if it is not there yet.

    Raises
    ------
    workers.api.Refused
        If the stored object cannot be rendered.
    """
    drawn = storage.cache_path(name)
    if not drawn.exists():
        with storage.written_whole(drawn) as unfinished:
            api.draw(storage.object_path(instance.sha256), frame=number, out=unfinished)
    return drawn


def frame_name(instance: Instance, number: int) -> str:
    """Return the file name of a rendered frame in the cache, which is also its ETag."""
    return f"{instance.sha256}-{number}-{DRAWING}.png"


def _is_stated(run: Run, name: str) -> bool:
    stages = Stage.objects.filter(run=run, heat_map=name).values_list("pk")
    masks = Finding.objects.filter(run=run, mask=name).values_list("pk")
    heats = Finding.objects.filter(run=run, heat_map=name).values_list("pk")
    marks = FindingRegion.objects.filter(finding__run=run, mask=name).values_list("pk")
    return bool(name) and stages.union(masks, heats, marks).exists()


def _has_it(request: HttpRequest, tag: str) -> bool:
    return f'"{tag}"' in parse_etags(request.headers.get("If-None-Match", ""))


def _cached(response: HttpResponse, tag: str) -> HttpResponse:
    response.headers["ETag"] = f'"{tag}"'
    response.headers["Cache-Control"] = CACHING
    return response
