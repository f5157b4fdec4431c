"""A follow-up series laid rigidly over its prior, with figures that say how well, and a line under which it is refused.

Mutual information (Mattes et al., IEEE TMI 2003;22:120-128) over three resolutions, by SimpleITK; six numbers, no more:
a skull does not bend.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813 - its documentation's own name
from numpy.typing import NDArray

from ml.reading.series import SlicePicture

#: Fewer slices are no body.
LEAST_SLICES = 8
#: Distances between slices may differ by so much of their median (positions are rounded), and no more than so many mm.
UNEVEN, THICKEST = 0.1, 8.0
#: Both are compared on a grid of cubes of this many mm.
GRID = 1.5
BINS = 32
#: Under these a registration is refused: heads must cover each other, and what one shows must tell of the other.
LEAST_DICE, LEAST_NMI = 0.85, 1.08


class RegistrationError(Exception):
    """Two series cannot be laid over each other; the message is for the reader."""


@dataclass(frozen=True)
class Quality:
    """How well two series lie over each other.

    Attributes
    ----------
    dice
        Overlap of the two heads (Dice, Ecology 1945), 0 to 1.
    nmi
        Normalised mutual information inside the heads, 1 (nothing in common) to 2 (Studholme et al., Pattern
        Recognition 1999;32:71-86).
    correlation
        Of grey values inside both heads, -1 to 1; low between series of different weighting even where all fits.
    """

    dice: float
    nmi: float
    correlation: float

    def refusal(self) -> str:
        """Return why it is refused, "" where it is not."""
        if self.dice < LEAST_DICE:
            return f"The two heads cover each other by {self.dice:.2f} only (Dice; {LEAST_DICE:.2f} is asked for)."
        if self.nmi < LEAST_NMI:
            return (
                f"What lies over each other has too little in common: normalised mutual information {self.nmi:.3f} "
                f"({LEAST_NMI:.2f} is asked for)."
            )
        return ""


@dataclass(frozen=True, eq=False)
class Registered:
    """A follow-up on the grid of its prior.

    Attributes
    ----------
    transform
        From points of the prior to points of the follow-up, in mm (x left, y back, z head).
    """

    transform: sitk.Euler3DTransform
    quality: Quality


def volume_of(slices: Sequence[SlicePicture]) -> sitk.Image:
    """Return slices as a body in patient coordinates (PS3.3 C.7.6.2.1.1): x left, y back, z head, mm.

    Raises
    ------
    RegistrationError
        If they are too few, of several sizes or directions, not calibrated, or do not lie evenly.
    """
    grids = [one.grid for one in slices]
    if len(slices) < LEAST_SLICES:
        raise RegistrationError(f"A series of {len(slices)} slices is no body; at least {LEAST_SLICES} are needed.")
    if any(one.cosines is None or one.origin is None or not one.is_calibrated for one in grids):
        raise RegistrationError("The headers do not say where every slice lies and how large its pixels are.")
    if len({one.grey.shape for one in slices}) > 1 or not _alike([(*(g.cosines or ()), *g.size) for g in grids]):
        raise RegistrationError("The slices are not all of one size and direction.")
    ordered = sorted(slices, key=lambda one: one.grid.position or 0.0)
    steps = np.diff([one.grid.position or 0.0 for one in ordered])
    gap = float(np.median(steps))
    if not 0 < gap <= THICKEST or not np.allclose(steps, gap, rtol=UNEVEN, atol=0):
        raise RegistrationError(f"The slices do not lie evenly one behind the other, at most {THICKEST:g} mm apart.")
    cosines = np.asarray(grids[0].cosines)
    image = sitk.GetImageFromArray(np.stack([one.grey for one in ordered]).astype(np.float32))
    image.SetSpacing((grids[0].size[1], grids[0].size[0], gap))
    image.SetOrigin(ordered[0].grid.origin or (0.0, 0.0, 0.0))
    along = np.column_stack([cosines[:3], cosines[3:], np.cross(cosines[:3], cosines[3:])])
    image.SetDirection([float(value) for value in along.ravel()])
    return image


def registered(prior: sitk.Image, follow_up: sitk.Image) -> Registered:
    """Lay a follow-up over its prior.

    Raises
    ------
    RegistrationError
        If nothing of the two comes to lie over each other.
    """
    fixed, moving = _cubes(prior), _cubes(follow_up)
    try:
        transform = _aligned(fixed, moving)
    except RuntimeError as nothing:  # all that SimpleITK raises
        raise RegistrationError("The two series could not be brought to cover each other.") from nothing
    moved = sitk.Resample(moving, fixed, transform, sitk.sitkLinear, 0.0)
    return Registered(transform, quality_of(fixed, moved))


def quality_of(prior: sitk.Image, follow_up: sitk.Image) -> Quality:
    """Return how well two bodies on one grid lie over each other."""
    one, other = (sitk.GetArrayFromImage(image) for image in (prior, follow_up))
    here, there = (sitk.GetArrayFromImage(head_of(image)) > 0 for image in (prior, follow_up))
    both = here & there
    if both.sum() < BINS**2:
        return Quality(0.0, 1.0, 0.0)
    dice = float(2 * both.sum() / (here.sum() + there.sum()))
    spread = one[both].std() * other[both].std()
    correlation = float(np.corrcoef(one[both], other[both])[0, 1]) if spread else 0.0
    return Quality(dice, _normalised_information(one[both], other[both]), correlation)


def head_of(image: sitk.Image) -> sitk.Image:
    """Return the mask of a head: the largest bright part (Otsu), its dark inside filled slice by slice."""
    smooth = sitk.SmoothingRecursiveGaussian(image, 2.0)
    parts = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.OtsuThreshold(smooth, 0, 1)), sortByObjectSize=True)
    filled = sitk.BinaryFillhole(sitk.BinaryMorphologicalClosing(parts == 1, (3, 3, 3)))
    return sitk.Cast(filled, sitk.sitkUInt8)


def _aligned(fixed: sitk.Image, moving: sitk.Image) -> sitk.Euler3DTransform:
    start = sitk.CenteredTransformInitializer(
        head_of(fixed), head_of(moving), sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentagePerLevel([1.0, 0.5, 0.1], 1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0, minStep=1e-3, numberOfIterations=150, relaxationFactor=0.6
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([4.0, 2.0, 1.0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(sitk.Euler3DTransform(start), inPlace=True)
    return sitk.Euler3DTransform(method.Execute(fixed, moving))


def _cubes(image: sitk.Image) -> sitk.Image:
    """Return a body on a grid of cubes."""
    size = [max(1, round(count * step / GRID)) for count, step in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    smooth = sitk.DiscreteGaussian(image, [(GRID / 2) ** 2 if step < GRID else 0.0 for step in image.GetSpacing()])
    return sitk.Resample(
        smooth, size, sitk.Transform(), sitk.sitkLinear, image.GetOrigin(), [GRID] * 3, image.GetDirection(), 0.0
    )


def _normalised_information(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return (H(A) + H(B)) / H(A, B) of two lists of grey values, from a histogram of 32 x 32 bins."""
    counts, _, _ = np.histogram2d(one, other, bins=BINS)
    joint = counts / counts.sum()
    apart = _entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))
    together = _entropy(joint.ravel())
    return apart / together if together else 1.0


def _entropy(shares: NDArray[np.float64]) -> float:
    known = shares[shares > 0]
    return float(-(known * np.log(known)).sum())


def _alike(rows: Sequence[tuple[float, ...]]) -> bool:
    return bool(np.allclose(rows, rows[0], rtol=0, atol=1e-3))
