"""Where a network looks: its maps, what is left of them when its weights are shuffled, and where they point."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import nn

from ml.cascade.boxes import score_map
from ml.cascade.prepare import Placement
from ml.cascade.weights import ModelRow
from ml.lab.data import Picture
from ml.lab.train.detector import boxes_in_square
from ml.lab.train.tensors import as_input

Maps = NDArray[np.float32]
BATCH = 16
#: How much of a network is shuffled: everything from so far back, as a share of its layers.
STEPS = {"layers that answer": 0.0, "last quarter of the layers": 0.25, "all layers": 1.0}


@dataclass(frozen=True)
class Question:
    """What a map is asked to explain.

    Attributes
    ----------
    head
        Of a classifier; empty for a detector or a segmenter, which have one map.
    labels
        Number of the label whose map is meant, for each picture, shape (N,).
    """

    head: str
    labels: NDArray[np.intp]


def maps_of(module: nn.Module, row: ModelRow, squares: NDArray[np.uint8], question: Question) -> Maps:
    """Maps (N, h, w) of prepared pictures (N, S, S): class activation, score or mask map, as the page shows them.

    Parameters
    ----------
    row
        Names the module's outputs, and its kind.
    """
    parts: list[Maps] = []
    with torch.inference_mode():
        for start in range(0, len(squares), BATCH):
            values = module(as_input(squares[start : start + BATCH]))
            outputs = dict(zip(row.outputs, (value.float().numpy() for value in values), strict=True))
            if row.kind == "detect":
                parts.append(np.stack([score_map(answer, size=row.size) for answer in outputs["boxes"]]))
            elif row.kind == "segment":
                parts.append(outputs["mask"][:, 0])
            else:
                labels = question.labels[start : start + BATCH]
                parts.append(outputs[f"{question.head}_map"][np.arange(len(labels)), labels])
    return np.concatenate(parts)


def weights_shuffled(module: nn.Module, share: float, *, last: int, seed: int) -> None:
    """Shuffle each layer's weights among themselves, from the output back (Adebayo et al. 2018, cascading).

    Shuffled, not drawn anew: a layer keeps its scale, so that what follows still works on numbers of its kind, and
    a map that loses its shape has lost what was learnt, not its range.

    Parameters
    ----------
    share
        Of the layers with weights; 0 shuffles the `last` ones alone.
    """
    generator = torch.Generator().manual_seed(seed)
    kinds = (nn.Conv2d, nn.Linear, nn.ConvTranspose2d)
    layers = [one for one in module.modules() if isinstance(one, kinds) and one.weight.requires_grad]
    for layer in layers[-max(last, round(share * len(layers))) :]:
        values = layer.weight.data.flatten()
        layer.weight.data = values[torch.randperm(len(values), generator=generator)].view_as(layer.weight)


def likeness(before: Maps, after: Maps) -> NDArray[np.float64]:
    """Spearman's rank correlation of each picture's map before and after, shape (N,), -1 to 1.

    A map that did not change at all counts 1, whatever it shows; one that became flat counts 0.
    """
    found = np.zeros(len(before))
    for index, (first, second) in enumerate(zip(before, after, strict=True)):
        if np.array_equal(first, second):
            found[index] = 1.0
        elif np.ptp(first) > 0 and np.ptp(second) > 0:
            found[index] = float(stats.spearmanr(first.ravel(), second.ravel()).statistic)
    return found


def pointed(maps: Maps, size: int) -> NDArray[np.float64]:
    """Where each map is highest, as x, y in pixels of the square input, shape (N, 2): the middle of that cell."""
    count, rows, columns = maps.shape
    row, column = np.unravel_index(maps.reshape(count, -1).argmax(1), (rows, columns))
    return np.stack([(column + 0.5) / columns * size, (row + 0.5) / rows * size], axis=1)


def points_hit(
    points: NDArray[np.float64], pictures: Sequence[Picture], placements: Sequence[Placement]
) -> NDArray[np.bool_]:
    """Whether each point lies in one of its picture's drawn boxes, shape (N,) (Zhang et al. 2018)."""
    hits = []
    for (x, y), picture, placement in zip(points, pictures, placements, strict=True):
        boxes = boxes_in_square(picture, placement)
        inside = (boxes[:, 0] <= x) & (x < boxes[:, 2]) & (boxes[:, 1] <= y) & (y < boxes[:, 3])
        hits.append(bool(inside.any()))
    return np.array(hits, bool)


def boxed_share(pictures: Sequence[Picture], placements: Sequence[Placement]) -> NDArray[np.float64]:
    """Share of each picture's area that its drawn boxes cover: what a point thrown blindly hits, shape (N,)."""
    shares = []
    for picture, placement in zip(pictures, placements, strict=True):
        covered = np.zeros((placement.height, placement.width), bool)
        for x0, y0, x1, y1 in picture.boxes:
            covered[round(y0) : round(y1), round(x0) : round(x1)] = True
        shares.append(float(covered.mean()))
    return np.array(shares)
