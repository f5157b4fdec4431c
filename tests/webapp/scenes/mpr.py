"""Volumes, cut in any direction, with two bright spots at known places: ``python -m tests.webapp.scenes.mpr``."""

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()

from pydicom.dataset import FileDataset
from pydicom.uid import MRImageStorage, generate_uid

from tests.phantoms import dicom
from tests.phantoms.geometry import Cut
from tests.webapp.scenes.viewer import taken_in

Points = NDArray[np.float64]
#: Where the spots lie from the middle of the volume, in mm to the left, back and head: in one coronal plane.
SPOTS = ((-18.0, 0.0, -10.0), (16.0, 0.0, 12.0))
APART = float(np.linalg.norm(np.subtract(*SPOTS)))
#: Half the width of a spot, mm.
SIGMA = 2.0
#: The ground's value in the middle, and its slope per mm to the left, back and head.
GROUND, SLOPE = 500.0, (3.0, 2.0, 4.0)
BRIGHT = 2000.0
#: A window in which the ground is black.
WINDOW = {"WindowCenter": 1750, "WindowWidth": 1500}
TILT = np.cos(np.pi / 9), np.sin(np.pi / 9)


@dataclass(frozen=True)
class Volume:
    """A series of slices with spots in it."""

    name: str
    cut: Cut

    @property
    def middle(self) -> Points:
        """Where the middle of the volume lies, (3,)."""
        return np.asarray(self.cut.points().reshape(-1, 3).mean(axis=0))

    @property
    def spots(self) -> Points:
        """Where the spots lie, (2, 3)."""
        return np.asarray(self.middle + np.asarray(SPOTS))

    def ground(self, places: Points) -> Points:
        """Return the ground's value at places (..., 3)."""
        return np.asarray(GROUND + (places - self.middle) @ np.asarray(SLOPE))

    def pixels(self) -> NDArray[np.uint16]:
        """Return the values of all slices, (slices, rows, columns)."""
        points = self.cut.points()
        off = np.linalg.norm(points[..., None, :] - self.spots, axis=-1)
        bright = BRIGHT * np.exp(-0.5 * (off / SIGMA) ** 2).sum(axis=-1)
        return np.asarray((self.ground(points) + bright).round(), np.uint16)


VOLUMES = (
    Volume("anisotropic", Cut(spacing=(0.8, 1.1), gap=2.5, shape=(25, 73, 65))),
    Volume("flipped", Cut(row=(-1.0, 0.0, 0.0), column=(0.0, 1.0, 0.0), gap=2.0, shape=(31, 61, 71))),
    Volume("oblique", Cut(row=(TILT[0], 0.0, TILT[1]), column=(0.0, 1.0, 0.0), gap=2.0, shape=(35, 61, 73))),
    Volume(
        "sagittal",
        Cut(row=(0.0, 1.0, 0.0), column=(0.0, 0.0, -1.0), spacing=(1.1, 0.9), gap=1.8, shape=(41, 67, 69)),
    ),
)


def objects(volume: Volume) -> list[FileDataset]:
    """Return the slices of a volume as MR objects of a patient of its own."""
    study, own, frame_of_reference, cut = generate_uid(), generate_uid(), generate_uid(), volume.cut
    return [
        dicom.image(
            pixels,
            **{
                "sop_class": MRImageStorage, "PatientName": f"Schnitt^{volume.name.title()}",
                "PatientID": f"CUT-{volume.name}",
                "StudyInstanceUID": study, "SeriesInstanceUID": own, "FrameOfReferenceUID": frame_of_reference,
                "StudyDescription": "MR phantom", "SeriesNumber": 1, "SeriesDescription": volume.name,
                "InstanceNumber": number + 1, "ImageOrientationPatient": [*cut.row, *cut.column],
                "ImagePositionPatient": [float(value) for value in position], "PixelSpacing": list(cut.spacing),
                "SliceThickness": cut.gap, **WINDOW,
            },
        )
        for number, (pixels, position) in enumerate(zip(volume.pixels(), cut.positions(), strict=True))
    ]  # fmt: skip


def scene() -> None:
    """Take in a study of each volume."""
    for volume in VOLUMES:
        taken_in(objects(volume))


if __name__ == "__main__":
    scene()
