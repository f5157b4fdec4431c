"""Pictures without a header: PNG, JPEG and TIFF."""

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

Image.MAX_IMAGE_PIXELS = limits.PIXELS_PER_FRAME // 2  # Pillow warns at this and refuses at twice this.
#: (rows, columns) of uint8 or uint16 when it is grey, else (rows, columns, 3) of uint8.
Page = NDArray[np.uint8] | NDArray[np.uint16]
FORMATS = ("PNG", "JPEG", "TIFF")
DEEPEST = np.iinfo(np.uint16).max


def picture_frames(path: Path) -> Iterator[Frame]:
    """Yield each page of a picture as it looks on a screen: only a TIFF has several; raises as `pages_read`."""
    yield from (page_shown(page) for page in pages_read(path))


def pages_read(path: Path) -> Iterator[Page]:
    """Yield the pages of a PNG, JPEG or TIFF: upright, without transparency, grey where no pixel is coloured.

    Raises
    ------
    Refused
        If it is damaged, claims more pixels than is read, or has more than 16 bits a pixel.
    """
    with picture_opened(path) as image:
        # An animation's first picture is what people mean by it.
        for number, page in enumerate(ImageSequence.Iterator(image) if image.format == "TIFF" else [image]):
            if number >= limits.FRAMES:
                raise Refused(f"The picture has more than {limits.FRAMES:,} pages.")
            page.load()
            yield page_of(page)


@contextmanager
def picture_opened(path: Path) -> Iterator[Image.Image]:
    """Lend a picture; whatever goes wrong with it inside the block becomes a refusal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Odd metadata beside sound pixels.
            with Image.open(path, formats=FORMATS) as image:
                yield image
    except (Image.DecompressionBombError, MemoryError) as error:
        raise Refused("The picture would unpack to more pixels than is read.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, KeyError) as error:
        raise Refused("The picture is damaged or cut short.") from error


def page_of(image: Image.Image) -> Page:
    """Return the pixels of one picture; see `pages_read`."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode[0] in {"I", "F"}:
        return _deep(np.asarray(upright))
    if upright.has_transparency_data:  # What shines through is black, as round every medical image.
        ground = Image.new("RGBA", upright.size, "black")
        upright = Image.alpha_composite(ground, upright.convert("RGBA"))
    rgb = np.asarray(upright.convert("RGB"))
    grey = bool((rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 1] == rgb[..., 2]).all())
    return rgb[..., 0].copy() if grey else rgb


def page_shown(page: Page) -> Frame:
    """Return a page as it looks on a screen: no monitor shows 16 bits without a window."""
    return stretched(np.asarray(page, np.float32)) if page.dtype == np.uint16 else np.asarray(page, np.uint8)


def _deep(values: NDArray[np.generic]) -> NDArray[np.uint16]:
    kept = values.astype(np.uint16)
    if values.min() < 0 or values.max() > DEEPEST or (kept != values).any():
        raise Refused("The picture's pixels are no whole numbers of 16 bits; send it with 8 or 16 bits a pixel.")
    return kept
