"""The rows of the table, measured one part after the other."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.dicomweb import drawn
from bench.dicomweb.client import Place
from bench.dicomweb.material import Named, template
from bench.dicomweb.measures import AT_ONCE, FRAME, JSON, Compared, Size, Spread, asked, filled, searched, stow
from bench.dicomweb.servers import nginx, orthanc, readroom

ABSENT = "left out"


@dataclass(frozen=True)
class Row:
    """One line: what was measured, our figure, the other's, how they compare, and the machine's load then."""

    what: str
    ours: str
    other: str
    compared: str
    target: str = ""
    load: float = 0.0

    def __str__(self) -> str:
        """Return it as a row of Markdown."""
        return f"| {self.what} | {self.ours} | {self.other} | {self.compared} | {self.target} | {self.load:.1f} |"


HEAD = (
    "| what | Readroom: rate, processor | beside it | rate of ours to theirs; processor | target | load |\n"
    "|---|---|---|---|---|---|"
)


def rows(folder: Path, size: Size) -> Iterator[Row]:
    """Measure everything."""
    with ExitStack() as stack:
        ours = stack.enter_context(readroom(folder / "ours"))
        theirs = stack.enter_context(orthanc(folder / "orthanc"))
        for number in (1, AT_ONCE):
            words = "STOW, one by one" if number == 1 else f"STOW, {number} at once"
            told = stow(ours, theirs or ours, size, at_a_time=number)
            yield _rates(f"{words}, 128 x 128 CT", told, theirs, "objects/s")
        yield from _frames(folder, ours, theirs, size)
        yield from _series(ours, theirs, size)
    yield from _searches(folder, size)


def _frames(folder: Path, ours: Place, theirs: Place | None, size: Size) -> Iterator[Row]:
    shape = template(side=size.side)
    both = [place for place in (ours, theirs) if place]
    pile = filled(both, shape, size.batch)
    paths = [one.address("/frames/1") for one in pile]
    kib = size.side * size.side * 2 >> 10
    told = asked(ours, theirs or ours, size, paths, paths, FRAME)
    yield _rates(f"a frame of {kib} KiB, authorised and audited", told, theirs, "frames/s", "10 x Orthanc")
    with nginx(folder / "nginx", content=bytes(size.side * size.side * 2)) as served:
        told = asked(ours, served or ours, size, paths, ["/file"] if served else paths, FRAME)
        yield _rates("the same beside nginx serving a file", told, served, "frames/s", "0.6 x nginx", "nginx")
    (long,) = filled(both, template(side=size.side // 4, frames=size.frames), 1)
    first, last = ([long.address(f"/frames/{number}")] for number in (1, size.frames))
    told = asked(ours, ours, size, last, first, FRAME)
    what = f"frame {size.frames} of {size.frames} beside frame 1"
    yield _rates(what, told, ours, "frames/s", "the same", "frame 1")
    told = asked(ours, theirs or ours, size, last, last, FRAME)
    yield _rates(f"frame {size.frames} of {size.frames}", told, theirs, "frames/s")


def _series(ours: Place, theirs: Place | None, size: Size) -> Iterator[Row]:
    pile: list[Named] = filled([place for place in (ours, theirs) if place], template(side=32), size.slices)
    path = [f"/studies/{pile[0].study}/series/{pile[0].series}/metadata"]
    once = Size(batch=1, rounds=size.rounds)
    told = asked(ours, theirs or ours, once, path, path, JSON)
    yield _rates(f"metadata of {size.slices} instances", told, theirs, "series/s")


def _searches(folder: Path, size: Size) -> Iterator[Row]:
    with ExitStack() as stack:
        few = stack.enter_context(readroom(folder / "few", studies=size.few))
        many = stack.enter_context(readroom(folder / "many", studies=size.many))
        peer = stack.enter_context(orthanc(folder / "peer"))
        places = [(few, size.few), (many, size.many)]
        if peer:
            drawn.store(peer, size.few)
            places.append((peer, size.few))
        small, large, *rest = searched(places, size)
        other = rest[0] if rest else None
    yield _spread(f"QIDO, {size.few:,} studies", small, other, f"Orthanc, {size.few:,}", "ahead of Orthanc")
    yield _spread(f"QIDO, {size.many:,} studies", large, small, f"{size.few:,} studies", "p99 within 2 x")


def _rates(what: str, told: Compared, other: Place | None, unit: str, target: str = "", name: str = "Orthanc") -> Row:
    load, found = os.getloadavg()[0], told.ratio
    mine = f"{told.count / found.a_seconds:,.0f} {unit}, {told.mine:.2f} ms"
    if other is None:
        return Row(what, mine, f"{name}: {ABSENT}", "", target, load)
    rate = f"{found.median:.2f} x [{found.low:.2f}, {found.high:.2f}]{'' if found.stands else ', void: busy'}"
    theirs = f"{name}: {told.count / found.b_seconds:,.0f}, {told.theirs:.2f} ms"
    return Row(what, mine, theirs, f"{rate}; {told.theirs / max(told.mine, 1e-9):.2f} x", target, load)


def _spread(what: str, mine: Spread, other: Spread | None, name: str, target: str) -> Row:
    load = os.getloadavg()[0]
    told = f"p50 {mine.median:.1f}, p99 {mine.p99:.1f} ms (n = {mine.n})"
    if other is None:
        return Row(what, told, f"{name}: {ABSENT}", "", target, load)
    compared = f"p50 {mine.median / other.median:.2f} x, p99 {mine.p99 / other.p99:.2f} x the time"
    return Row(what, told, f"{name}: p50 {other.median:.1f}, p99 {other.p99:.1f} ms", compared, target, load)
