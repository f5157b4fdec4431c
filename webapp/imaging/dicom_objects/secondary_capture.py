"""Slices with the findings drawn in, as Secondary Captures (PS3.3 A.8.1), for viewers that show neither SEG nor SR."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from highdicom.sc import SCImage
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from webapp.imaging.archive.headers import values
from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.finding_annotations import AnnotatedFinding, Place, mask_read, place_of
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.dicom_objects.source_images import Sources
from webapp.imaging.dicom_objects.uids import Identity, remove_randomness
from webapp.imaging.inference.models import Run
from workers import api, storage

#: An image is enlarged by a whole factor until its longer side has at least this many pixels, so that text fits below.
LEAST_SIDE = 512
MARGIN, TEXT, LINE = 10, 15, 20
GROUND, STRIP_COLOUR = "#14181c", "#f7b733"
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, eq=False)
class Drawn:
    """A finding to draw: name, colour (#rrggbb), and optionally a box [x0, y0, x1, y1] in pixels and a mask.

    The mask has the shape (rows, columns).
    """

    name: str
    colour: str
    box: Sequence[float] | None = None
    mask: NDArray[np.bool_] | None = None


def draw_picture(frame: Image.Image, *, marks: Sequence[Drawn], strip: str, aspect: float = 1.0) -> NDArray[np.uint8]:
    """Return a frame with findings drawn in, and their names below it.

    Parameters
    ----------
    frame
        The slice, rendered for display.
    marks
        The findings to draw, in the order in which they are listed below the frame.
    strip
        A sentence that nobody may miss; it comes first below the frame.
    aspect
        Height of a pixel divided by its width; the frame is scaled to square pixels.

    Returns
    -------
    ndarray of uint8
        (rows, columns, 3), RGB.
    """
    factor = max(1, -(-LEAST_SIDE // max(frame.size)))
    scale = factor * max(1.0, 1 / aspect), factor * max(1.0, aspect)
    width, height = round(frame.width * scale[0]), round(frame.height * scale[1])
    font = ImageFont.load_default(TEXT)
    lines = [(STRIP_COLOUR, line) for line in _wrapped(strip, font, max(width, LEAST_SIDE) - 2 * MARGIN)]
    for mark in marks:
        lines += [(mark.colour, line) for line in _wrapped(mark.name, font, max(width, LEAST_SIDE) - 2 * MARGIN)]
    canvas = Image.new("RGB", (max(width, LEAST_SIDE), height + LINE * len(lines) + 2 * MARGIN), GROUND)
    canvas.paste(frame.convert("RGB").resize((width, height), Image.Resampling.NEAREST))
    draw = ImageDraw.Draw(canvas)
    for number, mark in enumerate(marks, start=1):
        _mark(canvas, draw, mark, number, scale, font)
    for number, (colour, line) in enumerate(lines):
        draw.text((MARGIN, height + MARGIN + LINE * number), line, fill=colour, font=font)
    return np.asarray(canvas)


def _mark(
    canvas: Image.Image, draw: ImageDraw.ImageDraw, mark: Drawn, number: int, scale: tuple[float, float], font: Font
) -> None:
    if mark.mask is not None:
        size = round(mark.mask.shape[1] * scale[0]), round(mark.mask.shape[0] * scale[1])
        area = Image.fromarray(mark.mask).convert("L").resize(size, Image.Resampling.NEAREST)
        edge = np.asarray(area) & ~np.asarray(area.filter(ImageFilter.MinFilter(5)))
        canvas.paste(mark.colour, (0, 0), Image.fromarray(edge))
    if mark.box is not None:
        x0, y0, x1, y1 = (round(edge * scale[at % 2]) for at, edge in enumerate(mark.box))
        draw.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=mark.colour, width=2)
        draw.text((x0, max(0, y0 - LINE)), str(number), fill=mark.colour, font=font)


def _wrapped(words: str, font: Font, width: int) -> list[str]:
    """Break a sentence into lines that are no wider than `width` pixels."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


#: Most slices drawn for a run: those on which the most urgent findings are clearest. The report lists all findings.
MOST = 6
STRIP = "Readroom AI marks. Research use, not for diagnosis. Unverified."
GREY = "#9aa7b4"


def build_captures(run: Run, *, findings: list[AnnotatedFinding], sources: Sources, version: int) -> list[SCImage]:
    """Return captures of the slices on which findings are clearest, each with all findings on that slice.

    Raises
    ------
    workers.api.Refused
        If a stored image cannot be rendered.
    """
    places = list(dict.fromkeys(finding.clearest for finding in findings))[:MOST]
    images = {finding.clearest: finding.row.instance for finding in findings}
    return [
        _capture(run, images[place], place, findings, sources, Identity(run, ResultSeries.Kind.SC, version, number))
        for number, place in enumerate(places, start=1)
    ]


def _capture(
    run: Run,
    instance: Instance,
    place: Place,
    findings: list[AnnotatedFinding],
    sources: Sources,
    identity: Identity,
) -> SCImage:
    study = sources.study
    slices = sum(one.number_of_frames for one in sources.instances)
    where = f"Slice {_number(sources, place)} of {slices}. " if slices > 1 else ""
    lies = sources.image(instance).geometry(place[1])
    with _frame(instance, place[1]) as frame:
        pixels = draw_picture(
            frame,
            marks=_marks(run, place, findings),
            strip=f"{where}{STRIP}",
            aspect=lies.spacing[0] / lies.spacing[1] if lies else 1.0,
        )
    made = SCImage(
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "P"),  # highdicom requires it; emptied below
        study_instance_uid=study.StudyInstanceUID,
        patient_id=study.PatientID,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **identity.arguments,
    )
    made.update(study)
    # Both are type 2C and may be empty: the letters would hold for the image, but not for the text below it.
    for keyword in ("Laterality", "PatientOrientation"):
        setattr(made, keyword, None)
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.DerivationDescription = "Marks and words drawn in by Readroom; not for measuring"
    made.SourceImageSequence = [_reference(instance, place[1])]
    if stated := values(sources.image(instance).header, "BurnedInAnnotation"):
        made.BurnedInAnnotation = stated[0]  # the source's value: the text added here identifies nobody
    remove_randomness(made, identity)
    return made


