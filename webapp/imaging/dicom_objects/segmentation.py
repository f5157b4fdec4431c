"""Outlines as DICOM segmentations (PS3.3 A.51): one segment for each finding, on the slices on which it is outlined.

`build_segments` builds those of a run, `draw_segments` those of any source of outlines.

highdicom arranges the frames. It is given a single-frame stand-in for each slice, even for frames of multi-frame
objects; the references to the stand-ins are then replaced by references to the stored objects.
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

#: Decimal places to which directions and spacings, and positions along the normal, must agree to count as equal (mm).
DIGITS, PLACE_DIGITS = 4, 3


@dataclass(frozen=True, eq=False)
class MarkedSlice:
    """A slice on which something is outlined."""

    instance: Instance
    frame: int
    geometry: Geometry | None

    @property
    def place(self) -> Place:
        """The slice's instance id and frame."""
        return self.instance.pk, self.frame

    @cached_property
    def depth(self) -> float:
        """Its position along the stack's normal, in mm."""
        return round(self.geometry.along, PLACE_DIGITS) if self.geometry else 0.0


@dataclass(eq=False)
class Stack:
    """Parallel slices in spatial order."""

    slices: list[MarkedSlice] = field(default_factory=list)
    taken: set[float] = field(default_factory=set)

    def add(self, one: MarkedSlice) -> None:
        """Add a slice at a position that is still free."""
        self.slices.append(one)
        self.taken.add(one.depth)


def build_stacks(findings: Sequence[Outlined], sources: Sources) -> list[Stack]:
    """Return the outlined slices, sorted into stacks.

    A slice without geometry (projection, capture) gets a stack of its own; slices at the same position (several time
    points or echoes) go into different stacks.
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


#: Most pixels of the segmentations of one stack; each takes one byte of memory.
MOST_PIXELS = 1 << 30
Mask = NDArray[np.bool_]
Found = TypeVar("Found", bound=Outlined)
Found_contra = TypeVar("Found_contra", bound=Outlined, contravariant=True)


class TooLargeError(Exception):
    """The outlines need more memory than housekeeping may use."""


class Drawer(Protocol[Found_contra]):
    """The source of outlines, and what the objects state about it."""

    @property
    def content_arguments(self) -> Mapping[str, Any]:
        """Segmentation type and content identification, as highdicom arguments."""

    def identity(self, number: int) -> Identified:
        """Return the identity of the object with that number, from 1."""

    def described(self, number: int, finding: Found_contra) -> SegmentDescription:
        """Return the description of a segment, numbered from 1 within its object."""

    def mask(self, one: OutlinedSlice) -> Mask:
        """Return an outline, shape (rows, columns)."""


@dataclass(frozen=True, eq=False)
class Segment(Generic[Found]):
    """The segment that holds a finding's outline.

    Attributes
    ----------
    frame
        The frame (from 1) that shows this outline alone; None if there are several such frames, or none.
    """

    finding: Found
    segmentation: Segmentation
    number: int
    frame: int | None


@dataclass(eq=False)
class _Layer(Generic[Found]):
    """Findings of a stack that do not overlap, in one array of segment numbers, shape (slices, rows, columns)."""

    labels: NDArray[np.uint8]
    findings: list[Found]


@dataclass(frozen=True)
class _Algorithm:
    """The models of a run as the source of outlines; `version` is that of the `Identity`."""

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
    """Return the segmentations of a run, as one segment for each outlined finding and stack.

    Raises
    ------
    TooLargeError
        If the outlines need too much memory.
    """
    return draw_segments(findings, sources=sources, drawer=_Algorithm(run, version))


def draw_segments(findings: Sequence[Found], *, sources: Sources, drawer: Drawer[Found]) -> list[Segment[Found]]:
    """Return the segmentations of outlines on one series, as one segment for each outlined finding and stack.

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
    """Return the findings of a stack, distributed over layers without overlap."""
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
    """Return a single-frame stand-in for a slice; its SOP class requires no geometry, and allows one."""
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
    """Replace references to stand-ins by references to the stored objects, with frame numbers for multi-frame ones."""
    for group in made.PerFrameFunctionalGroupsSequence:
        for derivation in group.DerivationImageSequence:
            for item in derivation.SourceImageSequence:
                one = slices.get(item.ReferencedSOPInstanceUID)
                if one is None:  # segments of one slice share their item, which is already replaced
                    continue
                _name(item, one)
                if one.instance.number_of_frames > 1:
                    item.ReferencedFrameNumber = one.frame + 1
    instances = {one.instance.pk: one for one in slices.values()}.values()
    named = [_name(Dataset(), one) for one in instances]
    made.SourceImageSequence = named
    made.ReferencedSeriesSequence[0].ReferencedInstanceSequence = named
    if "FrameOfReferenceUID" not in made:
        made.PatientOrientation = None  # type 2C: required, if need be empty, without a frame of reference


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
    """Return the frames (from 1) that show one segment alone; a label map has none."""
    groups = list(made.PerFrameFunctionalGroupsSequence)
    if made.SegmentationType == SegmentationTypeValues.LABELMAP.value:
        return []
    if len(layer.findings) == 1:  # the segment number is then in the shared functional groups
        return list(range(1, len(groups) + 1))
    named = (group.SegmentIdentificationSequence[0].ReferencedSegmentNumber for group in groups)
    return [at for at, segment in enumerate(named, start=1) if segment == number]
