"""Before a reader has committed, no way out of Readroom tells them what the AI says, or what the other reader said."""

import io
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from pypdf import PdfReader

from tests.phantoms import geometry
from tests.webapp import factories
from tests.webapp.foundation.test_permissions import FORBIDDEN, GONE, ROUTES, routes, session_of
from tests.webapp.imaging.dicom_objects.conftest import Send, finding_outlined, made, run_answered, sent  # noqa: F401 - a fixture
from tests.webapp.reading.reporting.conftest import add_review, sign
from webapp.exchange.exports.models import Export
from webapp.exchange.exports.services import EXPORT, export_create
from webapp.foundation.accounts.models import AccessToken, User
from webapp.foundation.accounts.tokens import token_make
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.outbox.services import work_due
from webapp.imaging.archive.models import Instance, Series, Study
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.inference.models import Finding, Run
from webapp.reading.reporting.storage import REPORT_OBJECTS
from webapp.reading.reviews.services import read_commit, read_finish
from webapp.reading.worklist.models import ReadingTask, SiteSettings
from webapp.reading.worklist.services import task_claim, task_release, task_require_two_readers
from workers import api

CUT = geometry.Cut(shape=(2, 24, 24))
TITLE, PROBABILITY, REASON, REMARK, WRITTEN = (
    "Suspected quarkoma", 0.8317, "Quarkoma is urgent", "Beside the sulcus", "Seen by the first reader alone"
)  # fmt: skip


@dataclass
class Scene:
    """A study that the AI answered and that somebody has read or begun to read; somebody else is asked to read it."""

    study: Study
    run: Run
    finding: Finding
    first: User
    ids: dict[str, list[object]]

    @property
    def of_ai(self) -> list[str]:
        """Words, numbers and ids by which the AI's answer is known."""
        ours = ResultSeries.objects.filter(series__study=self.study)
        uids = [uid for row in ours for uid in (row.series.series_instance_uid, str(row.series_id))]
        inside = Instance.objects.filter(series__result__in=ours).values_list("sop_instance_uid", flat=True)
        names = [TITLE, str(PROBABILITY), "83\u202f%", "83%", REASON, "-slice-1-mask.png"]
        return [*names, *uids, *inside, f"/runs/{self.run.pk}/files/"]

    @property
    def of_first(self) -> list[str]:
        """Those by which the other reader's read is known."""
        return [REMARK, WRITTEN, *(str(mark) for mark in self.ids["mark"])]


@pytest.fixture
def scene(sent: Send) -> Scene:  # noqa: F811
    """Outlined by the AI, filed as objects, urgent; the senior has it in hand."""
    series = sent(geometry.single_frames(CUT, PatientName="Phantom^Petra", PatientID="PH-1"))
    run = run_answered(series, urgency=3, urgency_reason=REASON)
    finding = finding_outlined(run, CUT.ball(radius=8), label_title=TITLE, probability=PROBABILITY)
    made(run)
    ReadingTask.objects.filter(study=series.study).update(ai_urgency=3, ai_reason=REASON)
    first = factories.senior()
    task_claim(task=series.study.task, user=first)
    drawn = factories.mark(series.instances.first(), author=first, text="Quark")  # type: ignore[arg-type]
    return Scene(series.study, run, finding, first, {"mark": [drawn.mark_id]})


@pytest.fixture
def request_of() -> HttpRequest:
    return RequestFactory().post("/", headers={"user-agent": "phantom"})


def let_site_read_first(study: Study) -> None:
    SiteSettings.objects.update_or_create(site=study.site, defaults={"read_first": True})


def finish_first_read(scene: Scene) -> None:
    """The senior corrects what the AI says, in words and by an outline."""
    add_review(scene.study, scene.first, "edit", 1, label_title="Quark", comment=REMARK)
    image = scene.finding.instance
    assert image
    drawn = factories.outline(image, author=scene.first, finding=scene.finding)
    scene.ids["mark"].append(drawn.mark.pk)


