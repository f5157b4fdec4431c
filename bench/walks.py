"""How far a reader of the code walks: the files of this repository that one request enters, counted while it runs.

``python -m bench.walks`` runs each walk once, after a first time that does not count (caches, the trail's first look),
over a data folder of its own, and prints what was entered, in order of the first call. Tests are not counted.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from pydicom.dataset import FileDataset

from tests.phantoms import dicom

if TYPE_CHECKING:
    from django.test import Client

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
def walked(walk: Walk | None = None) -> Iterator[Walk]:
    """Count what this thread enters meanwhile, on top of what another part of the walk entered."""
    walk = walk or Walk()

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
    browser, headers = _signed_in(studies=20)

    def search() -> None:
        answer = browser.get("/dicomweb/studies", {"PatientName": "Phantom*"}, headers=headers)
        _expect(answer)
        if len(answer.json()) != 20:
            raise RuntimeError(f"The search found {len(answer.json())} of 20 studies.")

    search()
    with walked() as walk:
        search()
    return walk


def upload() -> Walk:
    """Send an object to the address of uploads, as its page does: from there to its rows, without the run after it."""
    browser, headers = _signed_in()
    _uploaded(browser, headers)
    with walked() as walk:
        _uploaded(browser, headers)
    return walk


def finding() -> Walk:
    """From an upload to the study page with the answer: the web side's part; the worker's cascade runs unwalked."""
    from webapp.foundation.outbox.models import OutboxItem  # noqa: PLC0415
    from webapp.foundation.outbox.registry import kind_of  # noqa: PLC0415 - only after the setup
    from webapp.foundation.outbox.services import dispatch_due, watch_all, work_due  # noqa: PLC0415
    from webapp.imaging.archive.models import Series  # noqa: PLC0415
    from webapp.imaging.dicom_objects.models import ResultSeries  # noqa: PLC0415
    from webapp.imaging.dicom_objects.services import RESULTS  # noqa: PLC0415
    from webapp.imaging.inference.services import ANALYSIS, run_create  # noqa: PLC0415
    from workers.storage import Attempt  # noqa: PLC0415
    from workers.tasks_inference import attempt_answer  # noqa: PLC0415

    browser, headers = _signed_in()

    def analysed(walk: Walk) -> None:
        with walked(walk):
            ds = _uploaded(browser, headers)
            run = run_create(series=Series.objects.get(series_instance_uid=ds.SeriesInstanceUID))
            dispatch_due(kind_of(ANALYSIS))
        if run is None:
            raise RuntimeError("What was uploaded is not analysed.")
        attempt_answer(Attempt(run.pk, OutboxItem.objects.get(kind=ANALYSIS, subject=str(run.pk)).attempt))
        browser.force_login(run.series.study.uploaded_by, backend="django.contrib.auth.backends.ModelBackend")
        with walked(walk):
            watch_all([ANALYSIS])
            work_due(RESULTS)
            _expect(browser.get(f"/studies/{run.series.study_id}/"))
        if not ResultSeries.objects.filter(results__run=run).exists():
            raise RuntimeError("The answer did not become objects.")

    analysed(Walk())
    walk = Walk()
    analysed(walk)
    return walk


def frame() -> Walk:
    """Ask for a frame of an object that is stored."""
    browser, headers = _signed_in()
    ds = _uploaded(browser, headers)
    series = f"/dicomweb/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}"

    def get() -> None:
        _expect(browser.get(f"{series}/instances/{ds.SOPInstanceUID}/frames/1", headers=headers))

    get()
    with walked() as walk:
        get()
    return walk


def _signed_in(*, studies: int = 1) -> tuple["Client", dict[str, str]]:
    """Return a client, and the header of a token in a house of so many drawn studies."""
    from django.test import Client  # noqa: PLC0415 - only after the setup

    from bench.dicomweb.rows import made  # noqa: PLC0415
    from webapp.foundation.accounts.models import Site  # noqa: PLC0415

    if Site.objects.exists():
        raise RuntimeError("Each walk has a data folder of its own.")
    return Client(), {"Authorization": f"Bearer {made(studies)}"}


def _uploaded(browser: "Client", headers: dict[str, str]) -> FileDataset:
    """Upload a drawn object that is new."""
    ds, file = dicom.image(), io.BytesIO()
    ds.save_as(file, enforce_file_format=True)
    file.seek(0)
    _expect(browser.post("/api/uploads/", {"file": file, "name": "drawn.dcm"}, headers=headers))
    return ds


def _expect(answer: Any) -> None:
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.request['PATH_INFO']} was answered {answer.status_code}: {answer.content[:200]!r}")


WALKS: dict[str, Callable[[], Walk]] = {"qido": qido, "frame": frame, "upload": upload, "finding": finding}


def main() -> int:
    """Print each walk; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.walks", description=__doc__)
    parser.add_argument("walks", nargs="*", help=f"which of {', '.join(WALKS)}; all where none is named")
    wanted = parser.parse_args().walks or list(WALKS)
    if unknown := set(wanted) - set(WALKS):
        parser.error(f"there is no walk {', '.join(sorted(unknown))}")
    if len(wanted) > 1:  # each in a process of its own, since a data folder is chosen once
        return max(subprocess.run([sys.executable, "-m", "bench.walks", one], check=False).returncode for one in wanted)
    with tempfile.TemporaryDirectory(prefix="readroom-walks-") as folder:
        os.environ |= {"READROOM_DATA": folder, "DJANGO_SETTINGS_MODULE": "webapp.settings"}
        os.environ |= {"READROOM_ALLOWED_HOSTS": "testserver"}
        import django  # noqa: PLC0415 - the folder is named first
        from django.core.management import call_command  # noqa: PLC0415

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        print(f"{wanted[0]}: {WALKS[wanted[0]]()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
