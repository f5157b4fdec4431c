"""DICOM over TLS with dcmtk's storescu and a pynetdicom node: who is let in, and whom we trust."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from tests.peers import TITLE, node
from tests.services.listening import Station, dcmtk_sent, scan


@dataclass(frozen=True)
class Papers:
    """A certificate and its key, and who vouches for it."""

    certificate: Path
    key: Path
    authority: Path

    @property
    def dcmtk(self) -> list[str]:
        """The words by which dcmtk shows and checks them."""
        return ["+tls", str(self.key), str(self.certificate), "+cf", str(self.authority)]


def openssl(*words: str | Path) -> None:
    """Run openssl."""
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def papers(folder: Path, name: str, *, authority: Path | None = None) -> Papers:
    """Make a certificate for this machine; signed by itself where nobody else does."""
    key, certificate, request = (folder / f"{name}.{ending}" for ending in ("key", "pem", "csr"))
    # RSA: what dcmtk of Debian shows by default.
    new: list[str | Path] = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", f"/CN={name}"]
    if authority is None:
        openssl("req", "-x509", "-days", "2", *new, "-out", certificate)
        return Papers(certificate, key, certificate)
    names = folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost")
    openssl("req", *new, "-out", request)
    signing: list[str | Path] = [
        "-CA",
        authority,
        "-CAkey",
        authority.with_suffix(".key"),
        "-CAcreateserial",
        "-extfile",
        names,
    ]
    openssl("x509", "-req", "-days", "2", "-in", request, *signing, "-out", certificate)
    return Papers(certificate, key, authority)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """Papers that the house's authority signed."""
    folder = tmp_path_factory.mktemp("papers")
    return papers(folder, "readroom", authority=papers(folder, "authority").certificate)


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory, ours: Papers) -> Papers:
    """Papers that nobody vouches for, of somebody who knows our authority."""
    made = papers(tmp_path_factory.mktemp("strangers"), "stranger")
    return Papers(made.certificate, made.key, ours.authority)


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, ours: Papers) -> Iterator[Station]:
    """Return a listener that asks callers for their certificate."""
    place = Station(
        tmp_path_factory.mktemp("station"),
        READROOM_DICOM_TLS_CERTIFICATE=str(ours.certificate),
        READROOM_DICOM_TLS_KEY=str(ours.key),
        READROOM_DICOM_TLS_AUTHORITY=str(ours.authority),
        READROOM_DICOM_TLS_MUTUAL="1",
    )
    with place.listening():
        yield place


def test_who_shows_trusted_papers_sends_and_nobody_else(
    station: Station, ours: Papers, strangers: Papers, tmp_path: Path
) -> None:
    files = scan(tmp_path / "ct", 2)
    assert dcmtk_sent(station.port, files, *strangers.dcmtk).returncode != 0
    assert dcmtk_sent(station.port, files).returncode != 0
    assert station.stored() == {}
    taken = dcmtk_sent(station.port, files, *ours.dcmtk)
    assert taken.returncode == 0, taken.stdout
    assert len(station.stored()) == 2


def test_a_caller_who_never_agrees_holds_up_nobody(station: Station, ours: Papers, tmp_path: Path) -> None:
    with socket.create_connection(("127.0.0.1", station.port)):
        assert dcmtk_sent(station.port, scan(tmp_path / "ct", 1), *ours.dcmtk).returncode == 0


def test_an_old_protocol_is_not_spoken(station: Station, ours: Papers) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.load_cert_chain(ours.certificate, ours.key)
    old.set_ciphers("AES256-SHA256")  # TLS 1.2 without forward secrecy
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("127.0.0.1", station.port), timeout=60) as plain,
        pytest.raises(ssl.SSLError, match=r"(?i)handshake"),
    ):
        old.wrap_socket(plain)


def test_our_own_health_check_speaks_tls_as_well(station: Station) -> None:
    assert station.manage("listen", "--check").returncode == 0


def test_we_send_by_tls_to_whom_we_trust(station: Station, ours: Papers, strangers: Papers) -> None:
    for shown, answers in ((ours, True), (strangers, False)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(shown.certificate, shown.key)
        context.load_verify_locations(ours.authority)
        context.verify_mode = ssl.CERT_REQUIRED
        with node(classes=[CTImageStorage], syntaxes=[ExplicitVRLittleEndian], secured=context) as peer:
            named = [f"--port={peer.port}", f"--title={TITLE}", "--host=127.0.0.1", "--tls"]
            assert station.manage("destinations", "Archive", *named).returncode == 0
            told = station.manage("destinations", "Archive", "--echo")
        assert (told.returncode == 0) == answers, told.stderr
    assert "does not answer by TLS, or its certificate is not trusted." in told.stderr