def walk_routes(
    scene: Scene, session: str, names: Collection[str], methods: Sequence[str]
) -> Iterator[tuple[str, HttpResponse, str]]:
    """Ask for all that the scene has addresses of, and take back what that wrote: what was asked, answer, its words."""
    browser = Client(raise_request_exception=False)
    browser.cookies["sessionid"] = session
    for name, address in addresses(scene, names):
        for method in methods:
            if ROUTES[name].methods.get(method, 405) == 405:
                continue
            given = {"finding": scene.finding.pk, "says": "agree"} if method == "post" else {}
            with transaction.atomic():
                answer = getattr(browser, method)(address, given)
                words = text_of_response(answer)
                transaction.set_rollback(True)
            yield f"{method.upper()} {address}", answer, words


def text_of_response(answer: Any) -> str:
    """Return all that an answer says: of archives and documents what they hold, and where it leads."""
    body: bytes = answer.getvalue()
    kind = answer.headers.get("Content-Type", "")
    if kind == "application/pdf":
        return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())
    said = body.decode("utf-8", errors="replace")
    return said.replace("\\u202f", "\u202f") + str(answer.headers.get("Location", ""))


def addresses(scene: Scene, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield every address of these routes, for the study and what belongs to it, and those that stand alone."""
    for pattern in routes(get_resolver().url_patterns):
        if pattern.name not in names:
            continue
        kinds = {key: type(kind).__name__ for key, kind in pattern.pattern.converters.items()}
        for given in candidates(scene, str(pattern.name), kinds):
            address = reverse(str(pattern.name), args=list(given))
            yield from ((str(pattern.name), address + more) for more in QUERIES.get(str(pattern.name), [""]))


#: Every route but the one that ends the session.
ALL = sorted(set(ROUTES) - {"sign-out"})
#: How some are asked, beside without a word.
QUERIES = {
    "worklist": ["", "?show=findings", "?show=contradiction"],
    "dicomweb-studies": ["", "?ModalitiesInStudy=SR", "?includefield=all"],
    "dicomweb-all-series": ["", "?Modality=SEG", "?includefield=all"],
    "dicomweb-study-series": ["", "?includefield=all"],
    "dicomweb-all-instances": ["", "?includefield=all"],
    "fhir-ImagingStudy": ["", "?_count=1"],
}


def candidates(scene: Scene, name: str, kinds: dict[str, str]) -> Iterator[tuple[object, ...]]:
    """Yield what may stand in the places of an address."""
    if not kinds:
        yield ()
    elif name.startswith("dicomweb-"):
        yield from dicomweb_ids(scene, tuple(kinds))
    elif name.startswith("fhir-"):
        yield from ((one,) for one in fhir_ids(scene, name.split("-")[1]))
    else:
        yield from own_ids(scene, tuple(kinds), kinds)


def dicomweb_ids(scene: Scene, keys: tuple[str, ...]) -> Iterator[tuple[object, ...]]:
    """Yield the UIDs of the study, of each series or of each instance, and the first of what lies behind."""
    series = Series.objects.filter(study=scene.study)
    inside = Instance.objects.filter(series__in=series).select_related("series")
    behind = [{"frames": "1", "key": "7FE00010"}[key] for key in keys[3:]]
    rows: list[list[object]] = [[]]
    if "instance" in keys:
        rows = [[one.series.series_instance_uid, one.sop_instance_uid, *behind] for one in inside]
    elif "series" in keys:
        rows = [[one.series_instance_uid] for one in series]
    yield from ((scene.study.study_instance_uid, *row) for row in rows)


def fhir_ids(scene: Scene, kind: str) -> list[object]:
    """Return the ids of what there is of a kind."""
    found: dict[str, list[object]] = {
        "DiagnosticReport": [scene.run.pk, scene.study.pk],
        "Observation": [scene.finding.pk],
        "Patient": [scene.study.patient_id],
        "ImagingStudy": [scene.study.pk],
    }
    return found.get(kind, [])


def own_ids(scene: Scene, keys: tuple[str, ...], kinds: dict[str, str]) -> Iterator[tuple[object, ...]]:
    """Yield ids of our own."""
    study = scene.study
    match keys:
        case ("study",):
            yield (study.study_instance_uid if kinds["study"] == "StringConverter" else study.pk,)
        case ("study", "number"):
            yield (study.pk, 1)
        case ("study", "mark", "version"):
            yield from ((study.pk, one, 1) for one in scene.ids["mark"])
        case ("run",):
            yield (scene.run.pk,)
        case ("run", "name"):
            yield from ((scene.run.pk, one.mask) for one in scene.finding.marks.all())
        case ("instance", "number"):
            yield from ((one.pk, 0) for one in Instance.objects.filter(series__study=study))
        case ("series",):
            yield from ((one.pk,) for one in Series.objects.filter(study=study))
        case (key,):
            yield from ((one,) for one in scene.ids.get(key, []))


def leaks(
    scene: Scene, session: str, traces: list[str], *, names: Collection[str], methods: Sequence[str] = ("get", "post")
) -> list[str]:
    """Return the addresses whose answers tell something, with what they tell."""
    found = []
    for asked, answer, words in walk_routes(scene, session, names, methods):
        assert answer.status_code < 500, asked
        if answer.status_code not in {GONE, FORBIDDEN}:
            found += [f"{asked}: {trace}" for trace in traces if trace in words]
    return found


@pytest.fixture
def reported(scene: Scene, request_of: HttpRequest) -> Scene:
    """The site reads first; the senior has read, signed a preliminary report, and put the study back."""
    finish_first_read(scene)
    sign(scene.study, scene.first, request_of, "preliminary", impression=WRITTEN)
    assert work_due(REPORT_OBJECTS) == 1
    task_release(task=scene.study.task, user=scene.first)
    let_site_read_first(scene.study)
    return scene


def test_where_a_site_reads_first_no_address_tells_of_the_ai_before_the_reader_has_committed(reported: Scene) -> None:
    reader = factories.clinician()
    task_claim(task=reported.study.task, user=reader)
    session, traces = session_of(reader), [*reported.of_ai, *reported.of_first]
    assert leaks(reported, session, traces, names=ALL) == []
    read_commit(study=reported.study, user=reader, is_abnormal=True, impression="Mass")
    open_items = "\n".join(leaks(reported, session, traces, names=ALL, methods=["get"]))
    for trace in set(traces) - {"83%"}:  # pages write it with a narrow space
        assert trace in open_items, trace
    for way in ("GET /: ", "GET /studies/", "GET /api/studies/", "GET /dicomweb/studies/", "/1/report.pdf"):
        assert way in open_items, way


def test_nor_does_a_page_of_the_house_tell_an_administrator_who_might_read_the_study(reported: Scene) -> None:
    reported.ids["export"] = [exported(reported.study)]
    names = [name for name in ALL if not {"clinician"} & ROUTES[name].sees]
    session, verdict = session_of(factories.admin()), f"finding {reported.finding.pk}: Corrected"
    assert "export-download" in names
    assert leaks(reported, session, [*reported.of_ai, *reported.of_first, verdict], names=names) == []
    assert leaks(reported, session_of(factories.auditor()), [verdict], names=["audit"])


def test_of_two_readers_no_address_tells_the_second_what_the_first_said(scene: Scene) -> None:
    assert task_require_two_readers(task=scene.study.task, user=scene.first)
    finish_first_read(scene)
    read_finish(study=scene.study, user=scene.first)
    reader = factories.clinician()
    task_claim(task=scene.study.task, user=reader)
    session, names = session_of(reader), [name for name in ALL if not name.startswith("dicomweb-")]
    assert leaks(scene, session, scene.of_first, names=names) == []
    add_review(scene.study, reader, "agree", 1)
    read_finish(study=scene.study, user=reader)
    open_items = "\n".join(leaks(scene, session, scene.of_first, names=names, methods=["get"]))
    for trace in (REMARK, *map(str, scene.ids["mark"])):
        assert trace in open_items, trace


def exported(study: Study) -> UUID:
    """Make an export of a study and return its number."""
    export = export_create(name="Trial", studies=[study], options=api.Options(), user=factories.admin(), request=None)
    assert work_due(EXPORT) == 1
    ended = Export.objects.get(pk=export.pk)
    assert ended.state == Export.State.DONE, ended.reason
    return ended.pk


def test_an_export_holds_what_was_filed_only_once_the_study_is_read(scene: Scene) -> None:
    let_site_read_first(scene.study)
    scanned = Instance.objects.filter(series__study=scene.study, series__result=None).count()
    assert Export.objects.get(pk=exported(scene.study)).objects_done == scanned
    read_finish(study=scene.study, user=scene.first)
    assert Export.objects.get(pk=exported(scene.study)).objects_done > scanned


def test_a_view_of_the_list_by_what_the_ai_said_leaves_out_what_is_veiled(scene: Scene) -> None:
    let_site_read_first(scene.study)
    browser = Client()
    browser.force_login(factories.clinician())
    assert "Phantom, Petra" in browser.get("/").content.decode()
    assert "Phantom, Petra" not in browser.get("/?show=findings").content.decode()
    assert {chip.show: chip.count for chip in browser.get("/").context["chips"]}["findings"] == 0
    task_release(task=scene.study.task, user=scene.first)
    task_claim(task=scene.study.task, user=factories.clinician())
    read_commit(study=scene.study, user=factories.clinician(), is_abnormal=True, impression="")
    assert "Phantom, Petra" in browser.get("/?show=findings").content.decode()


def test_asking_for_what_is_veiled_is_answered_as_for_what_is_not_there_and_noted(scene: Scene) -> None:
    let_site_read_first(scene.study)
    browser = Client()
    browser.force_login(factories.clinician())
    ours = ResultSeries.objects.filter(kind="SR").get().series
    address = f"/dicomweb/studies/{scene.study.study_instance_uid}/series/{ours.series_instance_uid}"
    hidden, missing = browser.get(f"{address}/metadata"), browser.get(f"{address}.1/metadata")
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (404, missing.content)
    refused = AuditEvent.objects.filter(code=Code.ACCESS_REFUSED, success=False, study=scene.study.pk)
    assert [row.actor for row in refused] == ["clinician"]


def test_a_search_veils_from_the_moment_on_that_a_site_reads_first(scene: Scene) -> None:
    address = f"/dicomweb/studies/{scene.study.study_instance_uid}/series"
    uid = ResultSeries.objects.filter(kind="SR").get().series.series_instance_uid
    browser = Client()
    browser.force_login(factories.clinician())

    def search() -> tuple[bool, int]:
        with CaptureQueriesContext(connection) as asked:
            is_told = uid in text_of_response(browser.get(address))
        return is_told, len(asked)

    search()  # the site and its rules are looked up for the first time
    is_told, queries = search()
    assert is_told
    let_site_read_first(scene.study)
    assert search() == (False, queries)
    assert search() == (False, queries)
    SiteSettings.objects.update(read_first=False)
    assert search() == (True, queries)


def get_by_token(user: User, address: str) -> str:
    _token, secret = token_make(user=user, name=f"machine {AccessToken.objects.count()}")
    return text_of_response(Client().get(address, headers={"Authorization": f"Bearer {secret}"}))


def test_a_frame_of_ours_stops_from_the_moment_on_that_a_site_reads_first(scene: Scene) -> None:
    ours = ResultSeries.objects.filter(kind="SEG").get().series
    uids = (scene.study.study_instance_uid, ours.series_instance_uid, ours.instances.get().sop_instance_uid)
    frame = "/dicomweb/studies/{}/series/{}/instances/{}/frames/1".format(*uids)
    browser = Client()
    browser.force_login(factories.clinician())
    assert [browser.get(frame).status_code for _ in range(2)] == [200, 200]
    let_site_read_first(scene.study)
    assert browser.get(frame).status_code == 404
    SiteSettings.objects.update(read_first=False)
    assert browser.get(frame).status_code == 200


def test_a_readers_token_is_veiled_and_a_machines_is_not(scene: Scene) -> None:
    let_site_read_first(scene.study)
    address = f"/dicomweb/studies/{scene.study.study_instance_uid}/series"
    uid = ResultSeries.objects.filter(kind="SR").get().series.series_instance_uid
    archive = factories.clinician("archive")
    assert uid not in get_by_token(archive, address)
    archive.set_unusable_password()
    archive.save()
    assert uid in get_by_token(archive, address)
    assert TITLE in get_by_token(archive, "/fhir/Observation")
    assert TITLE not in get_by_token(factories.clinician(), "/fhir/Observation")


def test_nobody_is_asked_to_read_blind_to_a_report_that_is_signed(scene: Scene, request_of: HttpRequest) -> None:
    sign(scene.study, scene.first, request_of, "preliminary", impression=WRITTEN)
    assert not task_require_two_readers(task=scene.study.task, user=scene.first)
    assert ReadingTask.objects.get().required_readers == 1
