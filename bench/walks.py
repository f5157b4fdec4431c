"""How far a reader of the code walks: the files of this repository that one request enters, counted while it runs.

``python -m bench.walks`` runs each walk once, after a first time that does not count (caches, the trail's first look),
over a data folder of its own, and prints what was entered, in order of the first call. Tests are not counted.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

ROOT = Path(__file__).resolve().parent.parent
#: Below the root, what is no part of the product, or not ours.
OUTSIDE = ("tests/", "bench/", ".venv/")


@dataclass
class Walk:
    """What was entered.

    Attributes
    ----------
    files
        Paths below the root, in order of the first call, and how many functions of each were called.
    """

    files: dict[str, set[CodeType]] = field(default_factory=dict)

    def enter(self, code: CodeType) -> None:
        """Count a call of a function."""
        path = code.co_filename
        if not path.startswith(f"{ROOT}/"):
            return
        name = path[len(f"{ROOT}/") :]
        if name.startswith(OUTSIDE):
            return
        self.files.setdefault(name, set()).add(code)

    def __str__(self) -> str:
        """Return it as lines of a report."""
        functions = sum(map(len, self.files.values()))
        lines = [f"{len(self.files)} files, {functions} functions"]
        return "\n".join(lines + [f"  {len(codes):3d}  {name}" for name, codes in self.files.items()])


@contextmanager
def walked() -> Iterator[Walk]:
    """Count what this thread enters meanwhile."""
    walk = Walk()

    def called(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            walk.enter(frame.f_code)

    sys.setprofile(called)
    try:
        yield walk
    finally:
        sys.setprofile(None)


def qido() -> Walk:
    """Search for studies by the beginning of a name, signed in by a token."""
    from django.test import Client  # noqa: PLC0415 - only after the setup

    from bench.dicomweb.rows import made  # noqa: PLC0415

    browser, headers = Client(), {"Authorization": f"Bearer {made(20)}"}

    def search() -> None:
        answer = browser.get("/dicomweb/studies", {"PatientName": "Phantom*"}, headers=headers)
        if answer.status_code != 200 or len(answer.json()) != 20:
            raise RuntimeError(f"The search was answered {answer.status_code}: {answer.content[:200]!r}")

    search()
    with walked() as walk:
        search()
    return walk


WALKS: dict[str, Callable[[], Walk]] = {"qido": qido}


def main() -> int:
    """Print each walk; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.walks", description=__doc__)
    parser.add_argument("walks", nargs="*", help=f"which of {', '.join(WALKS)}; all where none is named")
    wanted = parser.parse_args().walks or list(WALKS)
    if unknown := set(wanted) - set(WALKS):
        parser.error(f"there is no walk {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="readroom-walks-") as folder:
        os.environ |= {"READROOM_DATA": folder, "DJANGO_SETTINGS_MODULE": "webapp.settings"}
        os.environ |= {"READROOM_ALLOWED_HOSTS": "testserver"}
        import django  # noqa: PLC0415 - the folder is named first
        from django.core.management import call_command  # noqa: PLC0415

        django.setup()
        call_command("migrate", verbosity=0)
        for name in wanted:
            print(f"{name}: {WALKS[name]()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
