"""From a picture and an outline to named numbers: shape, place, grey values inside and round it, texture.

Pictures are not calibrated, so that every number is a ratio, or counts in standard deviations of the picture.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import graycomatrix, graycoprops

from ml.cascade.measurements.intensity import intensity_features
from ml.cascade.measurements.outline import contours, diameters, hull_of
from ml.cascade.measurements.shape import flat_features

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Features = dict[str, float]
#: Of fewer pixels neither a shape nor a texture can be told.
LEAST_PIXELS = 24
#: What is darker is the air round the patient.
BACKGROUND = 20
#: Width of the ring round an outline, as part of the root of its area, and in pixels at least.
RING, LEAST_RING = 0.25, 2
#: How far off a grey value still counts for the slope of the edge, in pixels.
EDGE_REACH = 5
#: Grey levels of the co-occurrence matrix over the lesion's own range (IBSI: fixed bin number).
LEVELS = 16
SHAPES = frozenset({"circularity", "solidity", "elongation", "diameter_ratio"})
TEXTURES = ("contrast", "homogeneity", "energy", "correlation")
_ANGLES = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)


def features_of(picture: Grey, mask: Mask, *, with_shape: bool = True) -> Features | None:
    """Measure an outlined lesion.

    Parameters
    ----------
    picture, mask
        Shape (rows, columns) alike; lengths are told in relation to each other, texture and ring in pixels: pictures
        of one size are to be compared.
    with_shape
        Whether its shape is measured too: a model that does not weigh it need not wait for it.

    Returns
    -------
    dict or None
        Number by name, in a fixed order; None where the outline is empty or too small to be measured.
    """
    if np.count_nonzero(mask) < LEAST_PIXELS:
        return None
    body = _body(picture)
    shape = _shape(mask) if with_shape else ()
    return dict([*shape, *_place(body, mask), *_greys(picture, body, mask), *_texture(picture, mask)])


def _shape(mask: Mask) -> Iterator[tuple[str, float]]:
    for one in flat_features(mask, (1.0, 1.0)):
        yield one.name, one.value
    longest, perpendicular = diameters(hull_of(contours(mask, (1.0, 1.0))))
    yield "diameter_ratio", perpendicular / longest


def _place(body: Mask, mask: Mask) -> Iterator[tuple[str, float]]:
    yield "relative_area", float(mask.sum() / body.sum())
    middles = np.subtract(*(np.argwhere(part).mean(axis=0) for part in (mask, body)))
    yield "off_centre", float(np.linalg.norm(middles) / np.sqrt(body.sum()))


def _greys(picture: Grey, body: Mask, mask: Mask) -> Iterator[tuple[str, float]]:
    """Yield first-order features; brightness counts from the picture's mean, in its standard deviations."""
    of_body = picture[body].astype(np.float64)
    near = _near(mask)
    levelled, mask = (picture[near] - of_body.mean()) / max(float(of_body.std()), 1.0), mask[near]
    inside, ring = levelled[mask], levelled[_ring(mask)]
    yield "brightness", float(inside.mean())
    yield "spread", float(inside.std())
    yield "darkest_tenth", float(np.percentile(inside, 10))
    yield "brightest_tenth", float(np.percentile(inside, 90))
    for one in intensity_features(picture[near][mask]):
        if one.name in {"skewness", "kurtosis", "entropy"}:
            yield one.name, one.value
    yield "ring_brightness", float(ring.mean())
    yield "ring_spread", float(ring.std())
    yield "ring_contrast", float(inside.mean() - ring.mean())
    edge = mask ^ ndimage.binary_erosion(mask)
    yield "edge_steepness", float(ndimage.gaussian_gradient_magnitude(levelled, 1.0)[edge].mean())


def _texture(picture: Grey, mask: Mask) -> Iterator[tuple[str, float]]:
    """Yield features of the co-occurrence of neighbouring grey levels, both inside (Haralick 1973), over four ways."""
    inside = picture[mask].astype(np.float64)
    span = max(float(np.ptp(inside)), 1.0)
    levels = np.zeros(mask.shape, np.uint8)  # 0 is outside, and struck out of the matrix
    levels[mask] = 1 + np.minimum((inside - inside.min()) / span * LEVELS, LEVELS - 1).astype(np.uint8)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    part = levels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    matrix = graycomatrix(part, [1], _ANGLES, levels=LEVELS + 1, symmetric=True)[1:, 1:]
    for name in TEXTURES:
        yield f"texture_{name}", float(graycoprops(matrix, name).mean())


def _body(picture: Grey) -> Mask:
    """Return the patient's part of the picture; all of it where everything is dark."""
    body: Mask = ndimage.binary_fill_holes(picture > BACKGROUND)
    return body if body.any() else np.ones(picture.shape, bool)


def _near(mask: Mask) -> tuple[slice, slice]:
    """Return the part of the picture that a lesion, its ring and the slope of its edge need: the rest costs time."""
    room = max(_ring_width(mask), EDGE_REACH) + 2
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(max(0, rows[0] - room), rows[-1] + 1 + room), slice(max(0, columns[0] - room), columns[-1] + 1 + room)


def _ring_width(mask: Mask) -> int:
    return max(LEAST_RING, round(RING * float(np.sqrt(mask.sum()))))


def _ring(mask: Mask) -> Mask:
    """Return what lies round an outline, a pixel away from it; the whole picture where the outline fills it."""
    away = ndimage.distance_transform_edt(~mask)
    ring: Mask = (away > 1) & (away <= 1 + _ring_width(mask))
    return ring if ring.any() else np.ones(mask.shape, bool)
