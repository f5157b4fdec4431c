"""Drawings of kinds that no training ever uses: they judge the gate, so training must not import them.

A wall in the code, not a habit: what is drawn here lies in `ml.lab.evaluate`, and `ml.lab.train` draws from
`ml.lab.train.synthetic_ood_set`.  The three older kinds of `HELD_OUT` judge as well.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from ml.lab.train.synthetic_ood import Grey, fractal
from ml.lab.train.synthetic_ood_set import HELD_OUT

_FINE = 2  # Drawn so many times larger, then shrunk: lines get soft edges, as a camera or a scanner gives them.


def _shrunk(canvas: Image.Image, side: int) -> Grey:
    return np.asarray(canvas.resize((side, side), Image.Resampling.BILINEAR))


def handwriting(rng: np.random.Generator, side: int) -> Grey:
    """Lines of loops and strokes on paper."""
    large, paper = side * _FINE, int(rng.integers(180, 250))
    canvas = Image.new("L", (large, large), paper)
    draw, step = ImageDraw.Draw(canvas), int(rng.integers(24, 48))
    lean, loops = rng.uniform(-0.5, 0.5), rng.uniform(0.5, 1.1)
    for line in range(step, large, step):
        steps = np.arange(int(large * rng.uniform(2, 5)))
        turn = steps / rng.uniform(4, 7) + np.cumsum(rng.normal(0, 0.12, len(steps)))
        up = np.sin(turn) * step * 0.22 * (0.5 + ndimage.uniform_filter1d(rng.random(len(steps)), 9))
        across = 10 + steps / len(steps) * large * rng.uniform(0.5, 0.95) + loops * 4 * np.cos(turn) + lean * up
        for word in np.array_split(np.stack([across, line - up], 1), int(rng.integers(3, 8))):
            draw.line([tuple(p) for p in word[3:]], fill=paper // 5, width=int(rng.integers(2, 4)))
    return _shrunk(canvas, side)


def form(rng: np.random.Generator, side: int) -> Grey:
    """A form: a grid of fields with captions, some ticked or filled in."""
    large = side * _FINE
    canvas = Image.new("L", (large, large), int(rng.integers(215, 256)))
    draw, ink = ImageDraw.Draw(canvas), int(rng.integers(0, 90))
    top = 0
    while top < large:
        height, fields = int(rng.integers(20, 60)), int(rng.integers(1, 5))
        for left, right in pairwise(np.linspace(8, large - 8, fields + 1)):
            draw.rectangle((left, top, right, top + height), outline=ink)
            draw.text((left + 3, top + 2), f"Field {rng.integers(100)}", fill=ink, font_size=9)
            if rng.random() < 0.4:
                draw.line((left + 6, top + 16, left + 14, top + height - 4, right - 6, top + 12), fill=ink, width=2)
        top += height + int(rng.choice([0, 0, 12]))
    return _shrunk(canvas, side)


def street_map(rng: np.random.Generator, side: int) -> Grey:
    """A town map: streets of two widths over blocks, a river, a park."""
    large = side * _FINE
    canvas = Image.new("L", (large, large), int(rng.integers(190, 240)))
    draw = ImageDraw.Draw(canvas)
    for grey in rng.integers(120, 220, int(rng.integers(2, 7))):
        corners = [tuple(p) for p in rng.uniform(0, large, 2) + rng.normal(0, large / 6, (6, 2))]
        draw.polygon(corners, fill=int(grey))
    turned, gap = rng.uniform(0, np.pi), rng.uniform(18, 50)
    for axis in (turned, turned + np.pi / 2 + rng.normal(0, 0.1)):
        along, off = np.array([np.cos(axis), np.sin(axis)]) * large * 2, np.array([-np.sin(axis), np.cos(axis)])
        for place in np.arange(-large, large, gap):
            middle = np.array([large / 2, large / 2]) + off * (place + rng.normal(0, 6))
            ends = [tuple(middle - along), tuple(middle + along)]
            draw.line(ends, fill=255, width=int(rng.choice([2, 3, 7])))
    walk = np.cumsum(rng.normal(0, large / 20, 40)) + large / 2
    draw.line(list(zip(np.linspace(0, large, 40), walk, strict=True)), fill=110, width=int(rng.integers(6, 16)))
    return _shrunk(canvas, side)


def ecg(rng: np.random.Generator, side: int) -> Grey:
    """An ECG strip: a millimetre grid with several leads."""
    large = side * _FINE
    dark = rng.random() < 0.3
    canvas = Image.new("L", (large, large), 10 if dark else 250)
    draw, small = ImageDraw.Draw(canvas), int(rng.integers(5, 9))
    for number, place in enumerate(range(0, large, small)):
        fill = (70 if number % 5 == 0 else 35) if dark else (165 if number % 5 == 0 else 215)
        draw.line((place, 0, place, large), fill=fill)
        draw.line((0, place, large, place), fill=fill)
    beat, leads = rng.uniform(40, 90), int(rng.integers(2, 7))
    across = np.arange(large)
    for lead in range(leads):
        phase = (across / beat + rng.random()) % 1
        peaks = ((0.2, 0.025, 0.15), (0.38, 0.01, -0.15), (0.4, 0.012, 1.0), (0.43, 0.012, -0.3), (0.65, 0.05, 0.25))
        wave = sum(high * np.exp(-(((phase - at) / wide) ** 2)) for at, wide, high in peaks)
        down = large * (lead + 0.6) / leads - wave * large / leads * rng.uniform(-0.4, 0.7) + rng.normal(0, 0.6, large)
        draw.line(np.stack([across, down], axis=1).ravel().tolist(), fill=240 if dark else 20, width=2)
    return _shrunk(canvas, side)


def barcode(rng: np.random.Generator, side: int) -> Grey:
    """A label with a bar code or a square code."""
    cells = int(rng.integers(17, 45))
    if rng.random() < 0.5:
        code = np.repeat((rng.random(cells * 2) < 0.5)[None], cells * 2, axis=0)
    else:
        code = rng.random((cells, cells)) < 0.5
        ring = np.pad(np.pad(np.ones((3, 3), bool), 1), 1, constant_values=True)
        first, last = slice(0, 7), slice(-7, None)
        for rows, columns in ((first, first), (first, last), (last, first)):
            code[rows, columns] = ring
    inner = Image.fromarray(np.where(code, 15, 245).astype(np.uint8)).resize((side, side), Image.Resampling.NEAREST)
    canvas = Image.new("L", (side, side), int(rng.integers(200, 256)))
    wide, high = (int(side * share) for share in rng.uniform(0.5, 0.95, 2))
    canvas.paste(inner.resize((wide, high)), ((side - wide) // 2, (side - high) // 2))
    return np.asarray(canvas.rotate(rng.normal(0, 6), Image.Resampling.BILINEAR, fillcolor=230))


def tissue(rng: np.random.Generator, side: int) -> Grey:
    """A stained section under a microscope: pale ground, dark nuclei, glands."""
    ground = 0.72 + 0.2 * fractal(rng, side, rng.uniform(1, 1.8))
    canvas = Image.fromarray((np.clip(ground, 0, 1) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    for x, y in rng.uniform(0, side, (int(rng.integers(2, 9)), 2)):
        reach = rng.uniform(6, 20)
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=245, outline=120, width=3)
    size = rng.uniform(1.0, 3.0)
    for x, y in rng.uniform(0, side, (int(rng.integers(120, 500)), 2)):
        wide, high = size * rng.uniform(0.6, 1.5, 2)
        draw.ellipse((x - wide, y - high, x + wide, y + high), fill=int(rng.integers(40, 130)))
    return np.asarray(ndimage.gaussian_filter(np.asarray(canvas), rng.uniform(0.3, 1)), np.uint8)


def dark_camera(rng: np.random.Generator, side: int) -> Grey:
    """A camera in the dark, or with its lens covered: grain in blocks, a vignette, a hint of light."""
    rows, columns = np.mgrid[:side, :side] / side - 0.5
    light = np.exp(-((rows - rng.normal(0, 0.3)) ** 2 + (columns - rng.normal(0, 0.3)) ** 2) / rng.uniform(0.1, 0.6))
    grain = ndimage.gaussian_filter(rng.normal(0, 1, (side, side)), rng.uniform(0.4, 1.2))
    blocks = np.kron(rng.normal(0, 0.3, (side // 8 + 1, side // 8 + 1)), np.ones((8, 8)))[:side, :side]
    field = rng.uniform(0.05, 0.4) * light + rng.uniform(0.03, 0.12) * (grain + blocks)
    return np.asarray(np.clip(field, 0, 1) * 255, np.uint8)


def bricks(rng: np.random.Generator, side: int) -> Grey:
    """A wall, tiles or a keyboard: the same block in rows, each a little different."""
    canvas = Image.new("L", (side, side), int(rng.integers(20, 230)))
    draw, base = ImageDraw.Draw(canvas), rng.integers(40, 220)
    wide, high, joint = rng.uniform(10, 40), rng.uniform(7, 20), rng.uniform(1, 3)
    for row in range(int(side / high) + 1):
        for column in range(-1, int(side / wide) + 1):
            left, top = (column + 0.5 * (row % 2)) * wide, row * high
            fill = int(np.clip(base + rng.normal(0, 18), 0, 255))
            draw.rectangle((left, top, left + wide - joint, top + high - joint), fill=fill)
    rough = 40 * (fractal(rng, side, 0.8) - 0.5)
    return np.asarray(np.clip(np.asarray(canvas) + rough, 0, 255), np.uint8)


#: Kind -> how one is drawn.
UNSEEN: dict[str, Callable[[np.random.Generator, int], Grey]] = HELD_OUT | {
    "handwriting": handwriting, "form": form, "street map": street_map, "ECG strip": ecg, "bar code": barcode,
    "tissue": tissue, "dark camera": dark_camera, "bricks": bricks,
}  # fmt: skip
