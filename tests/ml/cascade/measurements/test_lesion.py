"""Sizes, grey values and shapes of bodies whose truth is a formula."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.cascade.measurements.lesion import lesion_measured
from ml.cascade.measurements.stack import Stack
from ml.dicomio.calibration import NONE_STATED, FrameGrid

Mask = NDArray[np.bool_]


def grid(size: tuple[float, float] = (1.0, 1.0), *, position: float | None = None) -> FrameGrid:
    """A grid that the header calibrates."""
    return FrameGrid(size, is_calibrated=True, note="", position=position)


def ellipse(
    across: float, down: float, *, size: tuple[float, float] = (1.0, 1.0), turned: float = 0.0, pixels: int = 160
) -> Mask:
    """Draw an ellipse of so many mm, turned by degrees, in the middle of a slice."""
    y, x = (np.indices((pixels, pixels)) - (pixels - 1) / 2) * np.reshape(size, (2, 1, 1))
    angle = np.radians(turned)
    along, aside = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return np.asarray((2 * along / across) ** 2 + (2 * aside / down) ** 2 <= 1)


def ball(radius: float, spacing: tuple[float, float, float], *, stretched: float = 1.0) -> Mask:
    """Draw a ball of so many mm in its smallest box, its columns stretched."""
    counts = [2 * int(radius * factor / step) + 3 for step, factor in zip(spacing, (1, 1, stretched), strict=True)]
    middle = [(count - 1) / 2 for count in counts]
    z, y, x = (
        (places - centre) * step
        for places, centre, step in zip(np.indices(counts), middle, spacing, strict=True)
    )  # fmt: skip
    return np.asarray(z**2 + y**2 + (x / stretched) ** 2 <= radius**2)


def measured(masks: Mask, grids: list[FrameGrid], *, greys: NDArray[np.uint8] | None = None) -> dict[str, float]:
    """Return the figures by name."""
    drawn = np.full(masks.shape, 100, np.uint8) if greys is None else greys
    return {one.name: one.value for one in lesion_measured(Stack(masks, drawn, grids)).figures}


def of_ball(radius: float, spacing: tuple[float, float, float], *, stretched: float = 1.0) -> dict[str, float]:
    """Measure a ball whose slices lie evenly."""
    masks = ball(radius, spacing, stretched=stretched)
    return measured(masks, [grid(spacing[1:], position=spacing[0] * number) for number in range(len(masks))])


@pytest.mark.parametrize("size", [(1.0, 1.0), (0.5, 0.5), (0.6, 1.3)])
@pytest.mark.parametrize("turned", [0.0, 30.0, 77.0])
def test_the_diameters_of_an_ellipse_are_its_axes_however_it_lies(size: tuple[float, float], turned: float) -> None:
    told = measured(ellipse(40, 24, size=size, turned=turned)[None], [grid(size)])

    assert told["longest_diameter"] == pytest.approx(40, abs=max(size))
    assert told["perpendicular_diameter"] == pytest.approx(24, abs=max(size))
    assert told["largest_area"] == pytest.approx(np.pi * 20 * 12, rel=0.02)


def test_the_perpendicular_diameter_runs_inside_where_a_caliper_would_not() -> None:
    # A band that rises: its diagonal is not parallel to its edges, so a caliper along it reads more than any chord.
    y, x = np.indices((80, 80)) - 20
    mask = np.asarray((np.abs(y - x / 2) <= 5) & (x >= 0) & (x <= 40))
    told = measured(mask[None], [grid()])

    assert told["longest_diameter"] == pytest.approx(np.hypot(41, 31), abs=1)
    assert told["perpendicular_diameter"] == pytest.approx(11 * np.cos(np.arctan(0.5)), abs=1.5)


def test_a_disc_is_round_and_full_and_a_ring_is_not_full() -> None:
    disc = ellipse(60, 60)
    whole, ring = (measured(mask[None], [grid()]) for mask in (disc, disc & ~ellipse(40, 40)))

    assert whole["circularity"] == pytest.approx(0.9, abs=0.03)
    assert whole["solidity"] == pytest.approx(1, abs=0.02)
    assert whole["elongation"] == pytest.approx(1, abs=0.01)
    assert ring["solidity"] == pytest.approx(1 - (40 / 60) ** 2, abs=0.02)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.5, 0.7, 0.7), (3.0, 0.6, 1.1)])
def test_a_ball_has_the_volume_and_the_surface_of_a_ball(spacing: tuple[float, float, float]) -> None:
    told = of_ball(15, spacing)

    assert told["volume"] == pytest.approx(4 / 3 * np.pi * 15**3, rel=0.02)
    assert told["mesh_volume"] == pytest.approx(4 / 3 * np.pi * 15**3, rel=0.03)
    assert told["longest_diameter"] == pytest.approx(30, abs=max(spacing[1:]))
    assert told["largest_diameter_3d"] == pytest.approx(30, abs=max(spacing))
    # A mesh goes up and down the steps of voxels: on thick slices its surface is too large by up to a fifth.
    assert 1 <= told["surface_area"] / (4 * np.pi * 15**2) < 1.2
    assert 0.83 < told["sphericity"] < 1
    assert told["compactness_2"] == pytest.approx(told["sphericity"] ** 3, rel=1e-3)
    assert (told["elongation"], told["flatness"]) == pytest.approx((1, 1), abs=0.03)


def test_a_stretched_ball_is_told_by_its_axes() -> None:
    told = of_ball(12, (1.5, 1.0, 1.0), stretched=2)

    assert (told["elongation"], told["flatness"]) == pytest.approx((0.5, 0.5), abs=0.02)
    assert told["longest_diameter"] == pytest.approx(48, abs=1)


def test_without_calibration_lengths_are_pixels_and_there_is_no_volume() -> None:
    masks = np.stack([ellipse(40, 24)] * 3)
    told = lesion_measured(Stack(masks, np.zeros(masks.shape, np.uint8), [FrameGrid()] * 3))

    assert not told.is_calibrated
    assert told.notes == [NONE_STATED, "No volume: the slices are not calibrated."]
    units = {one.name: one.unit for one in told.figures}
    assert (units["longest_diameter"], units["largest_area"]) == ("px", "px2")
    assert not {"mm", "mm2", "mm3"} & set(units.values())
    assert told.figures[0].value == pytest.approx(40, abs=1)


@pytest.mark.parametrize(
    ("positions", "why"),
    [
        ([0.0, 5.0, 20.0], "do not lie evenly"),
        ([0.0, 5.0, 5.0], "do not lie evenly"),
        ([4.0, 4.0, 4.0], "do not lie evenly"),
        ([0.0, None, 10.0], "does not say where"),
    ],
)
def test_no_volume_is_told_of_slices_that_do_not_lie_evenly(positions: list[float | None], why: str) -> None:
    masks = np.stack([ellipse(40, 24)] * 3)
    grids = [grid(position=position) for position in positions]
    told = lesion_measured(Stack(masks, np.zeros(masks.shape, np.uint8), grids))

    assert why in told.notes[0]
    assert "volume" not in {one.name for one in told.figures}
    assert told.figures[0].unit == "mm"


def test_slices_are_counted_whichever_way_they_are_stacked_and_missed_ones_hold_nothing() -> None:
    seen, missed = ellipse(40, 24), np.zeros((160, 160), np.bool_)
    masks = np.stack([seen, missed, seen])
    for step in (3.0, -3.0):
        told = measured(masks, [grid(position=step * number) for number in range(3)])
        assert told["volume"] == pytest.approx(2 * 3 * seen.sum())


def test_one_slice_has_no_volume_and_says_so() -> None:
    mask = ellipse(40, 24)[None]
    told = lesion_measured(Stack(mask, np.zeros(mask.shape, np.uint8), [grid(position=0.0)]))

    assert told.notes == ["No volume: it is outlined on one slice only."]
    assert "volume" not in {one.name for one in told.figures}


def test_grey_values_are_those_inside_the_outline() -> None:
    mask = np.zeros((1, 4, 8), np.bool_)
    mask[0, 1:3, 2:6] = True
    greys = np.full(mask.shape, 255, np.uint8)
    greys[mask] = [0, 0, 0, 0, 8, 16, 24, 200]
    told = measured(mask, [grid()], greys=greys)

    assert (told["mean"], told["median"], told["minimum"], told["maximum"]) == (31, 4, 0, 200)
    assert told["standard_deviation"] == pytest.approx(np.std(greys[mask]), rel=1e-4)
    # Five bins of a width of 8: half, and four times an eighth.
    assert told["entropy"] == pytest.approx(0.5 * 1 + 4 * 0.125 * 3)
    assert told["skewness"] > 2
    assert told["90th_percentile"] == pytest.approx(np.percentile(greys[mask], 90))


def test_one_value_everywhere_is_neither_skewed_nor_peaked() -> None:
    told = measured(ellipse(10, 10)[None], [grid()])

    assert (told["skewness"], told["kurtosis"], told["entropy"]) == (0, 0, 0)


def test_a_single_pixel_is_measured_too() -> None:
    mask = np.zeros((1, 9, 9), np.bool_)
    mask[0, 4, 4] = True
    told = measured(mask, [grid((0.5, 0.5))])

    assert (told["longest_diameter"], told["largest_area"]) == (0.5, 0.25)
    assert "elongation" not in told


def test_features_of_ibsi_carry_its_codes() -> None:
    masks = ball(8, (1.0, 1.0, 1.0))
    grids = [grid(position=float(number)) for number in range(len(masks))]
    told = lesion_measured(Stack(masks, np.zeros(masks.shape, np.uint8), grids))
    codes = {one.name: one.ibsi for one in told.figures}

    assert (codes["volume"], codes["sphericity"], codes["entropy"], codes["mean"]) == ("YEKZ", "QCFX", "TLU2", "Q4LE")
    assert codes["longest_diameter"] == ""  # RECIST's, not IBSI's
