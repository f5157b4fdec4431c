"""Outlines as DICOM segmentations (PS3.3 A.51): a segment a finding, on the slices that it was outlined on.

Whoever outlined: `build_segments` is told the algorithm's, `draw_segments` anybody's.

highdicom places the frames. It is handed single-frame stand-ins of the slices, whatever they are frames of, and the
references to the stand-ins are then made references to the stored objects.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from django.conf import settings
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from webapp.imaging.archive.models import Instance
from webapp.imaging.dicom_objects.codes import ABNORMAL, LONGEST, algorithm_item, colour_of, label_code
from webapp.imaging.dicom_objects.finding_annotations import (
    AnnotatedFinding,
    Outlined,
    OutlinedSlice,
    Place,
    mask_read,
    place_of,
)
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.dicom_objects.source_images import Geometry, Sources
from webapp.imaging.dicom_objects.uids import Identified, Identity, remove_randomness, tracking_uid
from webapp.imaging.inference.models import Run

#: Directions and spacings are equal, and places are one, that differ in no more than these digits (mm).
DIGITS, PLACE_DIGITS = 4, 3


@dataclass(frozen=True, eq=False)
class MarkedSlice:
    """A slice that something was outlined on."""

    instance: Instance
    frame: int
    geometry: Geometry | None

    @property
    def place(self) -> Place:
        """Object and frame."""
        return self.instance.pk, self.frame

    @cached_property
    def depth(self) -> float:
        """How far along the stack's normal it lies."""
        return round(self.geometry.along, PLACE_DIGITS) if self.geometry else 0.0


@dataclass(eq=False)
class Stack:
    """Slices in the order in which they lie."""

    slices: list[MarkedSlice] = field(default_factory=list)
    taken: set[float] = field(default_factory=set)

    def add(self, one: MarkedSlice) -> None:
        """Add a slice at a place that is still free."""
        self.slices.append(one)
        self.taken.add(one.depth)


def build_stacks(findings: Sequence[Outlined], sources: Sources) -> list[Stack]:
    """Sort the outlined slices into stacks.

    Slices without a geometry (projection, capture) stand alone; those of several times or echoes at one place come
    to lie in a stack each.
    """
    stacks: dict[object, list[Stack]] = {}
    for one in _slices(findings, sources):
        alike = stacks.setdefault(_kind(one), [])
        free = next((stack for stack in alike if one.depth not in stack.taken), None)
        if free is None:
            alike.append(free := Stack())
        free.add(one)
    made = [stack for alike in stacks.values() for stack in alike]
    for stack in made:
        stack.slices.sort(key=lambda one: one.depth)
    return made


def _slices(findings: Sequence[Outlined], sources: Sources) -> list[MarkedSlice]:
    marked = {place_of(mark): mark for finding in findings for mark in finding.outlined}
    order = {instance.pk: index for index, instance in enumerate(sources.instances)}
    return [
        MarkedSlice(mark.instance, mark.frame, sources.image(mark.instance).geometry(mark.frame))
        for _, mark in sorted(marked.items(), key=lambda pair: (order[pair[0][0]], pair[0][1]))
    ]


def _kind(one: MarkedSlice) -> object:
    if (lies := one.geometry) is None:
        return one.place
    numbers = (round(number, DIGITS) for number in (*lies.orientation, *lies.spacing))
    return lies.frame_of_reference, one.instance.rows, one.instance.columns, *numbers


#: Segmentations of one stack with more pixels than this are not made: they would take that many bytes of memory.
MOST_PIXELS = 1 << 30
Mask = NDArray[np.bool_]
Found = TypeVar("Found", bound=Outlined)
Found_contra = TypeVar("Found_contra", bound=Outlined, contravariant=True)


class TooLargeError(Exception):
    """The outlines need more memory than housekeeping may take."""


