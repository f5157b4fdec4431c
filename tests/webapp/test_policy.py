"""Who may do what, at every address: a route that nobody has classified fails here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from tests.webapp import factories
from tests.webapp.reports import weights_reported
from webapp.accounts.models import User
from webapp.accounts.policy import Act, may, visible_studies
from webapp.audit.events import Code
from webapp.audit.models import AuditEvent
from webapp.exports.models import Export
from webapp.fhir.kinds import KINDS
from webapp.runs.models import Run
from webapp.sending.models import Delivery, Destination
from webapp.studies.models import Series, Study
from webapp.webhooks.models import Notice, Subscription
from webapp.webhooks.services import notices_write
from workers import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]

WHO = ("anonymous", "clinician", "stranger", "admin")
METHODS = ("get", "post")
SIGN_IN, GONE, NOT_ALLOWED = 302, 404, 405


@dataclass(frozen=True)
class Route:
    """What an address answers to each of WHO, for GET and for POST."""

    get: tuple[int, int, int, int]
    post: tuple[int, int, int, int]
    #: The answer depends on the study: a stranger's look must be audited.
    of_study: bool = False


def page(answer: int = 200) -> Route:
    """A page for everybody who is signed in, whatever their site."""
    return Route((SIGN_IN, answer, answer, answer), (SIGN_IN, 405, 405, 405))


def study_page() -> Route:
    """A page, picture or file of one study of the main clinic."""
    return Route((SIGN_IN, 200, GONE, 200), (SIGN_IN, 405, 405, 405), of_study=True)


def study_api() -> Route:
    """What an API serves of one study: it answers 401 where a page would send somebody to sign in."""
    return Route((401, 200, GONE, 200), (401, 405, 405, 405), of_study=True)


def searched() -> Route:
    """A search of DICOMweb over all that one may see."""
    return Route((401, 200, 200, 200), (401, 405, 405, 405))


ROUTES: dict[str, Route] = {
    "worklist": page(),
    "worklist-rows": page(),
    "worklist-search": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 302, 302, 302)),
    "study": study_page(),
    "study-answer": study_page(),
    "next-case": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 302, 302, 302)),
    "study-claim": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 200, GONE, 200), of_study=True),
    **dict.fromkeys(
        ("study-release", "study-take-over", "study-finish", "study-triage"),
        Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 302, GONE, 302), of_study=True),
    ),
    "follow-up": study_page(),
    **dict.fromkeys(
        ("follow-up-link", "follow-up-unlink"),
        Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 302, GONE, 302), of_study=True),
    ),
    "run-file": study_page(),
    "frame": study_page(),
    "thumbnail": study_page(),
    "study-sending": Route((SIGN_IN, 200, GONE, 200), (SIGN_IN, 200, GONE, 200), of_study=True),
    "delivery-retry": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 302, GONE, 302), of_study=True),
    "network": Route((SIGN_IN, 403, 403, 200), (SIGN_IN, 403, 403, 200)),
    "destination": Route((SIGN_IN, 403, 403, 200), (SIGN_IN, 403, 403, 200)),
    "destination-echo": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 403, 403, 200)),
    "run-retry": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 302, GONE, 302), of_study=True),
    "upload": page(),
    # An API answers 401 where a page would send somebody to sign in; 400: nothing was sent.
    "upload-api": Route((401, 405, 405, 405), (401, 400, 400, 400)),
    "study-state": study_api(),
    "viewer": study_page(),
    "viewer-api": study_api(),
    "marks-api": study_api(),
    "mark-api": study_api(),
    "schema": searched(),
    # 415: what was sent is no multipart body of objects.
    "dicomweb-studies": Route((401, 200, 200, 200), (401, 415, 415, 415)),
    "dicomweb-all-series": searched(),
    "dicomweb-all-instances": searched(),
    "dicomweb-study": Route((401, 200, GONE, 200), (401, 415, 415, 415), of_study=True),
    "dicomweb-study-metadata": study_api(),
    "dicomweb-study-rendered": study_api(),
    "dicomweb-series-rendered": study_api(),
    "dicomweb-study-thumbnail": study_api(),
    "dicomweb-study-series": study_api(),
    "dicomweb-study-instances": study_api(),
    "dicomweb-series": study_api(),
    "dicomweb-series-metadata": study_api(),
    "dicomweb-series-thumbnail": study_api(),
    "dicomweb-series-instances": study_api(),
    "dicomweb-instance": study_api(),
    "dicomweb-metadata": study_api(),
    "dicomweb-rendered": study_api(),
    "dicomweb-thumbnail": study_api(),
    "dicomweb-bulkdata": study_api(),
    "dicomweb-bulkdata-value": study_api(),
    "dicomweb-frames": study_api(),
    "dicomweb-frame-rendered": study_api(),
    "dicomweb-frame-thumbnail": study_api(),
    "fhir-metadata": searched(),
    **{f"fhir-{kind}": searched() for kind in KINDS},
    **{f"fhir-{kind}-read": study_api() for kind in KINDS if kind != "Device"},
    "fhir-Device-read": searched(),
    "models": page(),
    "model": page(),
    "model-picture": page(),
    "performance": Route((SIGN_IN, 403, 403, 200), (SIGN_IN, 405, 405, 405)),
    "performance-csv": Route((SIGN_IN, 403, 403, 200), (SIGN_IN, 405, 405, 405)),
    "tokens": Route((SIGN_IN, 403, 403, 200), (SIGN_IN, 403, 403, 200)),
    "token-revoke": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 403, 403, 302)),
    "exports": Route((SIGN_IN, 403, 403, 200), (SIGN_IN, 403, 403, 400)),
    "export": Route((SIGN_IN, 403, 403, 200), (SIGN_IN, 405, 405, 405)),
    "export-retry": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 403, 403, 302)),
    "export-download": Route((SIGN_IN, 403, 403, 200), (SIGN_IN, 405, 405, 405)),
    "webhooks": Route((SIGN_IN, 403, 403, 200), (SIGN_IN, 403, 403, 400)),
    # 404: nothing was said that could be changed.
    "webhook-change": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 403, 403, 404)),
    "notice-retry": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 403, 403, 302)),
    "audit": Route((SIGN_IN, 403, 403, 200), (SIGN_IN, 405, 405, 405)),
    "audit-verify": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 403, 403, 200)),
    "sign-in": Route((200, 302, 302, 302), (200, 302, 302, 302)),
    "sign-out": Route((SIGN_IN, 405, 405, 405), (SIGN_IN, 302, 302, 302)),
    "healthz": Route((200, 200, 200, 200), (405, 405, 405, 405)),
}
#: Those that answer in JSON, also when a request was forged.
APIS = ("upload-api", "study-state", "viewer-api", "marks-api", "mark-api", "schema", "dicomweb-", "fhir-")
#: Those that name a study.
STUDIES = (
    "study-answer", "viewer", "viewer-api", "marks-api", "follow-up", "follow-up-link", "follow-up-unlink",
    "study-claim", "study-release", "study-take-over", "study-finish", "study-triage",
)  # fmt: skip
#: What stands in an address of DICOMweb behind the UIDs of study, series and instance.
BEHIND = {
    "dicomweb-bulkdata-value": ["7FE00010"],
    "dicomweb-frames": ["1"],
    "dicomweb-frame-rendered": ["1"],
    "dicomweb-frame-thumbnail": ["1"],
}


def routes(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """Walk the whole URLconf."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns)
        else:
            yield pattern


