"""Pictures that judge the sorter from outside its training: other people's and unseen drawings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.cascade.prepare import square_of
from ml.dicomio.errors import Refused
from ml.dicomio.series import facts_read, slices_read
from ml.lab.evaluate.synthetic_ood_eval import UNSEEN

#: Sample pictures that installed libraries bundle.  Those that are medical, or too small to show
#: anything, are left out by name.
_LIBRARIES = ("skimage/data", "sklearn/datasets/images", "ultralytics/assets", "matplotlib/mpl-data/sample_data",
              "networkx/drawing/tests/baseline")  # fmt: skip
_MEDICAL = {"phantom.png", "retina.jpg", "microaneurysms.png", "ihc.png", "cell.png"}
#: Of these, what is of a kind that no classifier here was ever taught.
_OTHER_SAMPLES = {"retina.jpg": "eye", "microaneurysms.png": "eye", "ihc.png": "tissue", "cell.png": "tissue"}
#: DICOM files beside the training pictures that show a part or come from a modality that nothing here was taught,
#: by their header or, where it is silent, by eye.
_OTHER_OBJECTS = {
    "JPEG-LL.dcm": "bone scan", "MR-SIEMENS-DICOM-WithOverlays.dcm": "MR abdomen", "US1_J2KR.dcm": "US lymph node",
    "color-pl.dcm": "US vessel", "gdcm-US-ALOKA-16.dcm": "US pelvis",
}  # fmt: skip
_PELVIS = "pelvis_xray"


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
    for file in _library_files():
        if file.name not in _MEDICAL:
            yield file.name, _shown(file, size)


def other_bodies(folder: Path, size: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """What it shows and prepared square of medical pictures of parts and modalities that were never taught.

    DICOM files beside the training pictures (a child's pelvis above all), and eyes and tissue that libraries bundle.
    """
    for slice_ in dicom_slices(folder, size, wanted=is_other_body):
        yield _OTHER_OBJECTS.get(slice_.name, "XR pelvis"), slice_.square
    for file in _library_files():
        if file.name in _OTHER_SAMPLES:
            yield _OTHER_SAMPLES[file.name], _shown(file, size)


def is_other_body(file: Path) -> bool:
    """Whether a DICOM file is of a kind that no classifier here was ever taught."""
    return file.parent.name == _PELVIS or file.name in _OTHER_OBJECTS


def _library_files() -> Iterator[Path]:
    for place in _LIBRARIES:
        package, _, inner = place.partition("/")
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            yield from sorted((Path(spec.origin).parent / inner).glob("*.[pj][np]g"))


def _shown(file: Path, size: int) -> NDArray[np.uint8]:
    """A picture file as a square, through RGBA on white: what a browser would show of a transparent one."""
    with Image.open(file) as picture:
        shown = Image.new("RGBA", picture.size, "white")
        shown.alpha_composite(picture.convert("RGBA"))
    return square_of(np.asarray(shown.convert("L")), size=size)


def held_out_drawings(size: int, *, each: int, seed: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Kind and square of drawings of the kinds that training never saw."""
    rng = np.random.default_rng(seed)
    for kind, draw in UNSEEN.items():
        for _ in range(each):
            yield kind, square_of(draw(rng, size), size=size)


def dicom_slices(folder: Path, size: int, *, wanted: Callable[[Path], bool] = lambda _: True) -> Iterator[Unseen]:
    """The first frame of each wanted DICOM file beside the training pictures, where it can be read."""
    for file in filter(wanted, sorted((folder / "dicom").rglob("*.dcm"))):
        try:
            grey = slices_read([file])[0].grey
            facts = facts_read(file)
        except Refused:
            continue
        stated = facts.words.get("modality", "")
        modality = {"CR": "XR", "DX": "XR", "RG": "XR"}.get(stated, stated)
        plane = facts.words.get("plane", "")
        yield Unseen(file.name, file.parent.name, square_of(grey, size=size), modality, plane)