class Drawer(Protocol[Found_contra]):
    """Who outlined, and what the objects say of it."""

    @property
    def content_arguments(self) -> Mapping[str, Any]:
        """Type and content of the objects, as highdicom takes them."""

    def identity(self, number: int) -> Identified:
        """Return who the object of that number is, from 1."""

    def described(self, number: int, finding: Found_contra) -> SegmentDescription:
        """Return what is segmented."""

    def mask(self, one: OutlinedSlice) -> Mask:
        """Return an outline, shape (rows, columns)."""


@dataclass(frozen=True, eq=False)
class Segment(Generic[Found]):
    """Where a finding's outline went.

    Attributes
    ----------
    frame
        The one frame (from 1) that shows the outline and nothing else; None where there are several, or none such.
    """

    finding: Found
    segmentation: Segmentation
    number: int
    frame: int | None


@dataclass(eq=False)
class _Layer(Generic[Found]):
    """Findings that do not overlap on a stack, in one array of segment numbers (slices, rows, columns)."""

    labels: NDArray[np.uint8]
    findings: list[Found]


@dataclass(frozen=True)
class _Algorithm:
    """The models of a run; `version` counts the answers to its series."""

    run: Run
    version: int

    @property
    def content_arguments(self) -> Mapping[str, Any]:
        is_map = settings.RESULTS_LABEL_MAPS
        return {
            "segmentation_type": SegmentationTypeValues.LABELMAP if is_map else SegmentationTypeValues.BINARY,
            "content_label": "AI_OUTLINES",
            "content_description": "Research use only, not for diagnosis; not verified by a person"[:LONGEST],
        }

    def identity(self, number: int) -> Identity:
        return Identity(self.run, ResultSeries.Kind.SEG, self.version, number)

    def described(self, number: int, finding: AnnotatedFinding) -> SegmentDescription:
        return SegmentDescription(
            segment_number=number,
            segment_label=f"{finding.number}. {finding.row.label_title}"[:LONGEST],
            segmented_property_category=ABNORMAL,
            segmented_property_type=label_code(finding.row),
            algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm_item(finding.outliner, self.run),
            tracking_uid=tracking_uid(self.run, finding.row.order),
            tracking_id=f"Finding {finding.number}",
            display_color=colour_of(finding.row),
        )

    def mask(self, one: OutlinedSlice) -> Mask:
        return mask_read(self.run, one.mask)


def build_segments(
    run: Run, *, findings: list[AnnotatedFinding], sources: Sources, version: int
) -> list[Segment[AnnotatedFinding]]:
    """Build the segmentations of a run, and say where each finding's outline went.

    Raises
    ------
    TooLargeError
        If the outlines need too much memory.
    """
    return draw_segments(findings, sources=sources, drawer=_Algorithm(run, version))


def draw_segments(findings: Sequence[Found], *, sources: Sources, drawer: Drawer[Found]) -> list[Segment[Found]]:
    """Build the segmentations of outlines on one series, and say where each went.

    Raises
    ------
    TooLargeError
        If the outlines need too much memory.
    """
    segments: list[Segment[Found]] = []
    count = 0
    for stack in build_stacks(findings, sources):
        for layer in _layers(drawer, stack, findings):
            count += 1
            segments += _segments(layer, _segmentation(drawer, stack, layer, sources, drawer.identity(count)))
    return segments


def _layers(drawer: Drawer[Found], stack: Stack, findings: Sequence[Found]) -> list[_Layer[Found]]:
    """Spread findings over as few arrays as hold them without overlap."""
    rows, columns = stack.slices[0].instance.rows, stack.slices[0].instance.columns
    index = {one.place: number for number, one in enumerate(stack.slices)}
    layers: list[_Layer[Found]] = []
    for finding in findings:
        masks = {index[place_of(one)]: drawer.mask(one) for one in finding.outlined if place_of(one) in index}
        if not masks:
            continue
        free = (one for one in layers if not any(one.labels[at][mask].any() for at, mask in masks.items()))
        layer = next(free, None)
        if layer is None:
            if (len(layers) + 1) * len(index) * rows * columns > MOST_PIXELS:
                raise TooLargeError
            layers.append(layer := _Layer(np.zeros((len(index), rows, columns), np.uint8), []))
        layer.findings.append(finding)
        for at, mask in masks.items():
            layer.labels[at][mask] = len(layer.findings)
    return layers


