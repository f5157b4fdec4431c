"""The outline of a mask on one slice as polygons, and the measurements from it."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist, squareform
from skimage.measure import find_contours

Points = NDArray[np.float64]  # shape (n, 2): along the columns (down), along the rows (across)


def contours(mask: NDArray[np.bool_], size: tuple[float, float]) -> list[Points]:
    """Return the closed outlines of a mask and its holes, in the unit of `size`, by marching squares.

    They run half a pixel outside the centres of the outermost pixels, so a single pixel is one pixel wide.
    """
    padded = np.pad(mask.astype(np.float64), 1)
    return [np.asarray((found - 1) * size) for found in find_contours(padded, 0.5)]


def hull_of(outlines: list[Points]) -> Points:
    """Return the corners of the convex hull, in order."""
    points = np.concatenate(outlines)
    return np.asarray(points[ConvexHull(points).vertices])


def diameters(hull: Points) -> tuple[float, float]:
    """Return the longest diameter, and the longest diameter perpendicular to it (RECIST 1.1; WHO 1979).

    Both run from edge to edge of the convex hull, as a reader measures a lesion with concavities.
    """
    distances = squareform(pdist(hull))
    start, end = np.unravel_index(distances.argmax(), distances.shape)
    longest = float(distances[start, end])
    along = (hull[end] - hull[start]) / longest
    turned = np.column_stack([hull @ along, hull @ [-along[1], along[0]]])
    return longest, _tallest(turned)


def _tallest(polygon: Points) -> float:
    """Return the longest vertical chord of a convex polygon (n, 2): x, y.

    The chord's length is piecewise linear between corners, so the longest chord passes through a corner.
    """
    first, last = int(polygon[:, 0].argmin()), int(polygon[:, 0].argmax())
    walked = np.roll(polygon, -first, axis=0)
    split = (last - first) % len(polygon)
    one, other = walked[: split + 1], np.vstack([walked[split:], walked[:1]])[::-1]
    at = polygon[:, 0]
    heights = np.interp(at, one[:, 0], one[:, 1]) - np.interp(at, other[:, 0], other[:, 1])
    return float(np.abs(heights).max())


def area_of(polygon: Points) -> float:
    """Return the signed area of a closed polygon; that of a hole has the opposite sign."""
    down, across = polygon[:, 0], polygon[:, 1]
    return float(np.dot(down[:-1], across[1:]) - np.dot(across[:-1], down[1:])) / 2


def length_of(polygon: Points) -> float:
    """Return the length of a polyline."""
    return float(np.linalg.norm(np.diff(polygon, axis=0), axis=1).sum())
