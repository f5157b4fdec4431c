"""Pictures that are no medical images of a known kind, drawn by rule, a function each."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Grey = NDArray[np.uint8]
_WORDS = ("the", "of", "patient", "invoice", "total", "menu", "file", "edit", "report", "2024", "12.5", "Re:", "page")


def _grey(field: NDArray[np.float64]) -> Grey:
    """Values of 0..1 as grey values."""
    return np.asarray(np.clip(field, 0, 1) * 255, np.uint8)


def fractal(rng: np.random.Generator, side: int, roughness: float) -> NDArray[np.float64]:
    """Clouds with the power spectrum of natural scenes (Field 1987), values in 0..1."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    frequency[0, 0] = 1 / side
    phase = np.exp(2j * np.pi * rng.random((side, side)))
    field = np.fft.ifft2(phase / frequency**roughness).real
    low, high = np.percentile(field, [1, 99])
    return np.asarray(np.clip((field - low) / (high - low + 1e-9), 0, 1), np.float64)


def _shape(draw: ImageDraw.ImageDraw, rng: np.random.Generator, side: int, grey: int) -> None:
    x, y = rng.uniform(-0.2, 1, 2) * side
    width, height = rng.uniform(0.05, 0.6, 2) * side
    kind = rng.integers(4)
    if kind == 0:
        draw.rectangle((x, y, x + width, y + height), fill=grey)
    elif kind == 1:
        draw.ellipse((x, y, x + width, y + height), fill=grey)
    elif kind == 2:
        corners = [tuple(p) for p in rng.uniform(-0.1, 1.1, (int(rng.integers(3, 7)), 2)) * side]
        draw.polygon(corners, fill=grey)
    else:
        draw.line((x, y, x + width, y + height), fill=grey, width=int(rng.integers(1, 9)))


def scene(rng: np.random.Generator, side: int) -> Grey:
    """A photograph-like scene: sky to ground light, textured objects in front of each other."""
    canvas = Image.fromarray(_grey(fractal(rng, side, rng.uniform(0.8, 2.2))))
    top, bottom = rng.uniform(0.1, 1, 2)
    slope = np.linspace(top, bottom, side)[:, None] * np.ones((1, side))
    canvas = Image.blend(canvas, Image.fromarray(_grey(slope)), rng.uniform(0, 0.7))
    for _ in range(int(rng.integers(1, 14))):
        shape = Image.new("L", (side, side), 0)
        _shape(ImageDraw.Draw(shape), rng, side, 255)
        texture = fractal(rng, side, rng.uniform(0.3, 2)) * rng.uniform(0.1, 0.8)
        left, right = rng.uniform(-0.4, 0.4, 2)
        lit = texture + np.linspace(left, right, side)[None, :] + rng.uniform(0, 0.6)
        if rng.random() < 0.3:
            lit += 0.3 * np.sign(np.sin(np.arange(side) / rng.uniform(1, 8)))[:, None]
        canvas.paste(Image.fromarray(_grey(lit)), mask=shape)
    return np.asarray(canvas)


def texture(rng: np.random.Generator, side: int) -> Grey:
    """One texture over the whole picture, with stripes or waves through it."""
    field = fractal(rng, side, rng.uniform(0.2, 2.6))
    if rng.random() < 0.5:
        rows, columns = np.mgrid[:side, :side]
        angle, period = rng.uniform(0, np.pi), rng.uniform(3, 40)
        wave = np.sin((rows * np.sin(angle) + columns * np.cos(angle) + 10 * field) / period * 6.3)
        field = field * 0.4 + 0.3 + 0.3 * (np.sign(wave) if rng.random() < 0.4 else wave)
    return _grey(field)


def page(rng: np.random.Generator, side: int) -> Grey:
    """A page of text, dark on light or light on dark."""
    light, dark = int(rng.integers(190, 256)), int(rng.integers(0, 90))
    if rng.random() < 0.25:
        light, dark = dark, light
    canvas = Image.new("L", (side * 2, side * 2), light)
    draw = ImageDraw.Draw(canvas)
    step, left = int(rng.integers(9, 26)), int(rng.integers(2, 40))
    for row in range(int(rng.integers(2, 40)), side * 2, step):
        if rng.random() < 0.12:
            continue
        text = " ".join(rng.choice(_WORDS, int(rng.integers(3, 14))))
        draw.text((left, row), text, fill=dark, font_size=step * 0.7)
    if rng.random() < 0.3:
        _shape(draw, rng, side, int(rng.integers(0, 256)))
    return np.asarray(canvas.resize((side, side), Image.Resampling.BILINEAR))


