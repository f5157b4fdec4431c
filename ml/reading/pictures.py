"""Pictures without a header: PNG and JPEG."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ml.reading import limits
from ml.reading.display import Frame
from ml.reading.refusal import Refused
from ml.reading.windows import stretched

Image.MAX_IMAGE_PIXELS = limits.PIXELS_PER_FRAME // 2  # Pillow warns at this and refuses at twice this.


def picture_read(path: Path) -> Frame:
    """Return a PNG or JPEG as uint8: (rows, columns) when it is grey, else (rows, columns, 3).

    Raises
    ------
    Refused
        If it is damaged, or claims more pixels than is read.
    """
    try:
        with warnings.catch_warnings(), Image.open(path, formats=("PNG", "JPEG")) as image:
            warnings.simplefilter("ignore")  # Odd metadata beside sound pixels.
            image.load()
            return _frame(image)
    except (Image.DecompressionBombError, MemoryError) as error:
        raise Refused("The picture would unpack to more pixels than is read.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Refused("The picture is damaged or cut short.") from error


def _frame(image: Image.Image) -> Frame:
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 and 32 bits a pixel: no monitor shows them without a window
        return stretched(np.asarray(upright, dtype=np.float32))
    if upright.has_transparency_data:  # What shines through is black, as round every medical image.
        ground = Image.new("RGBA", upright.size, "black")
        upright = Image.alpha_composite(ground, upright.convert("RGBA"))
    rgb: Frame = np.asarray(upright.convert("RGB"))
    grey = bool((rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 1] == rgb[..., 2]).all())
    return rgb[..., 0].copy() if grey else rgb
