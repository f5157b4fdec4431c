"""Stored values look on the screen as the standard says, held against values worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from ml.dicomio.display import colour_share, grey_of
from ml.dicomio.pixels import frame_read, frames_read
from ml.dicomio.windows import stretched, windowed
from tests.phantoms import dicom, pictures


def window(centre: float, width: float, function: str | None = None) -> Dataset:
    """Return a header that asks for one window."""
    ds = Dataset()
    ds.WindowCenter, ds.WindowWidth = centre, width
    if function:
        ds.VOILUTFunction = function
    return ds


def shown(path: Path, pixels: NDArray[np.generic], **elements: object) -> NDArray[np.uint8]:
    """Return the picture of one drawn object."""
    return frame_read(dicom.saved(dicom.image(pixels, **elements), path / "drawn.dcm"), frame=0)


def item(**elements: object) -> Dataset:
    """Return a sequence item."""
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def test_linear_window_is_the_formula_of_the_standard() -> None:
    # PS3.3 C.11.2.1.2.1 with c = 2048, w = 4096: x <= 0 gives the least, x > 4095 the greatest.
    values = np.array([-10.0, 0.0, 2047.5, 4095.0, 9999.0])
    assert windowed(window(2048, 4096), values).tolist() == [0, 0, 128, 255, 255]


def test_window_of_width_one_is_a_threshold() -> None:
    # The standard's own example: c = 0, w = 1 gives the least for x <= -0.5, else the greatest.
    assert windowed(window(0, 1), np.array([-1.0, -0.5001, -0.4999, 1.0])).tolist() == [0, 0, 255, 255]


def test_exact_window_runs_from_half_a_width_below_to_half_above() -> None:
    assert windowed(window(100, 200, "LINEAR_EXACT"), np.array([0.0, 50.0, 100.0, 200.0])).tolist() == [0, 64, 128, 255]


def test_sigmoid_window_crosses_a_half_at_its_centre() -> None:
    low, middle, high = windowed(window(50, 100, "SIGMOID"), np.array([-1e9, 50.0, 1e9]))
    assert (low, middle, high) == (0, 128, 255)


def test_first_of_several_windows_is_taken(tmp_path: Path) -> None:
    pixels = np.array([[0, 100, 1000]], np.uint16)
    assert shown(tmp_path, pixels, WindowCenter=[100, 9000], WindowWidth=[200, 9]).tolist()[0][2] == 255


def test_window_applies_to_rescaled_signed_values(tmp_path: Path) -> None:
    pixels = np.array([[-1024, 40, 240]], np.int16)
    picture = shown(tmp_path, pixels, RescaleSlope=1, RescaleIntercept=0, WindowCenter=40, WindowWidth=400)
    assert picture.tolist() == [[0, 128, 255]]
    moved = shown(tmp_path, pixels + 1024, RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=40, WindowWidth=400)
    assert moved.tolist() == picture.tolist()


def test_monochrome1_is_shown_inverted(tmp_path: Path) -> None:
    pixels = np.array([[0, 255]], np.uint8)
    asked = {"WindowCenter": 127.5, "WindowWidth": 256}
    straight = shown(tmp_path, pixels, **asked)
    inverted = shown(tmp_path, pixels, PhotometricInterpretation="MONOCHROME1", **asked)
    assert straight.tolist() == [[0, 255]]
    assert inverted.tolist() == [[255, 0]]


def test_modality_table_is_looked_up(tmp_path: Path) -> None:
    table = item(LUTDescriptor=[3, 0, 16], ModalityLUTType="US")
    table["LUTDescriptor"].VR = "US"
    table.add_new("LUTData", "US", [0, 1000, 500])
    picture = shown(
        tmp_path,
        np.array([[0, 1, 2]], np.uint8),
        ModalityLUTSequence=Sequence([table]),
        WindowCenter=500,
        WindowWidth=1001,
    )
    assert picture.tolist() == [[0, 255, 128]]


@pytest.mark.parametrize("entry", ["<u2", "u1"])
def test_voi_table_of_many_entries_is_looked_up(tmp_path: Path, entry: str) -> None:
    table = item(LUTDescriptor=[1000, 10, 8])
    table["LUTDescriptor"].VR = "US"
    levels = np.zeros(1000, entry)
    levels[[1, 600, 999]] = [7, 16, 255]
    table.add_new("LUTData", "OW", levels.tobytes())
    pixels = np.array([[0, 10, 11, 610, 9999]], np.uint16)
    picture = shown(tmp_path, pixels, VOILUTSequence=Sequence([table]))
    assert picture.tolist() == [[0, 0, 7, 16, 255]]


def test_palette_gives_its_colours(tmp_path: Path) -> None:
    tables = {
        f"{colour}PaletteColorLookupTable{part}": value
        for colour, levels in {"Red": (0, 255, 0), "Green": (0, 0, 128), "Blue": (7, 0, 0)}.items()
        for part, value in {"Descriptor": [3, 0, 16], "Data": np.array(levels, "<u2").__lshift__(8).tobytes()}.items()
    }
    picture = shown(tmp_path, np.array([[0, 1, 2]], np.uint8), PhotometricInterpretation="PALETTE COLOR", **tables)
    assert picture.tolist() == [[[0, 0, 7], [255, 0, 0], [0, 128, 0]]]


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_keeps_its_channels(tmp_path: Path, planar: int) -> None:
    colour = pictures.tinted(pictures.disc())
    ds = dicom.image(colour, PlanarConfiguration=planar)
    ds.PixelData = (colour if planar == 0 else np.moveaxis(colour, 2, 0)).tobytes()
    assert (frame_read(dicom.saved(ds, tmp_path / "colour.dcm"), frame=0) == colour).all()


def test_ybr_is_turned_into_rgb(tmp_path: Path) -> None:
    # PS3.3 C.7.6.3.1.2: Y = 76, CB = 85, CR = 255 is pure red.
    ybr = np.zeros((2, 2, 3), np.uint8) + np.array([76, 85, 255], np.uint8)
    red = shown(tmp_path, ybr, PhotometricInterpretation="YBR_FULL")[0, 0]
    assert red[0] >= 253
    assert red[1:].max() <= 2


def test_float_pixels_are_shown(tmp_path: Path) -> None:
    values = np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)
    ds = dicom.image(values, PixelData=None, WindowCenter=0, WindowWidth=2, VOILUTFunction="LINEAR_EXACT")
    for keyword in ("BitsStored", "HighBit", "PixelRepresentation"):
        delattr(ds, keyword)
    ds.FloatPixelData = values.tobytes()
    picture = frame_read(dicom.saved(ds, tmp_path / "float.dcm"), frame=0)
    assert picture.min() == 0
    assert picture.max() == 255
    assert (np.diff(picture.ravel().astype(int)) >= 0).all()


def test_enhanced_object_shows_each_frame_in_its_own_window(tmp_path: Path) -> None:
    pixels = np.full((2, 4, 4), 100, np.uint16)
    per_frame = [
        item(FrameVOILUTSequence=Sequence([item(WindowCenter=centre, WindowWidth=10)])) for centre in (50.0, 200.0)
    ]
    ds = dicom.image(
        pixels,
        SharedFunctionalGroupsSequence=Sequence(
            [item(PixelValueTransformationSequence=Sequence([item(RescaleSlope=1, RescaleIntercept=0)]))]
        ),
        PerFrameFunctionalGroupsSequence=Sequence(per_frame),
    )
    first, second = frames_read(dicom.saved(ds, tmp_path / "enhanced.dcm"))
    assert (int(first.min()), int(second.max())) == (255, 0)


def test_without_a_window_the_values_are_stretched_and_padding_does_not_count(tmp_path: Path) -> None:
    pixels = pictures.disc().astype(np.int16) + 500
    plain = shown(tmp_path, pixels)
    pixels[0, :40] = -2000
    padded = shown(tmp_path, pixels, PixelPaddingValue=-2000)
    assert int(plain.max()) == int(padded.max()) == 255
    assert abs(int(plain[48, 40]) - int(padded[48, 40])) <= 3
    assert padded[0, 0] == 0


@pytest.mark.parametrize("asked", [{"WindowWidth": 0, "WindowCenter": 5}, {"WindowWidth": 400}])
def test_a_window_that_makes_no_sense_is_no_window(tmp_path: Path, asked: dict[str, float]) -> None:
    assert (shown(tmp_path, pictures.disc(), **asked) == shown(tmp_path, pictures.disc())).all()


def test_stretch_of_a_flat_image_and_of_no_numbers_is_black() -> None:
    assert stretched(np.full((3, 3), 7.0)).max() == 0
    assert stretched(np.full((3, 3), np.nan)).max() == 0


def test_grey_and_colour_share() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[:2, :, 0] = 200
    assert grey_of(red).tolist()[0] == [60] * 4  # 0.299 x 200
    assert colour_share(red) == 0.5
    assert colour_share(grey_of(red)) == 0.0
