"""Scanners and archives send to a real listener: dcmtk and pynetdicom on one side, a process of ours on the other."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import MPEG4HP41, CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from tests.phantoms import dicom
from tests.phantoms.hostile import KINDS
from tests.servers import wait_until
from tests.services.listening import (
    MOVED_SCANNER,
    SCANNER,
    STRANGER,
    TITLE,
    Station,
    context_of,
    data_set_of,
    scan,
    sent,
    sent_raw,
)
from webapp.exchange.dicom_scp.statuses import Status, told
from workers.api import syntaxes_read

AT_ONCE = 8
CT = (CTImageStorage, ExplicitVRLittleEndian)
#: Thirty seconds of waiting that the upload page's test shortens; and what cannot be announced at all.
ELSEWHERE = {"hangs_its_decoder", "unknown_transfer_syntax", "video", "empty"}


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Return a listener that takes eight callers at once."""
    place = Station(tmp_path_factory.mktemp("station"), READROOM_DICOM_ASSOCIATIONS=str(AT_ONCE))
    with place.listening():
        yield place


def test_a_series_sent_by_storescu_is_a_study_and_sending_it_again_changes_nothing(
    station: Station, tmp_path: Path
) -> None:
    files = scan(tmp_path / "ct", 4, PatientID="STORESCU-1", StudyDescription="Sent by storescu")
    study = pydicom.dcmread(files[0]).StudyInstanceUID
    filed = (
        "SELECT study.id, series.id, COUNT(*), account.username, site.name FROM archive_instance AS instance "
        "JOIN archive_series AS series ON series.id = instance.series_id "
        "JOIN archive_study AS study ON study.id = series.study_id "
        "JOIN accounts_user AS account ON account.id = study.uploaded_by_id "
        "JOIN accounts_site AS site ON site.id = study.site_id "
        f"WHERE study.study_instance_uid = '{study}' GROUP BY 1, 2, 4, 5"
    )
    first = station.dcmtk("storescu", *files)
    assert first.returncode == 0, first.stdout
    assert first.stdout.count("Received Store Response (Success)") == 4
    (row,) = station.rows(filed)
    assert row[2:] == (4, "DICOM STORESCU", "Main clinic")
    again = station.dcmtk("storescu", *files)
    assert again.stdout.count("Received Store Response (Success)") == 4
    assert station.rows(filed) == [row]


def test_an_echo_is_answered(station: Station) -> None:
    assert station.dcmtk("echoscu").returncode == 0
    assert station.manage("listen", "--check").returncode == 0


@pytest.mark.parametrize(
    ("title", "called", "reason", "said"),
    [
        (STRANGER, TITLE, 3, "calling AE title not recognised, or not from this address"),
        (MOVED_SCANNER, TITLE, 3, "calling AE title not recognised, or not from this address"),
        (SCANNER, "SOMEBODY", 7, "called AE title not recognised"),
    ],
)
def test_who_may_not_call_is_rejected_with_the_reason_and_audited(
    station: Station, title: str, called: str, reason: int, said: str
) -> None:
    with station.call(title=title, called=called) as association:
        answer = association.acceptor.primitive
    assert association.is_rejected
    assert answer is not None
    assert (answer.result, answer.result_source, answer.diagnostic) == (1, 1, reason)
    assert (f"DICOM {title}", "127.0.0.1", said) in station.refusals()


def test_our_own_health_check_may_store_nothing(station: Station) -> None:
    ds = dicom.image(PatientID="HEALTH")
    with station.call(context_of(ds), title=TITLE) as association:
        assert sent(association, ds).Status == Status.NOT_AUTHORISED
    assert ds.SOPInstanceUID not in station.stored()


def test_every_transfer_syntax_that_is_read_may_be_chosen_and_video_may_not(station: Station) -> None:
    offered = [(MRImageStorage, syntax) for syntax in (*syntaxes_read(), MPEG4HP41)]
    with station.call(*offered) as association:
        chosen = {each.transfer_syntax[0] for each in association.accepted_contexts}
    assert set(syntaxes_read()) <= chosen
    assert MPEG4HP41 not in chosen


def test_the_same_uid_with_other_contents_is_refused_and_the_first_is_kept(station: Station) -> None:
    ds = dicom.image(PatientID="VERSIONS")
    with station.call(context_of(ds)) as association:
        assert sent(association, ds).Status == Status.STORED
        kept = station.stored()[ds.SOPInstanceUID]
        ds.StudyDescription = "changed"
        refused = sent(association, ds)
    assert refused.Status == Status.CONTRADICTS
    assert refused.ErrorComment.startswith("An object with the same SOPInstanceUID but other")
    assert station.stored()[ds.SOPInstanceUID] == kept


def test_an_object_that_is_not_the_announced_one_is_refused(station: Station, tmp_path: Path) -> None:
    ds = dicom.image(PatientID="ANNOUNCED")
    data = data_set_of(dicom.saved(ds, tmp_path / "a"))
    with station.call(CT) as association:
        status, _ = sent_raw(association, data, sop_class=CT[0], uid=generate_uid(), syntax=CT[1])
    assert status == Status.NOT_AS_ANNOUNCED
    assert ds.SOPInstanceUID not in station.stored()


