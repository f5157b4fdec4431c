"""Pictures that judge the sorter from outside its training: other people's and unseen drawings."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.prepare import fit_square
from ml.reading.refusal import Refused
from ml.reading.series import facts_read, slices_stream
from ml.train.outliers import HELD_OUT

#: Sample pictures that installed libraries bundle.  Those that are medical, or too small to show
#: anything, are left out by name.
_LIBRARIES = ("skimage/data", "sklearn/datasets/images", "ultralytics/assets", "matplotlib/mpl-data/sample_data",
              "networkx/drawing/tests/baseline")  # fmt: skip
_MEDICAL = {"phantom.png", "retina.jpg", "microaneurysms.png", "ihc.png", "cell.png"}


@dataclass(frozen=True)
class Unseen:
    """A DICOM object of the unseen source: a prepared slice and what its header states."""

    name: str
    folder: str
    square: NDArray[np.uint8]
    modality: str
    plane: str


def library_pictures(size: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Name and prepared square of every sample picture found in the installed libraries."""
    for place in _LIBRARIES:
        package, _, inner = place.partition("/")
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for file in sorted((Path(spec.origin).parent / inner).glob("*.[pj][np]g")):
            if file.name in _MEDICAL:
                continue
            with Image.open(file) as picture:
                # Through RGBA on white: what a browser would show of a transparent picture.
                shown = Image.new("RGBA", picture.size, "white")
                shown.alpha_composite(picture.convert("RGBA"))
            yield file.name, _square(np.asarray(shown.convert("L")), size)


def held_out_drawings(size: int, *, each: int, seed: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Kind and square of drawings of the kinds that training never saw."""
    rng = np.random.default_rng(seed)
    for kind, draw in HELD_OUT.items():
        for _ in range(each):
            yield kind, _square(draw(rng, size), size)


def dicom_slices(folder: Path, size: int) -> Iterator[Unseen]:
    """The first frame of each DICOM file beside the training pictures, where it can be read."""
    for file in sorted((folder / "dicom").rglob("*.dcm")):
        try:
            grey = next(slices_stream([file])).grey
            facts = facts_read(file)
        except Refused:
            continue
        stated = facts.words.get("modality", "")
        modality = {"CR": "XR", "DX": "XR", "RG": "XR"}.get(stated, stated)
        plane = facts.words.get("plane", "")
        yield Unseen(file.name, file.parent.name, _square(grey, size), modality, plane)


def _square(grey: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    square, _ = fit_square(np.ascontiguousarray(grey), size=size)
    return np.rint(square * 255).astype(np.uint8)