def chart(rng: np.random.Generator, side: int) -> Grey:
    """A chart: axes with bars, a curve or points."""
    paper, ink = (250, 20) if rng.random() < 0.7 else (20, 240)
    canvas = Image.new("L", (side * 2, side * 2), paper)
    draw, low, high = ImageDraw.Draw(canvas), side * 0.2, side * 1.85
    draw.line((low, low, low, high, high, high), fill=ink, width=2)
    for level in np.linspace(low, high, int(rng.integers(3, 8))):
        draw.line((low, level, high, level), fill=(paper + ink) // 2)
        draw.text((2, level), f"{rng.integers(100)}", fill=ink, font_size=12)
    count, kind = int(rng.integers(4, 30)), rng.integers(3)
    across, heights = np.linspace(low, high, count), rng.uniform(low, high, count)
    if kind == 0:
        for x, y in zip(across, heights, strict=True):
            draw.rectangle((x, y, x + side / count, high), fill=int(rng.integers(40, 220)))
    elif kind == 1:
        for _ in range(int(rng.integers(1, 4))):
            walk = np.clip(high / 2 + np.cumsum(rng.normal(0, side / 12, count)), low, high)
            draw.line(list(zip(across, walk, strict=True)), fill=int(rng.integers(0, 200)), width=3)
    else:
        for x, y in zip(rng.permutation(across), heights, strict=True):
            draw.ellipse((x, y, x + 8, y + 8), fill=int(rng.integers(0, 200)))
    return np.asarray(canvas.resize((side, side), Image.Resampling.BILINEAR))


def screen(rng: np.random.Generator, side: int) -> Grey:
    """A screenshot: bars, panels, buttons, lines of text."""
    canvas = Image.new("L", (side * 2, side * 2), int(rng.integers(0, 256)))
    draw = ImageDraw.Draw(canvas)
    draw.rectangle((0, 0, side * 2, int(rng.integers(8, 40))), fill=int(rng.integers(0, 256)))
    for _ in range(int(rng.integers(4, 24))):
        x, y = (int(place) for place in rng.uniform(0, 1.8, 2) * side)
        width, height = max(8, int(rng.uniform(0.1, 0.9) * side)), max(8, int(rng.uniform(0.05, 0.5) * side))
        box = (x, y, x + width, y + height)
        draw.rounded_rectangle(box, min(width, height) / 4, fill=int(rng.integers(256)), outline=int(rng.integers(256)))
        draw.text((x + 4, y + 3), str(rng.choice(_WORDS)), fill=int(rng.integers(256)), font_size=14)
    return np.asarray(canvas.resize((side, side), Image.Resampling.BILINEAR))


def noise(rng: np.random.Generator, side: int) -> Grey:
    """White or coarse noise, or static between bars."""
    coarse = int(rng.choice([1, 1, 2, 4, 8]))
    cells = rng.random((side // coarse, side // coarse)) ** rng.uniform(0.3, 3)
    return np.asarray(np.kron(_grey(cells), np.ones((coarse, coarse), np.uint8)), np.uint8)


def blank(rng: np.random.Generator, side: int) -> Grey:
    """Nothing, or hardly anything: one grey, a slope, a soft spot."""
    rows, columns = np.mgrid[:side, :side] / side
    slope = rows * rng.uniform(-1, 1) + columns * rng.uniform(-1, 1)
    spot = np.hypot(rows - rng.random(), columns - rng.random())
    field = rng.choice([0.0, 0.3, 1.0]) * slope + rng.choice([0.0, 0.0, 1.0]) * spot
    field = field + rng.random() + rng.choice([0.0, 0.02]) * rng.normal(size=field.shape)
    return _grey(field)


def shuffled(rng: np.random.Generator, medical: Grey) -> Grey:
    """A medical picture cut into tiles, turned and laid in another order."""
    picture = _one(rng, medical)
    side, pieces = picture.shape[0], int(rng.choice([3, 4, 5, 8]))
    tile = side // pieces
    cut = picture[: tile * pieces, : tile * pieces]
    tiles = cut.reshape(pieces, tile, pieces, tile).swapaxes(1, 2).reshape(-1, tile, tile)
    tiles = np.stack([np.rot90(tiles[i], int(rng.integers(4))) for i in rng.permutation(len(tiles))])
    laid = tiles.reshape(pieces, pieces, tile, tile).swapaxes(1, 2).reshape(tile * pieces, -1)
    return np.asarray(Image.fromarray(laid).resize((side, side)))


def detail(rng: np.random.Generator, medical: Grey) -> Grey:
    """A tiny part of a medical picture, enlarged until nothing can be told from it."""
    picture = _one(rng, medical)
    side = picture.shape[0]
    part = int(side * rng.uniform(0.06, 0.14))
    x, y = rng.integers(0, side - part, 2)
    small = Image.fromarray(picture[y : y + part, x : x + part])
    return np.asarray(small.resize((side, side), Image.Resampling.BILINEAR))


def chimera(rng: np.random.Generator, medical: Grey) -> Grey:
    """Two medical pictures joined along a line, one of them turned: every part is real, the whole is no body."""
    first = _one(rng, medical).astype(np.float32)
    others = [np.rot90(_one(rng, medical), int(rng.integers(1, 4))).astype(np.float32) for _ in range(6)]
    # The least alike of a few: two brains joined could pass for a brain with a mass.
    second = max(others, key=lambda other: float(np.abs(other - first).mean()))
    side = first.shape[0]
    rows, columns = np.mgrid[:side, :side] / side - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    beyond = rows * np.sin(angle) + columns * np.cos(angle) + rng.uniform(-0.12, 0.12)
    share = np.clip(beyond / rng.uniform(0.01, 0.15) + 0.5, 0, 1)
    return np.asarray(first * share + second * (1 - share), np.uint8)


def warped(rng: np.random.Generator, medical: Grey) -> Grey:
    """A medical picture drawn out and swirled until no anatomy is left, its texture kept."""
    picture = _one(rng, medical)
    side = picture.shape[0]
    coarse = rng.normal(0, rng.uniform(0.15, 0.3) * side, (2, 5, 5)).astype(np.float32)
    shift = [np.asarray(Image.fromarray(c).resize((side, side), Image.Resampling.BICUBIC)) for c in coarse]
    rows, columns = np.mgrid[:side, :side]
    # Folded back at the edges, so that no black border gives the drawing away.
    down, across = (np.abs((place + by) % (2 * side) - side) for place, by in zip((rows, columns), shift, strict=True))
    pulled = picture[np.minimum(down, side - 1).astype(int), np.minimum(across, side - 1).astype(int)]
    return np.asarray(pulled, np.uint8)


def _one(rng: np.random.Generator, medical: Grey) -> Grey:
    """One picture of many, (N, side, side)."""
    return np.asarray(medical[rng.integers(len(medical))], np.uint8)


def mosaic(rng: np.random.Generator, side: int) -> Grey:
    """Cells around random points, like stained glass or a map."""
    points, greys = rng.random((int(rng.integers(8, 60)), 2)) * side, rng.random(60)
    rows, columns = np.mgrid[:side, :side]
    far = np.hypot(rows[..., None] - points[:, 0], columns[..., None] - points[:, 1])
    field = greys[far.argmin(-1)] * 0.8 + 0.2 * fractal(rng, side, 1.0)
    return _grey(field)


def chessboard(rng: np.random.Generator, side: int) -> Grey:
    """Squares or rings of two greys."""
    rows, columns = np.mgrid[:side, :side]
    step, centre = rng.integers(4, 30), rng.random(2) * side
    rings = np.hypot(rows - centre[0], columns - centre[1]) // step
    board = rows // step + columns // step
    chosen = rings if rng.random() < 0.5 else board
    low, high = sorted(rng.integers(0, 256, 2))
    return np.asarray(np.where(chosen % 2 == 0, low, high), np.uint8)


def night(rng: np.random.Generator, side: int) -> Grey:
    """Bright points and streaks on black, like stars or city lights."""
    canvas = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(canvas)
    for x, y, size, grey in rng.random((int(rng.integers(20, 200)), 4)):
        reach = size**4 * 8
        box = (x * side - reach, y * side - reach, x * side + reach, y * side + reach)
        draw.ellipse(box, fill=int(grey * 255))
    glow = fractal(rng, side, 2.0) ** 3 * rng.uniform(0, 0.4) * 255
    return _grey((np.asarray(canvas) + glow) / 255)
