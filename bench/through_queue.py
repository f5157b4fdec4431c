"""Studies a minute through the queue beside the same cascade called directly."""

import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from bench.pictures import as_new, pictures
from bench.ratio import ratio
from ml.cascade import Analyst
from tests.deployment import Embedded, Visitor, embedded, held
from tests.servers import wait_until

STUDIES = 40
FINISHED = "SELECT COUNT(*) FROM runs_run WHERE state = 'done'"
WAITING = "SELECT COUNT(*) FROM runs_run WHERE state IN ('queued', 'rung')"


class Queue:
    """A running Readroom that is handed a pile of new studies at a time."""

    def __init__(self, deployment: Embedded, chosen: list[Image.Image]) -> None:
        self.deployment = deployment
        self.visitor: Visitor = deployment.visitor()
        self.chosen = chosen
        self.marks = itertools.count()

    def seconds(self) -> float:
        """Return how long new studies take from the moment that a worker may start until the last is done.

        They are uploaded before that, while the worker is held still: receiving files is not the queue's work.
        """
        before = self._count(FINISHED)
        with held(self.deployment, "worker"):
            for picture in self.chosen:
                mark = str(next(self.marks))
                self.visitor.upload(f"{mark}.png", as_new(picture, mark=mark))
            wait_until(lambda: self._count(WAITING) == len(self.chosen), what="the runs to wait in the queue")
        began = time.perf_counter()
        wait_until(lambda: self._count(FINISHED) == before + len(self.chosen), what="the runs to finish", every=0.05)
        return time.perf_counter() - began

    def _count(self, question: str) -> int:
        ((count,),) = self.deployment.rows(question)
        return int(count)


class Direct:
    """The same cascade, called in this process, nothing else of Readroom running meanwhile."""

    def __init__(self, deployment: Embedded, analyst: Analyst, files: list[Path], out: Path) -> None:
        self.deployment, self.analyst, self.files, self.out = deployment, analyst, files, out

    def seconds(self) -> float:
        """Return how long the studies take one after the other."""
        with held(self.deployment, "web"), held(self.deployment, "housekeeping"), held(self.deployment, "worker"):
            began = time.perf_counter()
            for file in self.files:
                self.analyst.analyze([file], out=self.out)
            return time.perf_counter() - began


def report(weights: Path) -> Iterator[str]:
    """Yield the lines of the report."""
    chosen, words = pictures(STUDIES)
    analyst = Analyst(weights, device="cpu")
    analyst.warm()
    with tempfile.TemporaryDirectory() as name, embedded(data=Path(name) / "data") as deployment:
        files = []
        for number, picture in enumerate(chosen):
            files.append(Path(name) / f"{number}.png")
            files[-1].write_bytes(as_new(picture, mark=str(number)))
        direct = Direct(deployment, analyst, files, Path(name))
        found = ratio(direct.seconds, Queue(deployment, chosen).seconds)
    yield f"{STUDIES} studies of one picture at a time: {words}"
    yield f"  direct {60 * STUDIES / found.a_seconds:.0f} studies a minute, queue {60 * STUDIES / found.b_seconds:.0f}"
    yield f"  queue / direct                   {found}"
