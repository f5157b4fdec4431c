"""Pictures without a header."""

from pathlib import Path

import numpy as np
from PIL import Image

from ml.dicomio.pictures import picture_frames
from tests.phantoms import pictures


def test_grey_stays_grey_in_every_mode(tmp_path: Path) -> None:
    drawn = pictures.disc()
    for mode in ("L", "RGB", "RGBA", "P"):
        path = tmp_path / f"{mode}.png"
        Image.fromarray(drawn).convert(mode).save(path)
        assert (next(picture_frames(path)) == drawn).all(), mode


def test_sixteen_bits_are_stretched(tmp_path: Path) -> None:
    path = pictures.png(tmp_path / "deep.png", pictures.disc().astype(np.uint16) * 100)
    picture = next(picture_frames(path))
    assert picture.dtype == np.uint8
    assert (int(picture.min()), int(picture.max())) == (0, 255)


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    path = tmp_path / "bits.png"
    Image.fromarray(pictures.disc() > 120).save(path)
    assert set(np.unique(next(picture_frames(path)))) == {0, 255}


def test_what_shines_through_is_black(tmp_path: Path) -> None:
    drawn = np.full((4, 4, 4), 255, np.uint8)
    drawn[:2, :, 3] = 0
    picture = next(picture_frames(pictures.png(tmp_path / "a.png", drawn)))
    assert (int(picture[0, 0]), int(picture[3, 0])) == (0, 255)


def test_a_camera_held_sideways_is_turned_upright(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # turn by 90 degrees to the right
    path = tmp_path / "a.jpg"
    Image.fromarray(pictures.disc(rows=40, columns=80)).save(path, exif=turned)
    assert next(picture_frames(path)).shape == (80, 40)


def test_colour_stays_colour(tmp_path: Path) -> None:
    colour = pictures.tinted(pictures.disc())
    assert (next(picture_frames(pictures.png(tmp_path / "a.png", colour))) == colour).all()
