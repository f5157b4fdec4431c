"""A real Orthanc (Debian's) on free ports, with its DICOMweb plugin: it sends, takes, asks and fetches."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from deploy.debian import ELSEWHERE
from tests.servers import free_port, running, wait_until

TITLE = "ORTHANC"
#: What a busy machine may take for a request that moves objects.
SECONDS = 120.0


class Orthanc:
    """Its REST interface; objects are named by their DICOM UIDs here."""

    def __init__(self, *, http_port: int, dicom_port: int) -> None:
        self.dicom_port = dicom_port
        self.dicomweb = f"http://127.0.0.1:{http_port}/dicom-web"
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{http_port}", timeout=SECONDS)

    def meet(self, *, title: str, dicom_port: int, url: str, user: str, password: str) -> None:
        """Tell it of a node that it calls `readroom`: by C-STORE, and by DICOMweb."""
        self._put("/modalities/readroom", {"AET": title, "Host": "127.0.0.1", "Port": dicom_port})
        self._put("/dicom-web/servers/readroom", {"Url": url, "Username": user, "Password": password})

    def given(self, path: Path) -> None:
        """Put an object into it past all that is tested."""
        self.http.post("/instances", content=path.read_bytes()).raise_for_status()

    def sends(self, study: str) -> None:
        """Let it send a study by C-STORE."""
        self.post("/modalities/readroom/store", {"Resources": [self.own_id(study)], "Synchronous": True})

    def stores(self, study: str) -> None:
        """Let it send a study by STOW-RS."""
        self.post("/dicom-web/servers/readroom/stow", {"Resources": [self.own_id(study)], "Synchronous": True})

    def finds(self, **arguments: str) -> list[dict[str, Any]]:
        """Let it search for studies by QIDO-RS."""
        asked = {"Uri": "/studies", "Arguments": arguments, "HttpHeaders": {"Accept": "application/dicom+json"}}
        found: list[dict[str, Any]] = self.post("/dicom-web/servers/readroom/get", asked)
        return found

    def fetches(self, study: str) -> None:
        """Let it fetch a study by WADO-RS."""
        self.post("/dicom-web/servers/readroom/retrieve", {"Resources": [{"Study": study}], "Synchronous": True})

    def forgets(self, study: str) -> None:
        """Remove a study."""
        self.http.delete(f"/studies/{self.own_id(study)}").raise_for_status()

    def own_id(self, uid: str) -> str:
        """Return its own name of a study, series or instance; empty where it has none."""
        found = self.post("/tools/lookup", uid)
        return str(found[0]["ID"]) if found else ""

    def file(self, instance: str) -> bytes:
        """Return an object as it keeps it."""
        return self.http.get(f"/instances/{self.own_id(instance)}/file").raise_for_status().content

    def post(self, address: str, asked: Any) -> Any:
        """Ask for something."""
        content = asked if isinstance(asked, str) else json.dumps(asked)
        return self.http.post(address, content=content).raise_for_status().json()

    def _put(self, address: str, told: dict[str, Any]) -> None:
        self.http.put(address, content=json.dumps(told)).raise_for_status()


@contextmanager
def orthanc(folder: Path) -> Iterator[Orthanc]:
    """Run it over a folder of its own."""
    here = Orthanc(http_port=(http_port := free_port()), dicom_port=(dicom_port := free_port()))
    plugin = "libOrthancDicomWeb.so"
    told = {
        "Name": "Peer",
        "StorageDirectory": str(folder / "objects"),
        "IndexDirectory": str(folder / "objects"),
        "Plugins": [str(ELSEWHERE[plugin] / plugin)],
        "HttpPort": http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAet": TITLE,
        "DicomPort": dicom_port,
        "DicomAlwaysAllowStore": True,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(told))
    command = [str(ELSEWHERE["Orthanc"] / "Orthanc"), str(folder / "orthanc.json")]
    with (folder / "log").open("wb") as log, running(command, log=log.fileno()), here.http:
        wait_until(lambda: _answers(here), what="Orthanc to answer", seconds=60)
        yield here


def _answers(here: Orthanc) -> bool:
    try:
        return here.http.get("/system").is_success
    except httpx.HTTPError:
        return False
