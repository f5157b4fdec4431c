"""A drawn head that was turned and moved by known amounts is laid over itself; what does not belong is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.cascade.registration import LEAST_DICE, LEAST_NMI, Quality, RegistrationError, registered, volume_of
from ml.cascade.registration_preview import MOST, pictures_drawn, slices_laid
from tests.phantoms import heads
from tests.phantoms.geometry import Cut

VOXEL = 3.0
THICK = Cut(origin=(-96.0, -112.0, -80.0), spacing=(2.5, 2.5), gap=6.0, shape=(28, 92, 80))


@pytest.mark.parametrize(
    ("rotation", "shift", "cut"),
    [
        ((4.0, -3.0, 6.0), (5.0, -4.0, 3.0), heads.CUT),
        ((12.0, 8.0, -15.0), (-10.0, 9.0, 8.0), heads.CUT),
        ((3.0, 2.0, -5.0), (2.0, 6.0, -4.0), THICK),
    ],
)
def test_a_head_that_moved_is_found_within_a_voxel(
    rotation: tuple[float, float, float], shift: tuple[float, float, float], cut: Cut
) -> None:
    prior = volume_of(heads.slices(heads.head()))
    follow_up = volume_of(heads.slices(heads.head(cut, rotation=rotation, shift=shift, seed=1), cut))
    laid = registered(prior, follow_up)

    assert laid.quality.refusal() == ""
    for centre, _, _ in heads.PARTS:
        there = heads.turned(rotation) @ np.asarray(centre) + shift
        assert np.linalg.norm(np.asarray(laid.transform.TransformPoint(centre)) - there) < VOXEL


def test_what_does_not_belong_is_refused() -> None:
    prior = volume_of(heads.slices(heads.head()))
    drawn = heads.head(seed=2)
    noise = np.random.default_rng(3).integers(60, 200, drawn.shape).astype(np.uint8)
    mirrored = drawn[:, ::-1, ::-1]
    for other in (noise, np.where(drawn > 30, noise, drawn), mirrored):
        assert registered(prior, volume_of(heads.slices(other))).quality.refusal()


def test_a_refusal_names_the_figure_and_the_line() -> None:
    assert Quality(LEAST_DICE, LEAST_NMI, 0.0).refusal() == ""
    assert "0.50 only (Dice; 0.80 is asked for)" in Quality(0.5, 1.5, 0.9).refusal()
    assert "1.020 (1.15 is asked for)" in Quality(0.9, 1.02, 0.9).refusal()


def test_series_that_are_no_body_are_refused_in_words() -> None:
    whole = heads.slices(heads.head())
    with pytest.raises(RegistrationError, match="A series of 7 slices is no body"):
        volume_of(whole[:7])
    with pytest.raises(RegistrationError, match="do not lie evenly"):
        volume_of(whole[:10] + whole[20:])
    with pytest.raises(RegistrationError, match="Too many slices"):
        volume_of([one for number, one in enumerate(whole) if number % 6])
    with pytest.raises(RegistrationError, match="do not lie one behind the other"):
        volume_of([whole[0]] * 9)
    with pytest.raises(RegistrationError, match="where every slice lies"):
        volume_of([type(whole[0])(one.path, 0, one.grey, 0.0) for one in whole])


def test_a_missing_slice_is_drawn_from_its_neighbours() -> None:
    whole = heads.slices(heads.head(noise=0))
    volume = volume_of(whole[:9] + whole[10:])

    assert volume.GetSize() == (66, 76, 48)
    assert volume.GetPixel(30, 40, 9) == (float(whole[8].grey[40, 30]) + float(whole[10].grey[40, 30])) / 2


def test_a_body_lies_where_its_slices_lie() -> None:
    volume = volume_of(heads.slices(heads.head(THICK), THICK))
    there = volume.TransformIndexToPhysicalPoint((7, 11, 5))

    assert there == pytest.approx(THICK.points()[5, 11, 7])


def test_both_lie_over_each_other_in_their_colours_and_on_a_checkerboard(tmp_path: Path) -> None:
    prior = volume_of(heads.slices(heads.head(noise=0)))
    moved = volume_of(heads.slices(heads.head(noise=0, shift=(9.0, 0.0, 0.0))))
    drawn = pictures_drawn(slices_laid(prior, moved, registered(prior, moved).transform), tmp_path)

    assert len(drawn) == MOST
    numbers = [number for number, _, _ in drawn]
    assert numbers == sorted(set(numbers))
    _, fused, board = drawn[MOST // 2]
    colours = np.asarray(Image.open(tmp_path / fused)).astype(int)
    assert np.array_equal(colours[..., 0], colours[..., 2])
    # Laid right, what is alike is grey: magenta and green remain at edges alone.
    assert np.mean(np.abs(colours[..., 0] - colours[..., 1]) > 60) < 0.03
    fields = np.asarray(Image.open(tmp_path / board))
    assert fields.shape == colours.shape[:2]
    assert np.array_equal(fields[:5, :5], colours[:5, :5, 0])
