"""WADO-RS: frames, as data and as pictures (PS3.18 10.4.1.1.3, .4 and .6)."""

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from webapp.exchange.dicomweb.access import open_instances
from webapp.exchange.dicomweb.base import BadRequest, DicomwebView, cached, form_chosen, tag_of, unchanged
from webapp.exchange.dicomweb.frame_fast_path import decision_leave
from webapp.exchange.dicomweb.frames import frame_form, frame_numbers, frames_read, is_as_stored
from webapp.exchange.dicomweb.multipart_writer import Part, multipart, multipart_of_one, single, started
from webapp.exchange.dicomweb.negotiation import JPEG, OCTETS, PNG, Offer
from webapp.exchange.dicomweb.openapi import BYTES, RENDERING
from webapp.exchange.dicomweb.rendering import THUMBNAIL, Drawing, frame_picture, requested_drawing
from webapp.exchange.dicomweb.retrieve_urls import address_of
from webapp.foundation.audit.codes import Code
from webapp.imaging.archive.models import Instance


@extend_schema(tags=["DICOMweb retrieve"])
class FramesView(DicomwebView):
    """Frames of an instance, counted from 1."""

    @extend_schema(responses={(200, OCTETS): BYTES})
    def get(self, request: Request, study: str, series: str, instance: str, frames: str) -> HttpResponseBase:
        """Retrieve frames: as they are stored where that is accepted, else decoded."""
        return frames_answer(request._request, study=study, series=series, instance=instance, frames=frames)


@extend_schema(tags=["DICOMweb retrieve"])
class RenderedView(DicomwebView):
    """A study, a series, an instance, or one frame of it, as pictures."""

    @extend_schema(parameters=RENDERING, responses={(200, JPEG): BYTES, (200, PNG): BYTES})
    def get(
        self, request: Request, study: str, series: str = "", instance: str = "", frames: str = ""
    ) -> HttpResponseBase:
        """Draw every frame through the object's window or another one; of one instance, the first or the one named."""
        if "," in frames:
            raise BadRequest("One frame is drawn at a time.")
        found = open_instances(
            request=request._request, study=study, series=series, instance=instance, code=Code.STUDY_VIEWED
        )
        drawing = requested_drawing(request._request)
        if not instance:
            return pictures_answer(request._request, [one for one in found if one.has_pixels], drawing)
        (number,) = frame_numbers(frames or "1", instance=found[0])
        return picture_answer(request._request, found[0], number, drawing)


@extend_schema(tags=["DICOMweb retrieve"])
class ThumbnailView(DicomwebView):
    """A study, a series, an instance or a frame as a small picture."""

    @extend_schema(parameters=RENDERING[1:2], responses={(200, JPEG): BYTES, (200, PNG): BYTES})
    def get(
        self, request: Request, study: str, series: str = "", instance: str = "", frames: str = ""
    ) -> HttpResponseBase:
        """Draw what is in the middle, small."""
        found = open_instances(
            request=request._request, study=study, series=series, instance=instance, code=Code.STUDY_VIEWED
        )
        images = [one for one in found if one.has_pixels]
        if not images:
            raise Http404
        middle = images[len(images) // 2]
        number = frame_numbers(frames, instance=middle)[0] if frames else middle.number_of_frames // 2
        asked = requested_drawing(request._request)
        return picture_answer(request._request, middle, number, Drawing(size=asked.size or THUMBNAIL))


def frames_answer(request: HttpRequest, *, study: str, series: str, instance: str, frames: str) -> HttpResponseBase:
    """Answer with frames: in a multipart body, or one by itself."""
    (found,) = open_instances(
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
    if len(numbers) == 1 and is_as_stored(found, form):
        decision_leave(request, instance=found, form=form)
    if form.is_multipart and len(numbers) == 1:
        return cached(multipart_of_one(Part(form.content_type, next(read)), media=form.media), tag)
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


def pictures_answer(request: HttpRequest, instances: Sequence[Instance], drawing: Drawing) -> HttpResponseBase:
    """Answer with every frame of several instances as a picture, in a multipart body unless there is only one."""
    frames = [(one, number) for one in instances for number in range(one.number_of_frames)]
    if not frames:
        raise Http404
    several = [Offer(media, is_multipart=True) for media in (JPEG, PNG)]
    form = form_chosen(request, [*several, Offer(JPEG), Offer(PNG)] if len(frames) == 1 else several)
    if not form.is_multipart:
        return picture_answer(request, *frames[0], drawing)
    tag = tag_of("pictures", *((one.sha256, number) for one, number in frames), drawing, form)
    if same := unchanged(request, tag):
        return same
    parts = (
        Part(
            form.media,
            frame_picture(instance=one, number=number, drawing=drawing, media=form.media),
            f"{address_of(request, one)}/frames/{number + 1}/rendered",
        )
        for one, number in frames
    )
    return cached(multipart(started(parts), media=form.media), tag)
