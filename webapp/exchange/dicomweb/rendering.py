"""Frames as pictures for a screen: through a window, at a size (PS3.18 8.3.5 and 10.4.1.1.3)."""

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponseBase
from PIL import Image

from webapp.exchange.dicomweb.base import JPEG, PNG, BadRequest, Offer, cached, form_chosen, tag_of, unchanged
from webapp.exchange.dicomweb.dicom_json import root_url
from webapp.exchange.dicomweb.multipart import Part, multipart, single, started
from webapp.exchange.dicomweb.wado import instance_url
from webapp.imaging.archive.models import Instance
from webapp.imaging.inference.image_views import frame_name, render_frame
from workers import api, storage

FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
QUALITY = 90
LARGEST = 8192  # pixels along a side of what is drawn on request
THUMBNAIL = (128, 128)


@dataclass(frozen=True)
class Drawing:
    """How a frame is to be drawn.

    Attributes
    ----------
    window
        "centre,width,FUNCTION", empty for the object's own.
    quality
        Of JPEG, 1 to 100.
    size
        Largest columns and rows; None as stored.
    region
        Left, top, columns and rows of the part that is shown; None for all.
    """

    window: str = ""
    quality: int = QUALITY
    size: tuple[int, int] | None = None
    region: tuple[int, int, int, int] | None = None


def requested_drawing(request: HttpRequest) -> Drawing:
    """Return what the address asks for.

    Raises
    ------
    BadRequest
        If a parameter is not what the standard says.
    """
    query = request.GET
    size, region = _viewport(query.get("viewport", ""))
    quality = query.get("quality", str(QUALITY))
    if not quality.isdecimal() or not 1 <= int(quality) <= 100:
        raise BadRequest("`quality` is a whole number from 1 to 100.")
    return Drawing(_window(query.get("window", "")), int(quality), size, region)


def picture_response(request: HttpRequest, instance: Instance, number: int, drawing: Drawing) -> HttpResponseBase:
    """Answer with a frame (from 0) as a picture."""
    form = form_chosen(request, (Offer(JPEG), Offer(PNG)))
    if not instance.has_pixels:
        raise Http404
    tag = tag_of("picture", instance.sha256, number, drawing, form)
    if same := unchanged(request, tag):
        return same
    picture = frame_picture(instance=instance, number=number, drawing=drawing, media=form.media)
    return cached(single(request, picture, content_type=form.media, tag=tag), tag)


def pictures_response(request: HttpRequest, instances: Sequence[Instance], drawing: Drawing) -> HttpResponseBase:
    """Answer with every frame of several instances as a picture, in a multipart body unless there is only one."""
    frames = [(one, number) for one in instances for number in range(one.number_of_frames)]
    if not frames:
        raise Http404
    several = [Offer(media, is_multipart=True) for media in (JPEG, PNG)]
    form = form_chosen(request, [*several, Offer(JPEG), Offer(PNG)] if len(frames) == 1 else several)
    if not form.is_multipart:
        return picture_response(request, *frames[0], drawing)
    tag = tag_of("pictures", *((one.sha256, number) for one, number in frames), drawing, form)
    if same := unchanged(request, tag):
        return same
    root = root_url(request)
    parts = (
        Part(
            form.media,
            frame_picture(instance=one, number=number, drawing=drawing, media=form.media),
            f"{instance_url(root, one)}/frames/{number + 1}/rendered",
        )
        for one, number in frames
    )
    return cached(multipart(started(parts), media=form.media), tag)


def frame_picture(*, instance: Instance, number: int, drawing: Drawing, media: str) -> bytes:
    """Return a frame (from 0) as PNG or JPEG.

    Raises
    ------
    workers.api.Refused
        If the object cannot be drawn.
    """
    with _drawn(instance, number, drawing.window) as drawn:
        return drawn.read_bytes() if media != JPEG and drawing.size is None else _shaped(drawn, drawing, media)


@contextmanager
def _drawn(instance: Instance, number: int, window: str) -> Iterator[Path]:
    """Lend the PNG of a frame: from the cache, or drawn for this once through a window of somebody's choice."""
    if not window:
        yield render_frame(instance, number=number, name=frame_name(instance, number))
        return
    drawn = storage.temporary()
    try:
        api.draw(storage.object_path(instance.sha256), frame=number, out=drawn, window=window)
        yield drawn
    finally:
        drawn.unlink(missing_ok=True)


def _shaped(drawn: Path, drawing: Drawing, media: str) -> bytes:
    out = io.BytesIO()
    with Image.open(drawn) as picture:
        shown = picture.crop(_box(drawing.region, picture.size)) if drawing.region else picture
        if drawing.size:
            scale = min(drawing.size[0] / shown.width, drawing.size[1] / shown.height)
            shown = shown.resize((max(1, round(shown.width * scale)), max(1, round(shown.height * scale))))
        if media == JPEG:
            shown.save(out, format="JPEG", quality=drawing.quality)
        else:
            shown.save(out, format="PNG")
    return out.getvalue()


def _window(words: str) -> str:
    if not words:
        return ""
    parts = words.split(",")
    try:
        centre, width = float(parts[0]), float(parts[1])
        function = FUNCTIONS[parts[2].lower()] if len(parts) > 2 else "LINEAR"
    except (ValueError, IndexError, KeyError) as error:
        raise BadRequest("`window` is centre,width,function with linear, linear-exact or sigmoid.") from error
    if not (math.isfinite(centre) and math.isfinite(width) and width > 0 and len(parts) <= 3):
        raise BadRequest("`window` has a finite centre and a width above nought.")
    return f"{centre:g},{width:g},{function}"


def _viewport(words: str) -> tuple[tuple[int, int] | None, tuple[int, int, int, int] | None]:
    if not words:
        return None, None
    try:
        width, height, *rest = (int(word) for word in words.split(","))
    except ValueError as error:
        raise BadRequest("`viewport` is width,height or width,height,left,top,columns,rows in pixels.") from error
    if not (0 < width <= LARGEST and 0 < height <= LARGEST and len(rest) in {0, 4}):
        raise BadRequest(f"`viewport` has sides of 1 to {LARGEST} pixels, and four numbers for a region or none.")
    if rest and (min(rest) < 0 or min(rest[2:]) == 0 or max(rest) > LARGEST * LARGEST):
        raise BadRequest("The region of `viewport` lies outside of every image.")
    return (width, height), (rest[0], rest[1], rest[2], rest[3]) if rest else None


def _box(region: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top, columns, rows = region
    if left >= size[0] or top >= size[1]:
        raise BadRequest("The region of `viewport` lies outside of the image.")
    return left, top, min(size[0], left + columns), min(size[1], top + rows)
