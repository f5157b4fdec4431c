"""Marks and words drawn into a picture, large enough to be read whatever the picture's size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

#: A picture is enlarged by whole numbers until its longer side has so many pixels: then words fit below it.
LEAST_SIDE = 512
MARGIN, TEXT, LINE = 10, 15, 20
GROUND, STRIP = "#14181c", "#f7b733"
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, eq=False)
class Drawn:
    """One mark: its colour (#rrggbb), box [x0, y0, x1, y1] in pixels and mask (rows, columns), where it has them."""

    name: str
    colour: str
    box: Sequence[float] | None = None
    mask: NDArray[np.bool_] | None = None


def draw_picture(frame: Image.Image, *, marks: Sequence[Drawn], strip: str, aspect: float = 1.0) -> NDArray[np.uint8]:
    """Draw marks into a frame, and below it what they are.

    Parameters
    ----------
    frame
        The slice as a screen shows it.
    marks
        What is drawn into it, in the order in which it is named below it.
    strip
        A sentence that nobody may miss; it stands first below the picture.
    aspect
        Height of a pixel over its width: shown are square ones.

    Returns
    -------
    ndarray of uint8
        (rows, columns, 3), RGB.
    """
    factor = max(1, -(-LEAST_SIDE // max(frame.size)))
    scale = factor * max(1.0, 1 / aspect), factor * max(1.0, aspect)
    width, height = round(frame.width * scale[0]), round(frame.height * scale[1])
    font = ImageFont.load_default(TEXT)
    lines = [(STRIP, line) for line in _wrapped(strip, font, max(width, LEAST_SIDE) - 2 * MARGIN)]
    for mark in marks:
        lines += [(mark.colour, line) for line in _wrapped(mark.name, font, max(width, LEAST_SIDE) - 2 * MARGIN)]
    canvas = Image.new("RGB", (max(width, LEAST_SIDE), height + LINE * len(lines) + 2 * MARGIN), GROUND)
    canvas.paste(frame.convert("RGB").resize((width, height), Image.Resampling.NEAREST))
    draw = ImageDraw.Draw(canvas)
    for number, mark in enumerate(marks, start=1):
        _mark(canvas, draw, mark, number, scale, font)
    for number, (colour, line) in enumerate(lines):
        draw.text((MARGIN, height + MARGIN + LINE * number), line, fill=colour, font=font)
    return np.asarray(canvas)


def _mark(
    canvas: Image.Image, draw: ImageDraw.ImageDraw, mark: Drawn, number: int, scale: tuple[float, float], font: Font
) -> None:
    if mark.mask is not None:
        size = round(mark.mask.shape[1] * scale[0]), round(mark.mask.shape[0] * scale[1])
        area = Image.fromarray(mark.mask).convert("L").resize(size, Image.Resampling.NEAREST)
        edge = np.asarray(area) & ~np.asarray(area.filter(ImageFilter.MinFilter(5)))
        canvas.paste(mark.colour, (0, 0), Image.fromarray(edge))
    if mark.box is not None:
        x0, y0, x1, y1 = (round(edge * scale[at % 2]) for at, edge in enumerate(mark.box))
        draw.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=mark.colour, width=2)
        draw.text((x0, max(0, y0 - LINE)), str(number), fill=mark.colour, font=font)


def _wrapped(words: str, font: Font, width: int) -> list[str]:
    """Break a sentence into lines that are no wider than `width` pixels."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