def _marks(run: Run, place: Place, findings: list[AnnotatedFinding]) -> list[Drawn]:
    drawn: list[Drawn] = []
    for finding in findings:
        row = finding.row
        mark = next((mark for mark in finding.marks if place_of(mark) == place), None)
        if mark is None and (finding.marks or finding.clearest != place):
            continue
        experimental = ", experimental" if row.experimental else ""
        whole = "" if mark else ", judged by the whole slice"
        drawn.append(
            Drawn(
                name=f"{len(drawn) + 1}. {row.label_title}, {row.probability:.0%}{whole} "
                f"({finding.stage.model} {finding.stage.version}{experimental})",
                colour=row.colour or GREY,
                box=mark.box if mark else None,
                mask=mask_read(run, mark.mask) if mark and mark.mask else None,
            )
        )
    return drawn


@contextmanager
def _frame(instance: Instance, frame: int) -> Iterator[Image.Image]:
    """Yield a frame, rendered for display by the reader process."""
    drawn = storage.temporary()
    try:
        api.draw(storage.object_path(instance.sha256), frame=frame, out=drawn)
        with Image.open(drawn, formats=("PNG",)) as picture:
            yield picture
    finally:
        drawn.unlink(missing_ok=True)


def _number(sources: Sources, place: Place) -> int:
    """Return the number of the slice within its series, from 1."""
    before = 0
    for instance in sources.instances:
        if instance.pk == place[0]:
            break
        before += instance.number_of_frames
    return before + place[1] + 1


def _reference(instance: Instance, frame: int) -> Dataset:
    ds = Dataset()
    ds.ReferencedSOPClassUID, ds.ReferencedSOPInstanceUID = instance.sop_class_uid, instance.sop_instance_uid
    if instance.number_of_frames > 1:
        ds.ReferencedFrameNumber = frame + 1
    return ds
