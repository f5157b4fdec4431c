"""The three servers, each on a port and in a folder of its own: ours as `make run` starts it, Orthanc, nginx."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from bench.dicomweb.client import Connection, Place
from deploy.launch import answers
from deploy.services import embedded_services, shared_environment
from deploy.supervisor import ROOT
from tests.servers import PATIENCE_SECONDS, free_port, running, wait_until

ORTHANC = ("/usr/sbin/Orthanc", "/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
NAME = "bench"
#: What a server says that gives what is asked for.
GIVEN = "given"


@contextmanager
def readroom(folder: Path, *, studies: int = 0) -> Iterator[Place]:
    """Run our web server over a new data folder that holds so many drawn studies."""
    folder.mkdir(parents=True)
    port = free_port()
    environment = {**shared_environment(data=folder), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    words = [sys.executable, "-m", "bench.dicomweb.rows", str(studies)]
    made = subprocess.run(words, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    web = embedded_services(port=port, environment=environment, logs=folder)[0]
    with (
        (folder / "log").open("wb") as log,
        running(list(web.command), log=log.fileno(), environment=environment) as server,
    ):
        wait_until(lambda: answers(port), what="our web server to answer", seconds=120)
        yield Place(port, "/dicomweb", f"Bearer {made.stdout.split()[-1]}", server.pid)


@contextmanager
def orthanc(folder: Path) -> Iterator[Place | None]:
    """Run Orthanc with its DICOMweb plugin, files synced as ours are; None where it is not installed."""
    if missing := [file for file in ORTHANC if not Path(file).exists()]:
        _leave_out("Orthanc", f"{missing[0]} is not there")
        yield None
        return
    folder.mkdir(parents=True)
    port = free_port()
    settings = {
        "Name": "Bench",
        "StorageDirectory": str(folder / "files"),
        "IndexDirectory": str(folder / "files"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {NAME: NAME},
        "KeepAlive": True,
        "TcpNoDelay": True,
        "SyncStorageArea": True,
        "StorageCompression": False,
        "Plugins": [ORTHANC[1]],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    password = base64.b64encode(f"{NAME}:{NAME}".encode()).decode()
    place = Place(port, "/dicom-web", f"Basic {password}")
    with (
        (folder / "log").open("wb") as log,
        running([ORTHANC[0], str(folder / "orthanc.json")], log=log.fileno()) as run,
    ):
        yield replace(place, pid=run.pid) if _is_served("Orthanc", place, "/studies?limit=1", seconds=120) else None


@contextmanager
def nginx(folder: Path, *, content: bytes) -> Iterator[Place | None]:
    """Run nginx over one file, `/file`; None where it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        _leave_out("nginx", "it is not installed")
        yield None
        return
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    (folder / "file").write_bytes(content)
    port = free_port()
    places = " ".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"user root; daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/log; events {{}}\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; {places}\n"
        f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n"
    )
    with running([program, "-c", str(folder / "nginx.conf"), "-p", str(folder)], log=subprocess.DEVNULL) as run:
        place = Place(port, "", pid=run.pid)
        yield place if _is_served("nginx", place, "/file") else None


def _is_served(name: str, place: Place, path: str, *, seconds: float = PATIENCE_SECONDS) -> bool:
    """Wait until a server answers, and say whether it gives what is asked for; if not, leave it out in one line."""
    try:
        refusal = wait_until(lambda: _answer(place, path), what=f"{name} to answer", seconds=seconds)
    except TimeoutError as error:
        refusal = str(error)
    if refusal != GIVEN:
        _leave_out(name, refusal)
    return refusal == GIVEN


def _answer(place: Place, path: str) -> str:
    """Return GIVEN, or the status line of what is answered in its place; empty while nothing answers."""
    try:
        with closing(Connection(place)) as connection:
            connection.get(path, accept="application/dicom+json" if place.root else "*/*")
    except ValueError as error:
        return str(error)
    except OSError:
        return ""
    return GIVEN


def _leave_out(name: str, reason: str) -> None:
    print(f"{name} is left out: {reason}", file=sys.stderr, flush=True)