def test_hostile_objects_are_refused_in_words_and_the_listener_lives(station: Station, tmp_path: Path) -> None:
    kinds = [kind for kind in KINDS if kind.name not in ELSEWHERE and not kind.name.startswith("zip")]
    answers = {}
    before, after = dicom.image(PatientID="NEIGHBOURS"), dicom.image(PatientID="NEIGHBOURS")
    offered = {(CTImageStorage, syntax) for syntax in syntaxes_read()}
    with station.call(*offered) as association:
        assert sent(association, before).Status == Status.STORED
        for kind in kinds:
            path = kind.make(tmp_path / kind.name)
            syntax, uid = announced(path)
            status, comment = sent_raw(association, data_set_of(path), sop_class=CTImageStorage, uid=uid, syntax=syntax)
            answers[kind.name] = (status, comment)
        assert sent(association, after).Status == Status.STORED
    for kind in kinds:
        status, comment = answers[kind.name]
        if kind.make.__module__.endswith("objects") and not kind.stored and kind.name != "dicomdir":
            assert comment == told(Status.UNREADABLE, kind.says).ErrorComment, kind.name
        if not kind.stored:
            assert status in {Status.UNREADABLE, Status.NOT_AS_ANNOUNCED}, kind.name
    taken = {name for name, (status, _) in answers.items() if status == Status.STORED}
    assert taken == {kind.name for kind in kinds if kind.stored and kind.name != "structured_report"}
    assert station.dcmtk("echoscu").returncode == 0


def announced(path: Path) -> tuple[str, str]:
    """Return transfer syntax and SOPInstanceUID as a sender of this file would state them."""
    try:
        meta = pydicom.filereader.read_file_meta_info(path)
        syntax, uid = str(meta.TransferSyntaxUID), str(meta.MediaStorageSOPInstanceUID)
    except Exception:  # noqa: BLE001 - no DICOM file at all
        return ExplicitVRLittleEndian, generate_uid()
    return (syntax if syntax in syntaxes_read() else ExplicitVRLittleEndian), uid


def test_eight_send_at_once_and_a_ninth_is_told_that_there_is_no_room(station: Station) -> None:
    scans = [dicom.series(3, PatientID=f"AT-ONCE-{number}") for number in range(AT_ONCE)]
    with ExitStack() as calls:
        associations = [calls.enter_context(station.call(CT)) for _ in range(AT_ONCE)]
        assert all(each.is_established for each in associations)
        with station.call() as ninth:
            answer = ninth.acceptor.primitive
        assert answer is not None
        assert (answer.result, answer.result_source, answer.diagnostic) == (2, 3, 2)

        def send(number: int) -> list[int]:
            return [int(sent(associations[number], ds).Status) for ds in scans[number]]

        with ThreadPoolExecutor(AT_ONCE) as senders:
            assert list(senders.map(send, range(AT_ONCE))) == [[Status.STORED] * 3] * AT_ONCE
    stored = station.stored()
    assert all(ds.SOPInstanceUID in stored for slices in scans for ds in slices)


def test_who_claims_four_gigabytes_is_cut_off_before_they_come(station: Station) -> None:
    with socket.create_connection(("127.0.0.1", station.port), timeout=60) as peer:
        peer.sendall(b"\x01\x00\xff\xff\xff\xff")
        assert peer.recv(64) in {b"", peer_abort()}
    assert station.dcmtk("echoscu").returncode == 0


def peer_abort() -> bytes:
    """Return an A-ABORT of the provider (PS3.8 9.3.8)."""
    return b"\x07\x00\x00\x00\x00\x04\x00\x00\x02\x00"


def test_what_comes_in_pieces_and_stops_leaves_nothing(station: Station) -> None:
    ds = dicom.image(PatientID="HALF-SENT")
    with station.call(CT) as association:
        stream = association.dul.socket
        assert stream is not None
        whole = threading.Event()

        def hang_up(bytestream: bytes) -> None:
            assert stream.socket is not None
            if not whole.is_set() and len(bytestream) > 1000:
                whole.set()
                stream.socket.sendall(bytestream[:1000])
                stream.close()
            elif stream.socket is not None:
                stream.socket.sendall(bytestream)

        stream.send = hang_up  # type: ignore[method-assign]
        association.send_c_store(ds)
    wait_until(lambda: not list((station.data / "tmp").iterdir()), what="the rest to be removed", seconds=60)
    assert ds.SOPInstanceUID not in station.stored()


def test_no_log_and_no_audit_row_holds_a_patients_name(station: Station, tmp_path: Path) -> None:
    files = scan(tmp_path / "ct", 1)
    bad = dicom.saved(dicom.image(Rows=60_000, Columns=60_000), tmp_path / "bad.dcm")
    station.dcmtk("storescu", *files, bad)
    told_of = station.log.read_text() + str(station.rows("SELECT actor, details FROM audit_auditevent"))
    for canary in (*dicom.CANARY.split("^"), dicom.CANARY_ID):
        assert canary not in told_of


def test_nothing_acknowledged_is_lost_when_the_listener_is_killed_in_mid_association(tmp_path: Path) -> None:
    place = Station(tmp_path / "killed")
    slices = dicom.series(30, PatientID="KILLED")
    acknowledged: list[str] = []
    with place.listening() as listener, place.call(CT) as association:
        for ds in slices:
            if not association.is_established:
                break
            if sent(association, ds).get("Status") == Status.STORED:
                acknowledged.append(ds.SOPInstanceUID)
            if len(acknowledged) == 5:
                threading.Timer(0.05, listener.kill).start()
        listener.wait(timeout=60)
    assert 5 <= len(acknowledged) < 30
    with place.listening(), place.call(CT) as association:
        stored = place.stored()
        for uid in acknowledged:
            digest = stored[uid]
            whole = (place.data / "objects" / digest[:2] / digest).read_bytes()
            assert hashlib.sha256(whole).hexdigest() == digest
        assert {int(sent(association, ds).Status) for ds in slices} == {Status.STORED}
    assert set(place.stored()) == {ds.SOPInstanceUID for ds in slices}