@pytest.fixture
def addresses(drawn_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Addresses of two studies of the main clinic, a picture whose run failed and a slice, and of a model."""
    weights = weights_reported(drawn_weights, tmp_path / "weights", "sorter")
    monkeypatch.setenv("READROOM_WEIGHTS", str(weights))
    series = factories.picture_series()
    run = factories.run_of(series, state=Run.State.QUARANTINED, outcome="failed", failures=3)
    name = factories.heat_map(run, "modality.png", np.ones((8, 8), np.float32))
    factories.stage(run, "modality", "Modality", heat_map=name)
    pacs = Destination.objects.create(name="Archive", kind="stow", url="http://127.0.0.1:9", credentials="NOT_SET")
    delivery = Delivery.objects.create(study=series.study, destination=pacs, what="study", next_at=timezone.now())
    arguments: dict[str, list[object]] = {
        "study": [series.study_id],
        **{route: [series.study_id] for route in STUDIES},
        "study-sending": [series.study_id],
        "delivery-retry": [delivery.pk],
        "destination": [pacs.pk],
        "destination-echo": [pacs.pk],
        "mark-api": [factories.mark(series.instances.get()).mark_id],
        "run-retry": [run.pk],
        "token-revoke": [1],
        "run-file": [run.pk, name],
        "frame": [series.instances.get().pk, 0],
        "thumbnail": [series.pk],
        "model": ["sorter"],
        "model-picture": ["sorter", "sorter-1-found.png"],
    }
    export = Export.objects.create(name="Trial", asked_by=factories.admin(), state=Export.State.DONE)
    with storage.written_whole(storage.export_path(export.pk)) as unfinished:
        unfinished.write_bytes(b"PK")
    arguments |= {key: [export.pk] for key in ("export", "export-retry", "export-download")}
    told = Subscription.objects.create(name="RIS", url="https://ris.example/", happenings=["run.finished"])
    notices_write(happening="run.finished", study=series.study)
    arguments |= {"webhook-change": [told.pk], "notice-retry": [Notice.objects.get().pk]}
    sliced = factories.series_of(factories.study(patient=factories.patient()), modality="CT")
    uids = [sliced.study.study_instance_uid, sliced.series_instance_uid]
    arguments["study-state"] = [uids[0]]
    instance = factories.slice_instance(series=sliced, pixels=np.zeros((8, 8), np.uint8), position=0.0)
    uids.append(instance.sop_instance_uid)
    answered = factories.run_of(sliced, outcome="findings")
    factories.stage(answered, "tumour-boxes", "Tumours", model="tumour-detector", version="2")
    finding = factories.finding(answered, instance=instance)
    ids = (sliced.study_id, answered.pk, finding.pk, sliced.study.patient_id, "tumour-detector.2")
    arguments |= {f"fhir-{kind}-read": [pk] for kind, pk in zip(KINDS, ids, strict=True)}
    return lambda route: reverse(route, args=arguments.get(route) or dicomweb_arguments(route, uids))


def dicomweb_arguments(route: str, uids: list[str]) -> list[str]:
    """Return the UIDs that an address of DICOMweb takes, and what stands behind them; nothing for other routes."""
    takes = {pattern.name: len(pattern.pattern.converters) for pattern in routes(get_resolver().url_patterns)}
    behind = BEHIND.get(route, [])
    return uids[: takes[route] - len(behind)] + behind if route.startswith("dicomweb-") else []


@pytest.fixture
def browsers(clinician: Client, stranger: Client, admin: Client) -> dict[str, Client]:
    """One browser each."""
    return {"anonymous": Client(), "clinician": clinician, "stranger": stranger, "admin": admin}


def test_every_route_is_classified() -> None:
    assert {pattern.name for pattern in routes(get_resolver().url_patterns)} == set(ROUTES)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ROUTES)
def test_route(route: str, method: str, who: str, browsers: dict[str, Client], addresses: Callable[[str], str]) -> None:
    expected = getattr(ROUTES[route], method)[WHO.index(who)]
    answer = getattr(browsers[who], method)(addresses(route))
    if answer.streaming:
        list(answer.streaming_content)  # read to its end, which closes its file
    assert answer.status_code == expected
    if who == "anonymous" and expected == SIGN_IN:
        assert answer.headers["Location"].startswith("/sign-in/?next=")
    refused = AuditEvent.objects.filter(code=Code.ACCESS_REFUSED, success=False).values_list("actor", flat=True)
    asked_for_study = ROUTES[route].of_study and expected == GONE
    assert list(refused) == ([who] if asked_for_study or (expected == 403 and who != "anonymous") else [])


@pytest.mark.parametrize("route", [name for name, route in ROUTES.items() if route.of_study])
def test_a_hidden_study_and_a_missing_one_are_answered_alike(
    route: str, stranger: Client, addresses: Callable[[str], str]
) -> None:
    method = "post" if route in {"run-retry", "delivery-retry"} else "get"
    hidden = getattr(stranger, method)(addresses(route))
    rest: dict[str, list[object]] = {"run-file": ["modality.png"], "frame": [0]}
    elsewhere: list[object] = [*dicomweb_arguments(route, ["1.2.3", "1.2.4", "1.2.5"])]
    elsewhere = elsewhere or [uuid4(), *rest.get(route, [])]
    missing = getattr(stranger, method)(reverse(route, args=elsewhere))
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)


@pytest.mark.parametrize("route", ROUTES)
def test_a_form_of_another_site_is_refused(route: str, addresses: Callable[[str], str]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(factories.admin(), backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.post(addresses(route), {"anything": "at all"})
    assert answer.status_code in {403, 405}
    if answer.status_code == 403 and not route.startswith(APIS):
        assert "This form was sent from a page that is no longer valid" in answer.content.decode()


@pytest.mark.parametrize("name", ["../../secret.key", "request.json", "result.json", "other.png", ".png", "%2e%2e.png"])
def test_only_pictures_that_the_run_states_are_served(name: str, clinician: Client, data_folder: Path) -> None:
    series = factories.picture_series()
    run = factories.run_of(series)
    (factories.answer_folder(run) / "other.png").write_bytes(b"not stated by any row")
    (factories.answer_folder(run) / "result.json").write_text("{}")
    (data_folder / "secret.key").write_text("secret")
    assert clinician.get(f"/runs/{run.pk}/files/{name}").status_code == 404


def users() -> list[User]:
    """One user of every kind."""
    other = factories.site("Other clinic")
    homeless = factories.clinician("homeless")
    gone = factories.clinician("gone")
    User.objects.filter(pk=homeless.pk).update(site=None)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    factories.clinician()
    factories.clinician("stranger", at=other)
    factories.admin()
    return list(User.objects.filter(username__in=["homeless", "clinician", "stranger", "admin"]))


def test_the_list_and_the_policy_agree_about_every_study() -> None:
    for home in (factories.site(), factories.site("Other clinic"), factories.site("Third clinic")):
        factories.picture_series(at=home)
    for user in users():
        listed = set(visible_studies(user, Study.objects.all()))
        assert listed == {study for study in Study.objects.all() if may(user, Act.SEE, study)}


def test_nobody_who_left_may_do_anything() -> None:
    users()
    gone = User.objects.get(username="gone")
    assert not [act for act in Act if may(gone, act)]


def test_a_session_ends_with_the_account(clinician: Client) -> None:
    assert clinician.get("/").status_code == 200
    User.objects.filter(username="clinician").update(is_active=False)
    assert clinician.get("/").status_code == SIGN_IN


def test_the_worklist_holds_the_own_site_only(clinician: Client, admin: Client) -> None:
    factories.picture_series()
    factories.picture_series(at=factories.site("Other clinic"))
    assert len(clinician.get("/").context["rows"]) == 1
    assert len(admin.get("/").context["rows"]) == 2
    assert Series.objects.count() == 2
