"""Reads pictures, that is, images without a DICOM header: PNG, JPEG and TIFF."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from ml.dicomio import limits
from ml.dicomio.display import Frame
from ml.dicomio.errors import Refused
from ml.dicomio.windows import stretched

Image.MAX_IMAGE_PIXELS = limits.PIXELS_PER_FRAME // 2  # Pillow warns above this number, and refuses above twice it
#: uint8 or uint16 of shape (rows, columns) if it is grey, otherwise uint8 of shape (rows, columns, 3).
Page = NDArray[np.uint8] | NDArray[np.uint16]
FORMATS = ("PNG", "JPEG", "TIFF")
DEEPEST = np.iinfo(np.uint16).max


def picture_frames(path: Path) -> Iterator[Frame]:
    """Yield each page of a picture as it is displayed; only a TIFF has several. Raises as `pages_read`."""
    yield from (page_shown(page) for page in pages_read(path))


def pages_read(path: Path) -> Iterator[Page]:
    """Yield the pages of a PNG, JPEG or TIFF: upright, without transparency, and grey if no pixel is coloured.

    Raises
    ------
    Refused
        If it is damaged, claims more pixels or pages than the limits allow, or has grey values beyond 16 bits.
    """
    with picture_opened(path) as image:
        # Of an animation, only the first frame is read.
        for number, page in enumerate(ImageSequence.Iterator(image) if image.format == "TIFF" else [image]):
            if number >= limits.FRAMES:
                raise Refused(f"The picture has more than {limits.FRAMES:,} pages.")
            page.load()
            yield page_of(page)


@contextmanager
def picture_opened(path: Path) -> Iterator[Image.Image]:
    """Yield an open picture; errors of Pillow inside the block become `Refused`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata do not make the pixels unusable
            with Image.open(path, formats=FORMATS) as image:
                yield image
    except (Image.DecompressionBombError, MemoryError) as error:
        raise Refused("The picture would unpack to more pixels than is read.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, KeyError) as error:
        raise Refused("The picture is damaged or cut short.") from error


def page_of(image: Image.Image) -> Page:
    """Return the pixels of one page; see `pages_read`."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode[0] in {"I", "F"}:
        return _deep(np.asarray(upright))
    if upright.has_transparency_data:  # composited on black, the background of medical images
        ground = Image.new("RGBA", upright.size, "black")
        upright = Image.alpha_composite(ground, upright.convert("RGBA"))
    rgb = np.asarray(upright.convert("RGB"))
    grey = bool((rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 1] == rgb[..., 2]).all())
    return rgb[..., 0].copy() if grey else rgb


def page_shown(page: Page) -> Frame:
    """Return a page as it is displayed; 16-bit values are stretched between percentiles."""
    return stretched(np.asarray(page, np.float32)) if page.dtype == np.uint16 else np.asarray(page, np.uint8)


def _deep(values: NDArray[np.generic]) -> NDArray[np.uint16]:
    kept = values.astype(np.uint16)
    if values.min() < 0 or values.max() > DEEPEST or (kept != values).any():
        raise Refused("The picture's pixels are no whole numbers of 16 bits; send it with 8 or 16 bits a pixel.")
    return kept
