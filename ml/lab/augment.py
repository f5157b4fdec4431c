"""Change pictures so that a network learns the anatomy and not the source.

Each source has its own border, contrast, sharpness and lettering, and a network would gladly
learn those instead.  All work is done on batches (N, 1, S, S) in [0, 1].
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Moves:
    """How far pictures are moved; degrees, natural logarithms of scale, shares of the side.

    With `quarters`, a free turn is one by 90, 180 or 270 degrees, which leaves boxes tight. `mirror` is the
    share that is mirrored: none where a side means something, as the heart's in a chest.
    """

    turn: float = 20.0
    log_scale: float = 0.3
    log_aspect: float = 0.15
    shift: float = 0.1
    quarters: bool = False
    mirror: float = 0.5


def moves_drawn(count: int, generator: torch.Generator, moves: Moves, any_turn: Tensor | None = None) -> Tensor:
    """Draw a turn, scale, shift and mirroring for each picture.

    Parameters
    ----------
    any_turn
        Shape (count,), True where every rotation is as good as another (limbs, not chests).

    Returns
    -------
    Tensor
        Shape (count, 2, 3): from places (x, y) in the new picture to places in the old one, both
        from -1 to 1.
    """
    angle = _between(count, -moves.turn, moves.turn, generator)
    if any_turn is not None:
        free = any_turn & (_between(count, 0, 1, generator) < 0.5)
        anyhow = _between(count, -180, 180, generator)
        turned = angle + (anyhow / 90).round() * 90 if moves.quarters else anyhow
        angle = torch.where(free, turned, angle)
    angle = angle * math.pi / 180
    zoom = torch.exp(_between(count, -moves.log_scale, moves.log_scale, generator))
    aspect = torch.exp(_between(count, -moves.log_aspect, moves.log_aspect, generator))
    mirror = torch.where(_between(count, 0, 1, generator) < moves.mirror, -1.0, 1.0)
    across, down = zoom * aspect, zoom / aspect
    matrix = torch.empty(count, 2, 3)
    matrix[:, 0, 0], matrix[:, 0, 1] = mirror * angle.cos() * across, -angle.sin() * down
    matrix[:, 1, 0], matrix[:, 1, 1] = mirror * angle.sin() * across, angle.cos() * down
    matrix[:, :, 2] = _between(count * 2, -moves.shift, moves.shift, generator).view(count, 2) * 2
    return matrix


def looked_closer(matrix: Tensor, chosen: Tensor, generator: torch.Generator) -> Tensor:
    """Let chosen pictures show a part of themselves alone, a third to three quarters of the side long, anywhere.

    Parameters
    ----------
    matrix
        Shape (N, 2, 3), of `moves_drawn`.
    chosen
        Shape (N,), True where the picture is looked at closer.
    """
    side = _between(len(matrix), 0.35, 0.75, generator)
    place = _between(len(matrix) * 2, -1, 1, generator).view(-1, 2) * (1 - side)[:, None]
    closer = torch.cat([matrix[:, :, :2] * _each(side)[:, 0], place[:, :, None]], 2)
    return torch.where(_each(chosen)[:, 0], closer, matrix)


def pictures_moved(pictures: Tensor, matrix: Tensor, *, mode: str = "bilinear") -> Tensor:
    """Move pictures (N, 1, S, S) as drawn; what comes from outside is black."""
    grid = F.affine_grid(matrix, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode=mode, padding_mode="zeros", align_corners=False)


def boxes_moved(boxes: Tensor, matrix: Tensor, *, least_left: float = 0.35) -> Tensor:
    """Move the boxes of one picture along with it.

    Parameters
    ----------
    boxes
        Shape (M, 4): x0, y0, x1, y1 as shares of the side.
    matrix
        Shape (2, 3), one row of `moves_drawn`.
    least_left
        A box of which less than this share stays inside the picture is dropped.

    Returns
    -------
    Tensor
        Shape (K, 4), upright boxes around the moved ones, clipped to [0, 1].
    """
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].view(-1, 4, 2) * 2 - 1
    there = (corners - matrix[:, 2]) @ torch.linalg.inv(matrix[:, :2]).T / 2 + 0.5
    whole = torch.cat([there.amin(1), there.amax(1)], 1)
    inside = whole.clamp(0, 1)
    share = _areas(inside) / _areas(whole).clamp(min=1e-9)
    return inside[share >= least_left]


def _areas(boxes: Tensor) -> Tensor:
    return (boxes[:, 2] - boxes[:, 0]).clamp(min=0) * (boxes[:, 3] - boxes[:, 1]).clamp(min=0)


def relit(pictures: Tensor, generator: torch.Generator, *, strength: float = 1.0) -> Tensor:
    """Change gamma, window and level, by less where `strength` is below one; never inverts."""
    count = len(pictures)
    gamma = torch.exp(_between(count, -0.6, 0.6, generator) * strength)
    low = _between(count, -0.12, 0.15, generator) * strength
    high = 1 + _between(count, -0.25, 0.2, generator) * strength
    lit = pictures.clamp(1e-4, 1) ** _each(gamma)
    return ((lit - _each(low)) / _each(high - low)).clamp(0, 1)


def curved(pictures: Tensor, generator: torch.Generator, *, knots: int = 5, share: float = 0.5) -> Tensor:
    """Send the grey values of some pictures through a random rising curve: another window, film or sequence."""
    steps = torch.rand(len(pictures), knots, generator=generator) + 0.15
    heights = torch.cat([torch.zeros(len(pictures), 1), steps.cumsum(1) / steps.sum(1, keepdim=True)], 1)
    place = pictures.clamp(0, 1) * knots
    below = place.floor().clamp(max=knots - 1).long()
    flat = below.view(len(pictures), -1)
    low, high = heights.gather(1, flat), heights.gather(1, flat + 1)
    bent = (low + (high - low) * (place.view_as(flat) - flat)).view_as(pictures)
    chosen = _between(len(pictures), 0, 1, generator) < share
    return torch.where(_each(chosen), bent, pictures)


def shaded(pictures: Tensor, generator: torch.Generator, *, depth: float = 0.6, share: float = 0.4) -> Tensor:
    """Darken some pictures smoothly from place to place, as a receiving coil does (MR bias field)."""
    coarse = torch.rand(len(pictures), 1, 4, 4, generator=generator)
    field = F.interpolate(coarse, size=pictures.shape[-2:], mode="bicubic", align_corners=True).clamp(0, 1)
    chosen = _between(len(pictures), 0, 1, generator) < share
    return torch.where(_each(chosen), pictures * (1 - depth * field), pictures)


def softened(pictures: Tensor, generator: torch.Generator, *, strength: float = 1.0) -> Tensor:
    """Give some pictures less resolution, some noise, some a sharper edge; fewer with `strength`."""
    count, side = len(pictures), pictures.shape[-1]
    chance = _between(count, 0, 1, generator) / strength
    result = pictures.clone()
    for factor, low, high in ((0.75, 0.0, 0.12), (0.5, 0.12, 0.24), (0.35, 0.24, 0.3)):
        chosen = (chance >= low) & (chance < high)
        if chosen.any():
            small = F.interpolate(pictures[chosen], scale_factor=factor, mode="bilinear", antialias=True)
            result[chosen] = F.interpolate(small, size=(side, side), mode="bilinear")
    sharp = (chance > 0.3) & (chance < 0.45)
    if sharp.any():
        blurred = F.avg_pool2d(result[sharp], 3, 1, 1)
        result[sharp] = result[sharp] * 2 - blurred
    noisy = _between(count, 0, 1, generator) < 0.35 * strength
    amount = _between(count, 0, 0.08, generator) * strength * noisy
    noise = torch.empty_like(result).normal_(generator=generator)
    # Coarse noise as well: speckle and JPEG blocks are not white.
    coarse = F.interpolate(noise[..., : side // 4, : side // 4], size=(side, side))
    grain = torch.where(_each(_between(count, 0, 1, generator) < 0.3), coarse, noise)
    return (result + grain * _each(amount)).clamp(0, 1)


def framed(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Give some pictures a border of one grey, a cut side, or a marker in light or dark."""
    result = pictures.clone()
    side = pictures.shape[-1]
    draws = torch.rand(len(pictures), 8, generator=generator).tolist()
    for picture, (kind, left, top, right, bottom, grey, where, size) in zip(result[:, 0], draws, strict=True):
        if kind < 0.2:
            value = 0.0 if grey < 0.5 else (1.0 if grey > 0.85 else grey)
            widths = [int(edge * 0.12 * side) for edge in (left, top, right, bottom)]
            picture[:, : widths[0]] = value
            picture[: widths[1], :] = value
            picture[:, side - widths[2] :] = value
            picture[side - widths[3] :, :] = value
        elif kind < 0.5:
            _marked(picture, left, top, grey, where, size)
    return result


def _marked(picture: Tensor, x: float, y: float, grey: float, where: float, size: float) -> None:
    """Strokes like lettering, in a corner region, as scanners and markers leave them."""
    side = picture.shape[-1]
    height = max(3, int(size * 0.07 * side))
    row = int(y * 0.2 * side) if where < 0.5 else side - height - int(y * 0.2 * side) - 1
    column = int(x * 0.8 * side)
    value = 1.0 if grey < 0.8 else 0.0
    for letter in range(1 + int(where * 100) % 8):
        start = column + letter * (height // 2 + 2)
        picture[row : row + height, start : start + 1] = value
        bar = row + int((letter * 0.37 + grey) * 10) % height
        picture[bar : bar + 1, start : start + height // 2] = value


def _each(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)


def _between(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low
