"""Features of an outlined lesion in an image: shape, position, grey values inside and around it, texture.

Images need not be calibrated: every feature is a ratio, or is in units of the image's standard deviation.
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
#: Least number of pixels for which shape and texture can be computed.
LEAST_PIXELS = 24
#: Highest grey value of the air around the patient.
BACKGROUND = 20
#: Width of the ring around an outline as a fraction of the square root of its area, and its minimum in pixels.
RING, LEAST_RING = 0.25, 2
#: Distance in pixels up to which grey values influence the gradient at the edge.
EDGE_REACH = 5
#: Number of grey levels of the co-occurrence matrix, over the lesion's own range (IBSI: fixed bin number).
LEVELS = 16
SHAPES = frozenset({"circularity", "solidity", "elongation", "diameter_ratio"})
TEXTURES = ("contrast", "homogeneity", "energy", "correlation")
_ANGLES = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)


def features_of(picture: Grey, mask: Mask, *, with_shape: bool = True) -> Features | None:
    """Return the features of an outlined lesion.

    Parameters
    ----------
    picture, mask
        Both of shape (rows, columns). Lengths are relative to each other, but texture and ring are in pixels, so only
        images of the same size should be compared.
    with_shape
        Whether to compute shape features, which cost time; not needed for a model without them.

    Returns
    -------
    dict or None
        Values by name, in a fixed order; None if the outline is empty or too small.
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
    """Yield first-order features; grey values are relative to the body's mean, in its standard deviations."""
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
    """Yield grey level co-occurrence features (Haralick 1973) of neighbours inside, averaged over four directions."""
    inside = picture[mask].astype(np.float64)
    span = max(float(np.ptp(inside)), 1.0)
    levels = np.zeros(mask.shape, np.uint8)  # 0 is outside, and is removed from the matrix
    levels[mask] = 1 + np.minimum((inside - inside.min()) / span * LEVELS, LEVELS - 1).astype(np.uint8)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    part = levels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    matrix = graycomatrix(part, [1], _ANGLES, levels=LEVELS + 1, symmetric=True)[1:, 1:]
    for name in TEXTURES:
        yield f"texture_{name}", float(graycoprops(matrix, name).mean())


def _body(picture: Grey) -> Mask:
    """Return the mask of the body in the image; the whole image if all of it is dark."""
    body: Mask = ndimage.binary_fill_holes(picture > BACKGROUND)
    return body if body.any() else np.ones(picture.shape, bool)


def _near(mask: Mask) -> tuple[slice, slice]:
    """Return the part of the image needed for a lesion, its ring and the gradient at its edge, to save time."""
    room = max(_ring_width(mask), EDGE_REACH) + 2
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(max(0, rows[0] - room), rows[-1] + 1 + room), slice(max(0, columns[0] - room), columns[-1] + 1 + room)


def _ring_width(mask: Mask) -> int:
    return max(LEAST_RING, round(RING * float(np.sqrt(mask.sum()))))


def _ring(mask: Mask) -> Mask:
    """Return the ring around an outline, one pixel away from it; the whole image if the outline fills it."""
    away = ndimage.distance_transform_edt(~mask)
    ring: Mask = (away > 1) & (away <= 1 + _ring_width(mask))
    return ring if ring.any() else np.ones(mask.shape, bool)
