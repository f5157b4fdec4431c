"""Boxes [x0, y0, x1, y1]: their overlap, and non-maximum suppression."""

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]


def iou(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (area(one) + area(other) - shared)


def area(box: Box) -> float:
    """Return the area of a box; 0 if its corners are in the wrong order."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def ellipse_in(box: Box | None, side: int) -> NDArray[np.bool_]:
    """Return the mask of the ellipse inscribed in a box, shape (side, side); empty without a box, or without area."""
    if box is None or not area(box):
        return np.zeros((side, side), bool)
    x0, y0, x1, y1 = box
    y, x = np.indices((side, side)) + 0.5  # centres of pixels
    across, down = (2 * x - x0 - x1) / (x1 - x0), (2 * y - y0 - y1) / (y1 - y0)
    return np.asarray(across**2 + down**2 <= 1)


def best_boxes(answer: NDArray[np.float32], *, threshold: float, overlap: float = 0.4) -> list[tuple[Box, float]]:
    """Return the boxes in a detector's raw output for one slice, by greedy non-maximum suppression.

    Parameters
    ----------
    answer
        Shape (4 + 1, A): centre x, centre y, width, height in input pixels, and the probability of the single class.
    threshold
        Least probability of a box.
    overlap
        Of two boxes with a larger IoU than this, the less probable one is dropped.

    Returns
    -------
    list of (Box, float)
        Boxes in input pixels with their probabilities, the most probable first.
    """
    x, y, width, height, probability = answer
    kept: list[tuple[Box, float]] = []
    for index in np.argsort(-probability):
        if probability[index] < threshold:
            break
        half_width, half_height = width[index] / 2, height[index] / 2
        box = (
            float(x[index] - half_width),
            float(y[index] - half_height),
            float(x[index] + half_width),
            float(y[index] + half_height),
        )
        if all(iou(box, other) <= overlap for other, _ in kept):
            kept.append((box, float(probability[index])))
    return kept


def score_map(answer: NDArray[np.float32], *, size: int, cells: int = 32) -> NDArray[np.float32]:
    """Return a map of a detector's probabilities: each cell has that of the most probable box centred in it.

    Returns
    -------
    ndarray
        Shape (cells, cells), in [0, 1], over the square input.
    """
    x, y, _, _, probability = answer
    column = np.clip(x / size * cells, 0, cells - 1).astype(int)
    row = np.clip(y / size * cells, 0, cells - 1).astype(int)
    spread = np.zeros((cells, cells), dtype=np.float32)
    np.maximum.at(spread, (row, column), probability)
    return spread
