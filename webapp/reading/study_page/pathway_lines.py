"""The path through the cascade as lines of a drawing: the path taken is lit, with branches off it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webapp.imaging.inference.cascade_path import Step, steps_listed


@dataclass(frozen=True)
class PlacedStep:
    """A step on its line.

    Attributes
    ----------
    level
        0 for the trunk, the longest way that the image took; one more for each branch off it.
    is_on
        It goes on along the rail of the line above it; otherwise it branches off to the right.
    beyond
        Titles of the steps behind one that was not taken: they share its line.
    """

    step: Step
    level: int
    is_on: bool
    beyond: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A step and the pieces of rail to the left of its words, one piece a level (class names of path.css)."""

    step: Step
    beyond: tuple[str, ...]
    rails: list[str]


def layout_lines(roots: Sequence[Step]) -> list[Line]:
    """Return the lines of a path from its tree."""
    placed = [line for root in roots for line in _place_steps(root, level=0, is_on=False)]
    return [Line(line.step, line.beyond, _rails(placed, index)) for index, line in enumerate(placed)]


def _place_steps(step: Step, *, level: int, is_on: bool) -> Iterable[PlacedStep]:
    if not _reach(step):
        yield PlacedStep(step, level, is_on, tuple(child.title for child in steps_listed(step.children)))
        return
    yield PlacedStep(step, level, is_on)
    trunk = max((child for child in step.children if _reach(child)), key=_reach, default=None)
    for child in step.children:
        if child is not trunk:
            yield from _place_steps(child, level=level + 1, is_on=False)
    if trunk is not None:
        yield from _place_steps(trunk, level=level, is_on=True)


def _reach(step: Step) -> int:
    """Return how far the image went from here, this step included: 0 where nothing was taken."""
    further = max((_reach(child) for child in step.children), default=0)
    return further + 1 if step.is_taken or further else 0


def _rails(lines: Sequence[PlacedStep], index: int) -> list[str]:
    line = lines[index]
    pieces = []
    for level in range(line.level):
        below = _below(lines, index, level)
        is_elbow = level == line.level - 1 and not line.is_on
        elbow = ("elbow-lit" if line.step.is_taken else "elbow-dim") if is_elbow else ""
        pieces.append(f"{f'through-{below}' if below else ''} {elbow}".strip())
    below = _below(lines, index, line.level)
    pieces.append(f"dot{' from-above' if line.is_on else ''}{f' below-{below}' if below else ''}")
    return pieces


def _below(lines: Sequence[PlacedStep], index: int, level: int) -> str:
    """Say how the rail of a level runs on under a line: "lit", "dim", or "" where it ends."""
    is_dim = False
    for later in lines[index + 1 :]:
        if later.level < level or (later.level == level and not later.is_on):
            break
        if later.level == level or (later.level == level + 1 and not later.is_on and later.step.is_taken):
            return "lit"
        is_dim = is_dim or later.level == level + 1
    return "dim" if is_dim else ""
