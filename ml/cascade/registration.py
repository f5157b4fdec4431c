"""Rigid registration of a follow-up series to its prior, with quality measures, and limits below which it is refused.

It maximises mutual information (Mattes et al., IEEE TMI 2003;22:120-128) over three resolutions with SimpleITK. Six
parameters suffice, since a skull does not bend.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813 - its documentation's own name
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from ml.dicomio.series import SlicePicture

#: Least number of slices of a volume.
LEAST_SLICES = 8
#: Tolerance of slice distances as a fraction of their median (positions are rounded), and the largest distance in mm.
UNEVEN, THICKEST = 0.1, 8.0
#: Most consecutive slices that may be missing, and the largest missing fraction; they are interpolated.
MISSING, MISSING_PART = 2, 0.1
#: Side in mm of the cubic voxels on which the two series are compared.
GRID = 2.0
BINS = 32
#: Depth in voxels inside both heads from which grey values are compared: any two skulls match, even of two patients.
INSIDE = 6
#: Limits below which a registration is refused: heads must overlap, and grey values must share information. Chosen from
#: public and synthetic series (docs/decisions/0030): correct registrations have an NMI of 1.25 or more, a mirrored
#: brain has 1.11.
LEAST_DICE, LEAST_NMI = 0.8, 1.15


class RegistrationError(Exception):
    """Two series cannot be registered; the message is for the reader."""


@dataclass(frozen=True)
class Quality:
    """Quality of a registration.

    Attributes
    ----------
    dice
        Dice coefficient of the two heads (Dice, Ecology 1945), 0 to 1.
    nmi
        Normalised mutual information well inside both heads, 1 (nothing in common) to 2 (Studholme et al., Pattern
        Recognition 1999;32:71-86).
    correlation
        Correlation of grey values there, -1 to 1; low between different weightings even if the registration is good.
    """

    dice: float
    nmi: float
    correlation: float

    def refusal(self) -> str:
        """Return why the registration is refused; "" if it is not."""
        if self.dice < LEAST_DICE:
            return f"The two heads cover each other by {self.dice:.2f} only (Dice; {LEAST_DICE:.2f} is asked for)."
        if self.nmi < LEAST_NMI:
            return (
                f"The two series have too little in common: normalised mutual information {self.nmi:.3f} "
                f"({LEAST_NMI:.2f} is asked for)."
            )
        return ""


@dataclass(frozen=True, eq=False)
class Registered:
    """A follow-up registered to its prior.

    Attributes
    ----------
    transform
        Maps points of the prior to points of the follow-up, in mm (x to the left, y to the back, z to the head).
    """

    transform: sitk.Euler3DTransform
    quality: Quality


def volume_of(slices: Sequence[SlicePicture]) -> sitk.Image:
    """Return slices as a volume in patient coordinates (PS3.3 C.7.6.2.1.1), in mm: x left, y back, z head.

    Raises
    ------
    RegistrationError
        If they are too few, differ in size or orientation, are not calibrated, or are not evenly spaced.
    """
    grids = [one.grid for one in slices]
    if len(slices) < LEAST_SLICES:
        raise RegistrationError(f"A series of {len(slices)} slices is no body; at least {LEAST_SLICES} are needed.")
    if any(one.cosines is None or one.origin is None or not one.is_calibrated for one in grids):
        raise RegistrationError("The headers do not say where every slice lies and how large its pixels are.")
    if len({one.grey.shape for one in slices}) > 1 or not _alike([(*(g.cosines or ()), *g.size) for g in grids]):
        raise RegistrationError("The slices are not all of one size and direction.")
    ordered = sorted(slices, key=lambda one: one.grid.position or 0.0)
    stack, gap = _evenly(np.stack([one.grey for one in ordered]), [one.grid.position or 0.0 for one in ordered])
    cosines = np.asarray(grids[0].cosines)
    image = sitk.GetImageFromArray(stack)
    image.SetSpacing((grids[0].size[1], grids[0].size[0], gap))
    image.SetOrigin(ordered[0].grid.origin or (0.0, 0.0, 0.0))
    along = np.column_stack([cosines[:3], cosines[3:], np.cross(cosines[:3], cosines[3:])])
    image.SetDirection([float(value) for value in along.ravel()])
    return image


def registered(prior: sitk.Image, follow_up: sitk.Image) -> Registered:
    """Register a follow-up to its prior; return the transform and its quality.

    Raises
    ------
    RegistrationError
        If the two series do not overlap.
    """
    fixed, moving = _cubes(prior), _cubes(follow_up)
    try:
        transform = _aligned(fixed, moving)
    except RuntimeError as nothing:  # all that SimpleITK raises
        raise RegistrationError("The two series could not be brought to cover each other.") from nothing
    moved = sitk.Resample(moving, fixed, transform, sitk.sitkLinear, 0.0)
    return Registered(transform, quality_of(fixed, moved))


def quality_of(prior: sitk.Image, follow_up: sitk.Image) -> Quality:
    """Return how well two volumes on the same grid match."""
    one, other = (sitk.GetArrayFromImage(image) for image in (prior, follow_up))
    here, there = (sitk.GetArrayFromImage(head_of(image)) > 0 for image in (prior, follow_up))
    dice = float(2 * (here & there).sum() / max(here.sum() + there.sum(), 1))
    both = binary_erosion(here & there, iterations=INSIDE)
    if both.sum() < BINS**2:
        return Quality(dice, 1.0, 0.0)
    spread = one[both].std() * other[both].std()
    correlation = float(np.corrcoef(one[both], other[both])[0, 1]) if spread else 0.0
    return Quality(dice, _normalised_information(one[both], other[both]), correlation)


def head_of(image: sitk.Image) -> sitk.Image:
    """Return the mask of a head: the largest bright component (Otsu), its holes filled slice by slice."""
    smooth = sitk.SmoothingRecursiveGaussian(image, 2.0)
    parts = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.OtsuThreshold(smooth, 0, 1)), sortByObjectSize=True)
    filled = sitk.BinaryFillhole(sitk.BinaryMorphologicalClosing(parts == 1, (3, 3, 3)))
    mask: sitk.Image = sitk.Cast(filled, sitk.sitkUInt8)
    return mask


def _evenly(stack: NDArray[np.uint8], positions: Sequence[float]) -> tuple[NDArray[np.float32], float]:
    """Return evenly spaced slices, with missing ones interpolated, and their distance in mm."""
    steps = np.diff(positions)
    gap = float(np.median(steps))
    if not 0 < gap <= THICKEST:
        raise RegistrationError(f"The slices do not lie one behind the other, at most {THICKEST:g} mm apart.")
    counted = np.rint(steps / gap).astype(int)
    missing = counted - 1
    if not np.allclose(steps, counted * gap, rtol=UNEVEN, atol=0) or missing.min() < 0 or missing.max() > MISSING:
        raise RegistrationError("The slices do not lie evenly one behind the other.")
    if missing.sum() > MISSING_PART * len(stack):
        raise RegistrationError("Too many slices of the series are missing.")
    places = np.concatenate([[0], np.cumsum(counted)])
    between = np.interp(np.arange(places[-1] + 1), places, np.arange(len(places)))
    below = np.floor(between).astype(int)
    share = (between - below).astype(np.float32)[:, None, None]
    above = np.minimum(below + 1, len(stack) - 1)
    return stack[below] * (1 - share) + stack[above] * share, gap


def _aligned(fixed: sitk.Image, moving: sitk.Image) -> sitk.Euler3DTransform:
    """Return the transform to the follow-up, starting from the centres of mass of both heads."""
    middle = sitk.Euler3DTransform(
        sitk.CenteredTransformInitializer(
            head_of(fixed), head_of(moving), sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.MOMENTS
        )
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentagePerLevel([1.0, 0.5, 0.1], 1)
    # The default gradient tolerance stops too early: a head is round, so rotating it changes the metric little.
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0, minStep=1e-4, numberOfIterations=200, relaxationFactor=0.7, gradientMagnitudeTolerance=1e-8
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([4.0, 2.0, 1.0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(middle, inPlace=True)
    return sitk.Euler3DTransform(method.Execute(fixed, moving))


def _cubes(image: sitk.Image) -> sitk.Image:
    """Return a volume resampled to cubic voxels."""
    size = [max(1, round(count * step / GRID)) for count, step in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    smooth = sitk.DiscreteGaussian(image, [(GRID / 2) ** 2 if step < GRID else 0.0 for step in image.GetSpacing()])
    return sitk.Resample(
        smooth, size, sitk.Transform(), sitk.sitkLinear, image.GetOrigin(), [GRID] * 3, image.GetDirection(), 0.0
    )


def _normalised_information(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return (H(A) + H(B)) / H(A, B) of two lists of grey values, from a joint histogram of 32 x 32 bins."""
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