def _segmentation(
    drawer: Drawer[Found], stack: Stack, layer: _Layer[Found], sources: Sources, identity: Identified
) -> Segmentation:
    stand_ins = [_stand_in(number, one, stack, sources) for number, one in enumerate(stack.slices)]
    # Slices without this layer's findings would only be empty frames.
    used = [number for number in range(len(stand_ins)) if layer.labels[number].any()]
    made = Segmentation(
        source_images=[stand_ins[number] for number in used],
        pixel_array=layer.labels[used],
        segment_descriptions=[drawer.described(number, one) for number, one in enumerate(layer.findings, start=1)],
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **drawer.content_arguments,
        **identity.arguments,
    )
    _refer_to(made, {f"2.25.{number + 1}": stack.slices[number] for number in used})
    remove_randomness(made, identity)
    return made


def _stand_in(number: int, one: MarkedSlice, stack: Stack, sources: Sources) -> Dataset:
    """Return a slice as an image of one frame; its class asks for no geometry, and takes one where there is one."""
    ds = Dataset()
    ds.update(sources.study)
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, f"2.25.{number + 1}"
    ds.SeriesInstanceUID, ds.Modality = sources.series.series_instance_uid, sources.series.modality
    ds.Rows, ds.Columns = one.instance.rows, one.instance.columns
    if one.geometry and (first := stack.slices[0].geometry):
        ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = first.frame_of_reference, ""
        ds.ImagePositionPatient, ds.ImageOrientationPatient = list(one.geometry.position), list(first.orientation)
        ds.PixelSpacing, ds.SliceThickness = list(first.spacing), first.thickness
        if first.placeholder:
            ds.SpacingBetweenSlices = first.placeholder
    return ds


def _refer_to(made: Segmentation, slices: dict[str, MarkedSlice]) -> None:
    """Turn references to stand-ins into references to what is stored: once an object, or by frame."""
    for group in made.PerFrameFunctionalGroupsSequence:
        for derivation in group.DerivationImageSequence:
            for item in derivation.SourceImageSequence:
                one = slices.get(item.ReferencedSOPInstanceUID)
                if one is None:  # segments of one slice share their item: it is named already
                    continue
                _name(item, one)
                if one.instance.number_of_frames > 1:
                    item.ReferencedFrameNumber = one.frame + 1
    instances = {one.instance.pk: one for one in slices.values()}.values()
    named = [_name(Dataset(), one) for one in instances]
    made.SourceImageSequence = named
    made.ReferencedSeriesSequence[0].ReferencedInstanceSequence = named
    if "FrameOfReferenceUID" not in made:
        made.PatientOrientation = None  # of type 2C where nothing else says how the patient lay


def _name(item: Dataset, one: MarkedSlice) -> Dataset:
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = (
        one.instance.sop_class_uid,
        one.instance.sop_instance_uid,
    )
    return item


def _segments(layer: _Layer[Found], made: Segmentation) -> Iterator[Segment[Found]]:
    for number, finding in enumerate(layer.findings, start=1):
        frames = _frames(made, number, layer)
        yield Segment(finding, made, number, frames[0] if len(frames) == 1 else None)


def _frames(made: Segmentation, number: int, layer: _Layer[Any]) -> list[int]:
    """Return the frames (from 1) that show a segment alone; a label map has none."""
    groups = list(made.PerFrameFunctionalGroupsSequence)
    if made.SegmentationType == SegmentationTypeValues.LABELMAP.value:
        return []
    if len(layer.findings) == 1:  # the segment is then told once for all frames
        return list(range(1, len(groups) + 1))
    named = (group.SegmentIdentificationSequence[0].ReferencedSegmentNumber for group in groups)
    return [at for at, segment in enumerate(named, start=1) if segment == number]
