"""Milliseconds of each stage of the cascade, over many pictures."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.pictures import as_new, pictures
from ml.cascade.analyse import Analyst

COUNT = 60


def report(weights: Path) -> Iterator[str]:
    """Yield the lines of the report."""
    chosen, words = pictures(COUNT)
    analyst = Analyst(weights, device="cpu")
    analyst.warm()
    spent: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, picture in enumerate(chosen):
            file = folder / f"{number}.png"
            file.write_bytes(as_new(picture, mark=str(number)))
            answer = analyst.analyze([file], out=folder)
            spent["the whole series, reading and drawing included"].append(answer.total_ms or 0.0)
            for stage in answer.stages:
                if stage.ms is not None:
                    spent[stage.title].append(stage.ms)
    yield f"{COUNT} series of one picture: {words}"
    for title, values in spent.items():
        low, middle, high = np.percentile(values, [5, 50, 95])
        yield f"  {title:48s} median {middle:6.1f} ms   5-95% {low:6.1f} to {high:6.1f}   n={len(values)}"
