"""A listener in a process of its own, and the peers that call it."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE

from deploy.launch import answers
from tests.phantoms import dicom
from tests.servers import free_port, wait_until
from webapp.exchange.dicom_scp.verification import VERIFICATION

ROOT = Path(__file__).resolve().parents[2]
TITLE, SCANNER, MOVED_SCANNER, STRANGER = "READROOM", "CT01", "CT02", "STRANGER"
CALLERS = f"{SCANNER}, STORESCU, {MOVED_SCANNER}@192.0.2.7"
#: A machine may be busy with something else.
SECONDS = 120.0
PREPARE = """
import os; os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
import django; django.setup()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
call_command("demo_users")
"""


def dcmtk_sent(port: int, files: list[Path], *words: str) -> subprocess.CompletedProcess[str]:
    """Send files as dcmtk's storescu does."""
    command = ["storescu", "-v", *words, "-aec", TITLE, "127.0.0.1", str(port), *map(str, files)]
    return subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class Station:
    """A data folder, and the commands that receive into it."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        ours = {"READROOM_DATA": str(data), "READROOM_DICOM_PORT": str(self.port), "READROOM_DICOM_CALLERS": CALLERS}
        self.environment = {"PATH": os.environ["PATH"], **ours, **environment}
        self.log = data.with_name(f"{data.name}.log")
        subprocess.run([sys.executable, "-c", PREPARE], cwd=ROOT, env=self.environment, check=True, capture_output=True)

    @contextmanager
    def running(self, command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run one of the commands; end it as the launcher does."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", command], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=SECONDS)

    @contextmanager
    def listening(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the listener and wait until it listens."""
        heard = self.log.read_text().count("listening as") if self.log.exists() else 0
        with self.running("listen") as process:

            def listens() -> bool:
                assert process.poll() is None, self.log.read_text()
                return self.log.read_text().count("listening as") > heard

            wait_until(listens, what="the listener", seconds=SECONDS)
            yield process

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Run the web side and yield its address."""
        port = free_port()
        words = [sys.executable, "-m", "gunicorn", "webapp.wsgi", f"--bind=127.0.0.1:{port}", "--threads=4"]
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "webapp.settings"}
        with self.log.open("ab") as log:
            web = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            wait_until(lambda: answers(port), what="the web server", seconds=SECONDS)
            yield f"http://127.0.0.1:{port}"
        finally:
            web.terminate()
            web.wait(timeout=SECONDS)

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment, check=False, capture_output=True, text=True)

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Ask the database, past our own code."""
        with closing(sqlite3.connect(f"file:{self.data / 'db.sqlite3'}?mode=ro", uri=True, timeout=60)) as database:
            return database.execute(question).fetchall()

    def stored(self) -> dict[str, str]:
        """Return SOPInstanceUID -> digest of everything that is stored."""
        return dict(self.rows("SELECT sop_instance_uid, sha256 FROM archive_instance"))

    def refusals(self) -> list[tuple[Any, ...]]:
        """Return who was refused an association, from where, and why."""
        asked = "SELECT actor, address, details FROM audit_auditevent WHERE code LIKE '%association refused'"
        return self.rows(asked)

    def dcmtk(self, program: str, *words: str | Path, title: str = "STORESCU") -> subprocess.CompletedProcess[str]:
        """Call as one of dcmtk's programs does."""
        command = [program, "-v", "-aet", title, "-aec", TITLE, "127.0.0.1", str(self.port), *map(str, words)]
        return subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    @contextmanager
    def call(self, *contexts: tuple[str, str], title: str = SCANNER, called: str = TITLE) -> Iterator[Association]:
        """Associate, with (SOP class, transfer syntax) pairs; release at the end."""
        entity = AE(ae_title=title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = SECONDS
        entity.add_requested_context(VERIFICATION)
        for sop_class, syntax in contexts:
            entity.add_requested_context(sop_class, syntax)
        opened: list[socket.socket] = []

        def noted(event: evt.Event) -> None:
            stream = event.assoc.dul.socket
            assert stream is not None
            assert stream.socket is not None
            opened.append(stream.socket)

        association = entity.associate(
            "127.0.0.1", self.port, ae_title=called, evt_handlers=[(evt.EVT_CONN_OPEN, noted)]
        )
        try:
            yield association
        finally:
            if association.is_established:
                association.release()
            if association.is_alive():
                association.join(SECONDS)
            for one in opened:  # pynetdicom closes none whose peer went first
                one.close()


def context_of(ds: Dataset) -> tuple[str, str]:
    """Return the presentation context that an object needs."""
    return ds.SOPClassUID, ds.file_meta.TransferSyntaxUID


def sent(association: Association, ds: Dataset) -> Dataset:
    """Send an object as a scanner does; return the response."""
    return association.send_c_store(ds)


def sent_raw(association: Association, data: bytes, *, sop_class: str, uid: str, syntax: str) -> tuple[int, str]:
    """Send any bytes as a data set; return status and comment of the response."""
    fitting = [
        each.context_id
        for each in association.accepted_contexts
        if (each.abstract_syntax, each.transfer_syntax[0]) == (sop_class, syntax)
    ]
    assert fitting[0] is not None
    request = C_STORE()
    request.MessageID, request.Priority = 7, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = UID(sop_class), UID(uid)
    request.DataSet = BytesIO(data)
    association._reactor_checkpoint.clear()  # as send_c_store does it: the answer is ours to fetch
    association.dimse.send_msg(request, fitting[0])
    _, response = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    assert isinstance(response, C_STORE), "the association ended"
    assert response.Status is not None
    return response.Status, str(response.ErrorComment or "")


def data_set_of(path: Path) -> bytes:
    """Return what lies behind the file meta information of a file; all of it where there is none."""
    data = path.read_bytes()
    if data[128:132] != b"DICM":
        return data
    return data[144 + int.from_bytes(data[140:144], "little") :]


def scan(folder: Path, count: int, **elements: Any) -> list[Path]:
    """Draw a CT series and return its files."""
    folder.mkdir(exist_ok=True)
    drawn = dicom.series(count, syntax=ExplicitVRLittleEndian, **elements)
    return [dicom.saved(ds, folder / f"{number}.dcm") for number, ds in enumerate(drawn)]
