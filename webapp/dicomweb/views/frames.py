"""WADO-RS: frames, as data and as pictures (PS3.18 10.4.1.1.3, .4 and .6)."""

from django.http import Http404, HttpRequest, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from webapp.audit.events import Code
from webapp.dicomweb.accept import JPEG, OCTETS, PNG, Offer
from webapp.dicomweb.access import instances_opened
from webapp.dicomweb.base import BadRequest, DicomwebView, cached, form_chosen, tag_of, unchanged
from webapp.dicomweb.body import Part, multipart, single, started
from webapp.dicomweb.described import BYTES, RENDERING
from webapp.dicomweb.frames import frame_form, frame_numbers, frames_read
from webapp.dicomweb.rendering import THUMBNAIL, Drawing, drawing_asked, frame_picture
from webapp.studies.models import Instance


@extend_schema(tags=["DICOMweb retrieve"])
class FramesView(DicomwebView):
    """Frames of an instance, counted from 1."""

    @extend_schema(responses={(200, OCTETS): BYTES})
    def get(self, request: Request, study: str, series: str, instance: str, frames: str) -> HttpResponseBase:
        """Retrieve frames: as they are stored where that is accepted, else decoded."""
        return frames_answer(request._request, study=study, series=series, instance=instance, frames=frames)


@extend_schema(tags=["DICOMweb retrieve"])
class RenderedView(DicomwebView):
    """An instance, or one frame of it, as a picture."""

    @extend_schema(parameters=RENDERING, responses={(200, JPEG): BYTES, (200, PNG): BYTES})
    def get(self, request: Request, study: str, series: str, instance: str, frames: str = "1") -> HttpResponseBase:
        """Draw a frame, the first where none is named, through the object's window or another one."""
        if "," in frames:
            raise BadRequest("One frame is drawn at a time.")
        (found,) = instances_opened(
            request=request._request, study=study, series=series, instance=instance, code=Code.STUDY_VIEWED
        )
        (number,) = frame_numbers(frames, instance=found)
        return picture_answer(request._request, found, number, drawing_asked(request._request))


@extend_schema(tags=["DICOMweb retrieve"])
class ThumbnailView(DicomwebView):
    """A study, a series, an instance or a frame as a small picture."""

    @extend_schema(parameters=RENDERING[1:2], responses={(200, JPEG): BYTES, (200, PNG): BYTES})
    def get(
        self, request: Request, study: str, series: str = "", instance: str = "", frames: str = ""
    ) -> HttpResponseBase:
        """Draw what is in the middle, small."""
        found = instances_opened(
            request=request._request, study=study, series=series, instance=instance, code=Code.STUDY_VIEWED
        )
        images = [one for one in found if one.has_pixels]
        if not images:
            raise Http404
        middle = images[len(images) // 2]
        number = frame_numbers(frames, instance=middle)[0] if frames else middle.number_of_frames // 2
        asked = drawing_asked(request._request)
        return picture_answer(request._request, middle, number, Drawing(size=asked.size or THUMBNAIL))


def frames_answer(request: HttpRequest, *, study: str, series: str, instance: str, frames: str) -> HttpResponseBase:
    """Answer with frames: in a multipart body, or one by itself."""
    (found,) = instances_opened(
        request=request,
        study=study,
        series=series,
        instance=instance,
        needs=("index__frames",),
        code=Code.STUDY_VIEWED,
    )
    numbers = frame_numbers(frames, instance=found)
    form = frame_form(request=request, instance=found, is_alone=len(numbers) == 1)
    tag = tag_of("frames", found.sha256, numbers, form)
    if same := unchanged(request, tag):
        return same
    read = frames_read(instance=found, numbers=numbers, form=form)
    if form.is_multipart:
        parts = started(Part(form.content_type, frame) for frame in read)
        return cached(multipart(parts, media=form.media), tag)
    return cached(single(request, b"".join(read), content_type=form.content_type, tag=tag), tag)


def picture_answer(request: HttpRequest, instance: Instance, number: int, drawing: Drawing) -> HttpResponseBase:
    """Answer with a frame (from 0) as a picture."""
    form = form_chosen(request, (Offer(JPEG), Offer(PNG)))
    if not instance.has_pixels:
        raise Http404
    tag = tag_of("picture", instance.sha256, number, drawing, form)
    if same := unchanged(request, tag):
        return same
    picture = frame_picture(instance=instance, number=number, drawing=drawing, media=form.media)
    return cached(single(request, picture, content_type=form.media, tag=tag), tag)
