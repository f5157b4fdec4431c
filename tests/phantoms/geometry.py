"""Drawn series that lie in the body where one knows it: a ball of known centre and size, cut in any direction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage, MRImageStorage, generate_uid

from tests.phantoms import dicom

Points = NDArray[np.float64]
S = np.sqrt(0.5)


@dataclass(frozen=True)
class Cut:
    """How a body is cut into slices (PS3.3 C.7.6.2): mm, x to the left, y to the back, z to the head.

    Attributes
    ----------
    row, column
        Directions in which columns and rows count up.
    spacing
        Between rows, between columns.
    """

    row: tuple[float, float, float] = (1.0, 0.0, 0.0)
    column: tuple[float, float, float] = (0.0, 1.0, 0.0)
    origin: tuple[float, float, float] = (-40.0, -30.0, 10.0)
    spacing: tuple[float, float] = (1.0, 1.0)
    gap: float = 3.0
    shape: tuple[int, int, int] = (5, 50, 64)

    def positions(self) -> Points:
        """Return where the first pixel of each slice lies, (slices, 3)."""
        normal = np.cross(self.row, self.column)
        return np.asarray(self.origin) + np.outer(np.arange(self.shape[0]) * self.gap, normal)

    def points(self) -> Points:
        """Return where each pixel's centre lies, (slices, rows, columns, 3)."""
        down = np.outer(np.arange(self.shape[1]) * self.spacing[0], self.column)
        right = np.outer(np.arange(self.shape[2]) * self.spacing[1], self.row)
        return np.asarray(self.positions()[:, None, None] + down[:, None] + right[None, None])

    def ball(self, *, radius: float, aside: float = 0.0) -> NDArray[np.bool_]:
        """Mark the pixels within so many mm of the middle, or of a point `aside` of it along a row."""
        points = self.points()
        centre = points.reshape(-1, 3).mean(axis=0) + aside * np.asarray(self.row)
        return np.asarray(np.linalg.norm(points - centre, axis=-1) <= radius)


CUTS = {
    "axial": Cut(),
    "oblique": Cut(row=(S, S, 0.0), column=(-0.5, 0.5, S), gap=2.5),
    "flipped rows": Cut(row=(-1.0, 0.0, 0.0), column=(0.0, 1.0, 0.0)),
    "anisotropic": Cut(spacing=(0.7, 1.3), gap=5.5),
    "sagittal": Cut(row=(0.0, 1.0, 0.0), column=(0.0, 0.0, -1.0), spacing=(1.1, 0.9), gap=4.0),
}


def single_frames(cut: Cut, **elements: object) -> list[FileDataset]:
    """Return an MR series of single-frame objects, cut so."""
    study, own, frame_of_reference = generate_uid(), generate_uid(), generate_uid()
    return [
        dicom.image(
            _pixels(cut)[number],
            **{
                "sop_class": MRImageStorage,
                "Modality": "MR",
                "StudyInstanceUID": study,
                "SeriesInstanceUID": own,
                "FrameOfReferenceUID": frame_of_reference,
                "InstanceNumber": number + 1,
                "ImageOrientationPatient": [*cut.row, *cut.column],
                "ImagePositionPatient": [float(value) for value in position],
                "PixelSpacing": list(cut.spacing),
                "SliceThickness": cut.gap,
                **elements,
            },
        )
        for number, position in enumerate(cut.positions())
    ]


def enhanced(cut: Cut) -> list[FileDataset]:
    """Return the same as one enhanced object of several frames, its direction told frame by frame."""
    frames = []
    for position in cut.positions():
        group, place, plane = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [float(value) for value in position]
        plane.ImageOrientationPatient = [*cut.row, *cut.column]
        group.PlanePositionSequence, group.PlaneOrientationSequence = Sequence([place]), Sequence([plane])
        frames.append(group)
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = list(cut.spacing), cut.gap
    shared.PixelMeasuresSequence = Sequence([measures])
    return [
        dicom.image(
            _pixels(cut),
            sop_class=EnhancedMRImageStorage,
            Modality="MR",
            FrameOfReferenceUID=generate_uid(),
            SharedFunctionalGroupsSequence=Sequence([shared]),
            PerFrameFunctionalGroupsSequence=Sequence(frames),
        )
    ]


def _pixels(cut: Cut) -> NDArray[np.uint8]:
    return np.where(cut.ball(radius=9), 200, 30).astype(np.uint8)
