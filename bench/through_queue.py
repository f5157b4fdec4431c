"""Studies a minute through the queue beside the same cascade called directly."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.ratio import ratio
from bench.work import Work, single_pictures, whole_series
from ml.cascade.analyse import Analyst
from tests.deployment import Embedded, embedded, held
from tests.servers import wait_until

FINISHED = "SELECT COUNT(*) FROM inference_run WHERE state = 'done'"
WAITING = "SELECT COUNT(*) FROM inference_run WHERE state IN ('queued', 'rung')"


class Queue:
    """A running Readroom that is handed a pile of new studies at a time."""

    def __init__(self, deployment: Embedded, work: Work) -> None:
        self.deployment, self.work = deployment, work
        self.visitor = deployment.visitor()

    def seconds(self) -> float:
        """Return how long new studies take from the moment that a worker may start until the last is done.

        They are uploaded before that, while the worker is held still: receiving files is not the queue's work.
        """
        before, pile = self._count(FINISHED), self.work.uploads()
        with held(self.deployment, "worker"):
            for name, content in pile:
                filed = self.visitor.upload(name, content)
                if {file["status"] for file in filed} != {"stored"}:
                    raise ValueError(f"An upload was not stored: {filed}")
            wait_until(lambda: self._count(WAITING) == len(pile), what="the runs to wait in the queue")
        began = time.perf_counter()
        wait_until(
            lambda: self._count(FINISHED) == before + len(pile), what="the runs to finish", seconds=120, every=0.05
        )
        return time.perf_counter() - began

    def _count(self, question: str) -> int:
        ((count,),) = self.deployment.rows(question)
        return int(count)


class Direct:
    """The same cascade, called in this process, nothing else of Readroom running meanwhile."""

    def __init__(self, deployment: Embedded, analyst: Analyst, work: Work, out: Path) -> None:
        self.deployment, self.analyst, self.work, self.out = deployment, analyst, work, out

    def seconds(self) -> float:
        """Return how long the studies take one after the other."""
        with held(self.deployment, "web"), held(self.deployment, "housekeeping"), held(self.deployment, "worker"):
            began = time.perf_counter()
            for files in self.work.files:
                self.analyst.analyze(files, out=self.out)
            return time.perf_counter() - began


def report(weights: Path) -> Iterator[str]:
    """Yield the lines of the report."""
    analyst = Analyst(weights, device="cpu")
    analyst.warm()
    for make in (whole_series, single_pictures):
        yield from _compared(make, analyst)


def _compared(make: Callable[[Path], Work], analyst: Analyst) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name, embedded(data=Path(name) / "data") as deployment:
        work = make(Path(name))
        direct = Direct(deployment, analyst, work, Path(name))
        found = ratio(direct.seconds, Queue(deployment, work).seconds)
    studies = len(work.files)
    yield work.words
    yield f"  direct {60 * studies / found.a_seconds:.0f} studies a minute, queue {60 * studies / found.b_seconds:.0f}"
    yield f"  queue / direct                   {found}"
