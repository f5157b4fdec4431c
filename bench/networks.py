"""Each shipped network: quantised on OpenVINO against eager PyTorch, and sixteen at once against one by one."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.floor import giga_operations, matrix_product_rate
from bench.ratio import clocked, ratio
from ml.cascade.networks import build
from ml.cascade.runtime import BATCH, TorchNetwork, served_on_cpu
from ml.cascade.weights import ModelRow, forms_told, manifest_read


def report(weights: Path) -> Iterator[str]:
    """Yield the lines of the report."""
    floor = matrix_product_rate()
    yield f"Floor: float32 matrix product, {floor:.0f} GFLOP/s"
    for row in manifest_read(weights).values():
        if row.openvino is None:
            continue  # A model to measure is no network: its time is that of its stage.
        yield from _compared(row, weights, floor)


def _compared(row: ModelRow, weights: Path, floor: float) -> Iterator[str]:
    pictures = np.random.default_rng(0).random((BATCH, 1, row.size, row.size), dtype=np.float32)
    served, eager = served_on_cpu(row, weights), TorchNetwork(row, weights, device="cpu")
    together = clocked(lambda: served.run(pictures))
    slower = ratio(together, clocked(lambda: eager.run(pictures)))
    apart = ratio(together, clocked(lambda: [served.run(picture[None]) for picture in pictures]))
    work = giga_operations(build(row.architecture, row.options).eval(), size=row.size)
    rate = work * BATCH / slower.a_seconds
    yield f"{row.name} {row.version} ({forms_told(row)}): {row.size} px, {work:.2f} GFLOP a picture"
    milliseconds = 1000 * slower.a_seconds / BATCH
    yield f"  {milliseconds:.1f} ms a picture in a batch of {BATCH}: {rate / floor:.1f} x the floor's rate"
    yield f"  eager PyTorch / OpenVINO         {slower}"
    yield f"  one by one / batch of {BATCH}         {apart}"
