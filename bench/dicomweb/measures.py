"""What is measured: each a comparison in turn (`bench.ratio`), or a distribution of answers taken in turn."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.dicomweb.client import Connection, Place, at_once
from bench.dicomweb.material import Named, Template, template
from bench.ratio import Ratio, clocked, ratio

FRAME = 'multipart/related; type="application/octet-stream"'
JSON = "application/dicom+json"
AT_ONCE = 8


@dataclass(frozen=True)
class Size:
    """How much is done; the small one is for tests.

    Attributes
    ----------
    batch
        Objects or questions timed together.
    few, many
        Studies of the small and the large database.
    """

    batch: int = 16
    rounds: int = 5
    few: int = 1_000
    many: int = 100_000
    slices: int = 500
    frames: int = 100
    side: int = 512
    searches: int = 40


BRIEF = Size(batch=8, rounds=2, few=200, many=20_000, slices=100, searches=6)
SMALL = Size(batch=2, rounds=1, few=20, many=40, slices=5, frames=4, side=64, searches=3)


@contextmanager
def connected(place: Place, count: int = 1) -> Iterator[list[Connection]]:
    """Open connections."""
    several = [Connection(place) for _ in range(count)]
    try:
        yield several
    finally:
        for one in several:
            one.close()


@dataclass(frozen=True)
class Compared:
    """Two servers at the same work: time as a ratio, and milliseconds of a core that each took for one of `count`."""

    ratio: Ratio
    count: int
    mine: float
    theirs: float


def compared(
    ours: Place, other: Place, a: Callable[[], float], b: Callable[[], float], *, rounds: int, count: int
) -> Compared:
    """Do the work of both in turn; each does `count` things at a time."""
    before = ours.processor_seconds(), other.processor_seconds()
    told = ratio(a, b, rounds=rounds)
    after = ours.processor_seconds(), other.processor_seconds()
    calls = (4 * rounds + 1, 2 * rounds + 1)
    if ours == other:
        calls = (sum(calls), sum(calls))
    mine, theirs = (1000 * (x - y) / (n * count) for x, y, n in zip(after, before, calls, strict=True))
    return Compared(told, count, mine, theirs)


def stow(ours: Place, other: Place, size: Size, *, at_a_time: int) -> Compared:
    """Compare storing small objects, each in a request of its own, one by one or several at once."""
    small, count = template(side=128), max(size.batch, at_a_time)

    def storing(connections: Sequence[Connection]) -> Callable[[], float]:
        def action() -> float:
            pile = small.series(count)
            shares = [pile[number::at_a_time] for number in range(at_a_time)]
            began = time.perf_counter()
            at_once([_each(one, share) for one, share in zip(connections, shares, strict=True)])
            return time.perf_counter() - began

        return action

    with connected(ours, at_a_time) as mine, connected(other, at_a_time) as theirs:
        return compared(ours, other, storing(mine), storing(theirs), rounds=size.rounds, count=count)


def _each(connection: Connection, share: Sequence[Named]) -> Callable[[], None]:
    def work() -> None:
        for one in share:
            connection.store([one.content])

    return work


def filled(places: Sequence[Place], shape: Template, count: int) -> list[Named]:
    """Store one series in every server, some objects a request."""
    pile = shape.series(count)
    for place in places:
        with connected(place) as (connection,):
            for start in range(0, count, 25):
                connection.store([one.content for one in pile[start : start + 25]])
    return pile


def asked(ours: Place, other: Place, size: Size, mine: Sequence[str], theirs: Sequence[str], accept: str) -> Compared:
    """Compare asking for addresses, in turn, on one connection each."""

    def asking(connection: Connection, paths: Sequence[str]) -> Callable[[], float]:
        def action() -> None:
            for number in range(size.batch):
                connection.get(paths[number % len(paths)], accept=accept)

        return clocked(action)

    with connected(ours) as (one,), connected(other) as (two,):
        a, b = asking(one, mine), asking(two, theirs)
        return compared(ours, other, a, b, rounds=size.rounds, count=size.batch)


@dataclass(frozen=True)
class Spread:
    """How long answers took, in milliseconds."""

    median: float
    p99: float
    n: int


def searched(places: Sequence[tuple[Place, int]], size: Size) -> list[Spread]:
    """Ask each server the same kinds of questions in turn, so that all of them meet the same moments.

    Parameters
    ----------
    places
        Servers and how many studies each holds.
    size
        How often each kind is asked.
    """
    spent: list[list[float]] = [[] for _ in places]
    connections = [Connection(place) for place, _ in places]
    for number in range(-1, size.searches):
        for kind in range(len(_questions(0, 1))):
            for one, connection, (_, count) in zip(spent, connections, places, strict=True):
                path = _questions(number * 37 + 5, count)[kind]
                began = time.perf_counter()
                connection.get(path, accept=JSON)
                if number >= 0:  # the first round warms up
                    one.append(1000 * (time.perf_counter() - began))
    for connection in connections:
        connection.close()
    return [Spread(statistics.median(one), sorted(one)[int(len(one) * 0.99)], len(one)) for one in spent]


def _questions(number: int, count: int) -> list[str]:
    """Return one question of each kind over a database of so many studies."""
    one = number % count
    return [
        "/studies?limit=25",
        f"/studies?limit=25&offset={min(500, count // 2)}",
        f"/studies?PatientID=B{one}",
        f"/studies?AccessionNumber=A{one}",
        f"/studies?StudyInstanceUID=1.2.{one}",
        f"/studies?limit=25&PatientName=phantom{one % 5_000}%5E*",
        f"/studies?limit=25&PatientID=B{one // 10}*",
        "/studies?limit=25&StudyDate=20050101-20051231",
        "/studies?StudyDate=20050108",
        "/studies?limit=25&ModalitiesInStudy=CT",
        f"/studies/1.2.{one}/series",
    ]
