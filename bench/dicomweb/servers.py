"""The three servers, each on a port and in a folder of its own: ours as `make run` starts it, Orthanc, nginx."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.dicomweb.client import Connection, Place
from deploy.launch import answers
from deploy.services import embedded_services, shared_environment
from deploy.supervisor import ROOT
from tests.servers import free_port, running, wait_until

ORTHANC = ("/usr/sbin/Orthanc", "/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
NAME = "bench"


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
    if not all(Path(file).exists() for file in ORTHANC):
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
        wait_until(lambda: _is_there(place), what="Orthanc to answer", seconds=120)
        yield replace(place, pid=run.pid)


@contextmanager
def nginx(folder: Path, *, content: bytes) -> Iterator[Place | None]:
    """Run nginx over one file, `/file`; None where it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
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
        wait_until(lambda: _is_there(place, "/file"), what="nginx to answer")
        yield place


def _is_there(place: Place, path: str = "/studies?limit=1") -> bool:
    try:
        connection = Connection(place)
        connection.get(path, accept="application/dicom+json")
        connection.close()
    except (OSError, ValueError):
        return False
    return True
