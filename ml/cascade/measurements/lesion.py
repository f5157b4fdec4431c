"""All measurements of one lesion."""

from collections.abc import Iterator

from ml.cascade.measurements.figures import figure
from ml.cascade.measurements.intensity import intensity_features
from ml.cascade.measurements.outline import contours, diameters, hull_of
from ml.cascade.measurements.shape import flat_features, solid_features
from ml.cascade.measurements.stack import Stack
from ml.schemas import FigureAnswer, MeasuresAnswer


def lesion_measured(whole: Stack) -> MeasuresAnswer:
    """Return the measurements of a lesion.

    Parameters
    ----------
    whole
        The lesion's masks, with at least one pixel set.

    Returns
    -------
    MeasuresAnswer
        Sizes first, then grey values, then shape. Lengths are in mm if the header of every slice calibrates it,
        otherwise in pixels. Volume and 3D shape also need several evenly spaced slices; `notes` say what is missing and
        why.
    """
    stack = whole.cropped()
    gap, why_not = stack.gap()
    notes = [note for note in (stack.grid.note, why_not) if note]
    return MeasuresAnswer(
        is_calibrated=stack.is_calibrated,
        slices=len(stack.outlined),
        notes=notes,
        figures=[*_sizes(stack, gap), *intensity_features(stack.greys[stack.masks]), *_shape(stack, gap)],
    )


def _sizes(stack: Stack, gap: float | None) -> Iterator[FigureAnswer]:
    unit, size = "mm" if stack.is_calibrated else "px", stack.grid.size
    hulls = [hull_of(contours(stack.masks[number], size)) for number in stack.outlined]
    longest, perpendicular = max(diameters(hull) for hull in hulls)
    yield from figure("longest_diameter", longest, unit)
    yield from figure("perpendicular_diameter", perpendicular, unit)
    areas = stack.masks.sum(axis=(1, 2)) * (size[0] * size[1])
    yield from figure("largest_area", areas.max(), f"{unit}2")
    if gap is not None:
        # One slab per outlined slice: the approximate volume by voxel counting (IBSI YEKZ).
        yield from figure("volume", areas.sum() * gap, "mm3", ibsi="YEKZ")


def _shape(stack: Stack, gap: float | None) -> Iterator[FigureAnswer]:
    if gap is not None:
        return solid_features(stack.masks, (gap, *stack.grid.size))
    largest = max(stack.outlined, key=lambda number: stack.masks[number].sum())
    return flat_features(stack.masks[largest], stack.grid.size)
