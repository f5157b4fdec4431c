"""How far is too far: a gate fitted on training features, its limit chosen on the validation split."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.cascade.ood.distances import DISTANCES, Features
from ml.cascade.ood.model import GateModel
from ml.cascade.runtime import Network
from ml.lab.data import Picture, squares_read
from ml.lab.evaluate.inference import answered
from ml.lab.evaluate.thresholds import softmax
from ml.lab.ood.fit import Fitted, fit
from ml.lab.train.config import Config
from ml.lab.train.heads import teaching
from ml.lab.train.slice_sampling import cuts_read
from ml.lab.train.splits import seen

#: Share of the validation pictures that both witnesses together let pass.
KEPT = 0.95
#: Pictures of a class and collection that a gate is fitted on: more of the common ones would drown the rare.
EACH = 150
#: The way of measuring that ships; the table of `ml.lab.evaluate.gate` is why.
METHOD = "mahalanobis"
FEATURES, SCOPE = "features", "scope"

Squares = NDArray[np.uint8]


@dataclass(frozen=True)
class Witnesses:
    """What a classifier makes of many pictures, as far as the gate cares.

    Attributes
    ----------
    features
        Shape (N, F).
    medical
        Calibrated probability of the scope head's first label, shape (N,); ones without such a head.
    logits
        Of the first head, shape (N, C).
    """

    features: Features
    medical: NDArray[np.float64]
    logits: NDArray[np.float64]


def witnesses(network: Network, squares: Squares) -> Witnesses:
    """Ask a network about prepared pictures (N, S, S).

    Raises
    ------
    ValueError
        If the network does not give its features.
    """
    row = network.row
    if FEATURES not in row.outputs:
        raise ValueError(f"{row.name} {row.version} does not give its features, which a gate needs.")
    outputs = answered(network, squares)
    medical = np.ones(len(squares))
    if SCOPE in row.labels:
        medical = softmax(outputs[SCOPE].astype(np.float64), row.temperature.get(SCOPE, 1.0))[:, 0]
    first = next(iter(row.labels))
    return Witnesses(outputs[FEATURES].astype(np.float32), medical, outputs[first].astype(np.float64))


def taught_pictures(config: Config, folder: Path, pictures: Sequence[Picture]) -> tuple[Squares, list[Picture]]:
    """The pictures that a gate is fitted on: what the classifier learnt from, some of each class, as it saw them.

    Slices cut from whole series are among them.
    """
    taught = teaching(seen(pictures, config, "train"), config.heads)
    chosen = [taught[index] for index in _some_of_each(taught, config.seed)]
    squares, _ = squares_read(folder, chosen, size=config.size)
    series = [name for name in config.options.get("cuts", []) if name not in config.without]
    if not series:
        return squares, chosen
    cut, rows = cuts_read(folder, series, size=config.size, seed=config.seed)
    at = _some_of_each(rows, config.seed)
    return np.concatenate([squares, cut[at]]), [*chosen, *(rows[index] for index in at)]


def _some_of_each(pictures: Sequence[Picture], seed: int) -> list[int]:
    """Numbers of at most `EACH` pictures of a class and collection, in order."""
    counts: Counter[tuple[str, ...]] = Counter()
    found = []
    for index in np.random.default_rng(seed).permutation(len(pictures)):
        picture = pictures[index]
        stratum = (picture.collection, picture.region, picture.plane)
        counts[stratum] += 1
        if counts[stratum] <= EACH:
            found.append(int(index))
    return sorted(found)


def class_numbers(pictures: Sequence[Picture]) -> NDArray[np.intp]:
    """A number for each picture's class: modality, part and plane together, shape (N,)."""
    kinds = [(p.modality, p.region, p.plane) for p in pictures]
    order = {kind: number for number, kind in enumerate(sorted(set(kinds)))}
    return np.array([order[kind] for kind in kinds], np.intp)


def gate_fitted(features: Features, classes: NDArray[np.intp], *, method: str = METHOD) -> GateModel:
    """Fit a gate that lets everything pass; `gate_limited` gives it its limit."""
    arrays: Fitted = fit(features, classes, method=method)
    return GateModel(method, arrays, np.zeros(101, np.float32), np.inf)


def gate_limited(gate: GateModel, checked: Witnesses, *, least_medical: float = 0.0, kept: float = KEPT) -> GateModel:
    """Choose the limit so that the scope head and the gate together let `kept` of the validation pictures pass.

    Parameters
    ----------
    checked
        Of the validation pictures.
    least_medical
        Threshold of the scope head.
    """
    distances = gate.score(checked.features)
    passing = np.sort(distances[checked.medical >= least_medical])
    wanted = min(max(1, int(np.ceil(kept * len(distances) - 1e-9))), len(passing))
    percentiles = np.percentile(distances, np.arange(101)).astype(np.float32)
    # Rounded up, so that the last one still passes when it is written with seven digits.
    threshold = float(np.nextafter(np.float32(passing[wanted - 1]), np.float32(np.inf)))
    return GateModel(gate.method, gate.arrays, percentiles, threshold)


def methods() -> list[str]:
    """Names of the ways of measuring."""
    return list(DISTANCES)
