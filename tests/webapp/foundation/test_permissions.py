"""Who may do what, at every address: a route that nobody has classified fails here."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.webapp import factories
from tests.webapp.conftest import signed_in
from tests.webapp.model_reports import weights_reported
from webapp.exchange.exports.models import Export
from webapp.exchange.fhir.resource_types import KINDS
from webapp.exchange.routing.models import Delivery, Destination
from webapp.exchange.webhooks.models import Notice, Subscription
from webapp.exchange.webhooks.services import NOTICE, notices_write
from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import GLOBAL_ACTIONS, ROLE_ACTIONS, Action, may, visible_studies
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.foundation.outbox.models import OutboxItem
from webapp.imaging.annotations.masks import store_mask
from webapp.imaging.archive.models import Series, Study
from webapp.imaging.inference.models import Run
from webapp.reading.campaigns.case_selection import SeriesCriteria
from webapp.reading.campaigns.models import ConsensusSet
from webapp.reading.campaigns.services import CampaignQuestion, campaign_create
from webapp.reading.critical_results.services import critical_open
from webapp.reading.handover.services import handover_create
from webapp.reading.reporting.models import Discrepancy
from workers import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]

#: Who comes. A clinician and a senior reader work at the main clinic, whose studies are asked for; the strangers, the
#: auditor and the administrator belong to the other clinic.
WHO = ("anonymous", "clinician", "senior", "stranger", "strange-senior", "auditor", "admin")
ADMIN = frozenset({"admin"})
HOUSE = ADMIN | {"auditor"}
SENIORS = ADMIN | {"senior", "strange-senior"}
READERS = SENIORS | {"clinician", "stranger"}
EVERYBODY = READERS | HOUSE
STRANGERS = frozenset({"stranger", "strange-senior"})
METHODS = ("get", "post", "put", "patch", "delete")
SIGN_IN = "signs in first"
NOT_ALLOWED, FORBIDDEN, GONE = 405, 403, 404
#: What an address answers, and whose refusal the audit trail then holds.
Answer = tuple[int | str, list[str]]


@dataclass(frozen=True)
class Route:
    """What an address answers.

    Attributes
    ----------
    methods
        What those are answered whom it is for, by method; one that is not named is answered 405.
    sees, changes
        Whom it is for: to get, and otherwise. The others are refused.
    of_study
        The answer depends on the study: strangers are told that there is none, and their look is audited.
    is_api
        Nobody is answered 401, where a page sends them to sign in.
    nobody
        What nobody is answered, where they need not sign in.
    but
        Exceptions, by method and who.
    """

    methods: Mapping[str, int]
    sees: frozenset[str] = EVERYBODY
    changes: frozenset[str] = EVERYBODY
    of_study: bool = False
    is_api: bool = False
    nobody: Mapping[str, int] | None = None
    but: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def answer(self, method: str, who: str) -> Answer:
        """Return what somebody is answered, and who must stand in the audit trail as refused."""
        status = self.but.get((method, who)) or self._status(method, who)
        is_refused = status == FORBIDDEN or (status == GONE and self.of_study)
        return status, [who] if is_refused else []

    def _status(self, method: str, who: str) -> int | str:
        if who == "anonymous":
            to_sign_in = 401 if self.is_api else SIGN_IN
            return to_sign_in if self.nobody is None else self.nobody.get(method, NOT_ALLOWED)
        status = self.methods.get(method, NOT_ALLOWED)
        if status == NOT_ALLOWED:
            return status
        if self.of_study and who in STRANGERS:
            return GONE
        return status if who in (self.sees if method == "get" else self.changes) else FORBIDDEN


def page(to: frozenset[str] = EVERYBODY, *, post: int = NOT_ALLOWED) -> Route:
    """A page that does not depend on the site, and what its form answers."""
    return Route({"get": 200, "post": post}, sees=to, changes=to)


def form(to: frozenset[str] = EVERYBODY, *, post: int = 302) -> Route:
    """An address that forms are sent to, and nothing else."""
    return Route({"post": post}, changes=to)


def study_page() -> Route:
    """A page, picture or file of one study of the main clinic."""
    return Route({"get": 200}, of_study=True)


def study_form(to: frozenset[str] = READERS, *, post: int = 302) -> Route:
    """An address that forms about one study are sent to."""
    return Route({"post": post}, changes=to, of_study=True)


def study_api(**changes: int) -> Route:
    """What an API serves of one study, and what its readers may do to it."""
    return Route({"get": 200, **changes}, changes=READERS, of_study=True, is_api=True)


def searched() -> Route:
    """A search of an API over all that one may see."""
    return Route({"get": 200}, is_api=True)


ROUTES: dict[str, Route] = {
    "worklist": page(),
    "worklist-rows": page(),
    "worklist-search": form(),
    "study": study_page(),
    "study-answer": study_page(),
    "next-case": form(READERS),
    "study-claim": study_form(post=200),
    **dict.fromkeys(("study-release", "study-take-over", "study-finish", "study-triage"), study_form()),
    **dict.fromkeys(("study-two-readers", "study-commit"), study_form()),
    "follow-up": study_page(),
    **dict.fromkeys(("follow-up-link", "follow-up-unlink", "follow-up-register"), study_form()),
    "registration": study_page(),
    "registration-file": study_page(),
    # The form names no finding; what was sent is no JSON.
    "study-review": study_form(post=400),
    "reviews-api": study_api(post=415),
    "study-critical-results": Route({"get": 200, "post": 302}, changes=READERS, of_study=True),
    "critical-result-notify": study_form(),
    "critical-result-withdraw": study_form(),
    "critical-results": page(),
    "handovers": page(),
    "handover-make": form(READERS),
    "handover-waiting": page(READERS),
    "handover": study_page(),
    "handover-accept": study_form(),
    "report": study_page(),
    # What was sent does not say which saving of the draft it saw.
    **dict.fromkeys(("report-save", "report-fill", "report-sign"), study_form(post=400)),
    "report-version": study_page(),
    "report-pdf": study_page(),
    "report-verify": study_form(EVERYBODY, post=200),
    "discrepancies": page(READERS),
    "discrepancy-acknowledge": study_form(),
    "run-file": study_page(),
    "frame": study_page(),
    "thumbnail": study_page(),
    "study-sending": Route({"get": 200, "post": 200}, sees=READERS, changes=READERS, of_study=True),
    "delivery-retry": study_form(),
    "network": page(ADMIN, post=200),
    "destination": page(ADMIN, post=200),
    "destination-echo": form(ADMIN, post=200),
    "run-retry": study_form(),
    "upload": page(READERS),
    # 400: nothing was sent. It asks who comes before it looks at the method.
    "upload-api": Route(
        {"post": 400}, changes=READERS, is_api=True, but={(method, "auditor"): FORBIDDEN for method in METHODS}
    ),
    "study-state": study_api(),
    "viewer": study_page(),
    "viewer-api": study_api(),
    "annotations-api": study_api(),
    "annotation-api": study_api(put=400, delete=400),
    "outline-api": Route({"put": 400, "delete": 400}, changes=READERS, of_study=True, is_api=True),
    "outline-mask": study_page(),
    "schema": searched(),
    # 415: what was sent is no multipart body of objects.
    "dicomweb-studies": Route({"get": 200, "post": 415}, changes=READERS, is_api=True),
    "dicomweb-all-series": searched(),
    "dicomweb-all-instances": searched(),
    "dicomweb-study": Route(
        {"get": 200, "post": 415},
        changes=READERS,
        of_study=True,
        is_api=True,
        but={("post", who): 415 for who in STRANGERS},
    ),
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
    "campaigns": page(READERS),
    "campaign-make": page(SENIORS, post=400),
    "campaign": Route({"get": 200}, sees=READERS, of_study=True),
    "campaign-switch": study_form(SENIORS),
    "campaign-sets": study_form(SENIORS),
    # The clinician alone is invited; the others are sent back to the campaign.
    "campaign-case": Route(
        {"get": 200, "post": 302},
        sees=READERS,
        changes=READERS,
        of_study=True,
        but={("get", who): 302 for who in ("senior", "admin")},
    ),
    # Whoever outlined sees it again, and the third who decides: here nobody does.
    "campaign-outline": Route({"get": 200}, sees=frozenset({"clinician"}), of_study=True),
    "campaign-set": Route({"get": 200}, sees=SENIORS, of_study=True),
    "campaign-set-download": Route({"get": 200}, sees=SENIORS, of_study=True),
    "campaign-set-retry": study_form(SENIORS),
    "models": page(),
    "model": page(),
    "model-picture": page(),
    "performance": page(HOUSE),
    "performance-csv": page(HOUSE),
    "reading-rules": page(SENIORS, post=400),
    # A senior reader changes the rules of the own site alone.
    "reading-rules-of": Route(
        {"get": 200, "post": 400},
        sees=SENIORS,
        changes=SENIORS,
        but={(method, "strange-senior"): GONE for method in ("get", "post")},
    ),
    "tokens": page(ADMIN, post=200),
    "token-revoke": form(ADMIN),
    "exports": page(ADMIN, post=400),
    "export": page(ADMIN),
    "export-retry": form(ADMIN),
    "export-download": page(ADMIN),
    "background-work": page(ADMIN),
    "background-work-retry": form(ADMIN),
    "webhooks": page(ADMIN, post=400),
    # 404: nothing was said that could be changed.
    "webhook-change": form(ADMIN, post=404),
    "notice-retry": form(ADMIN),
    "audit": page(HOUSE),
    "audit-verify": form(HOUSE, post=200),
    "sign-in": Route(dict.fromkeys(METHODS, 302), nobody={"get": 200, "post": 200, "put": 200}),
    "sign-out": form(),
    "healthz": Route({"get": 200}, nobody={"get": 200}),
}
#: Those that name a study.
STUDIES = (
    "study-answer", "study-critical-results", "viewer", "viewer-api", "annotations-api",
    "study-claim", "study-release", "study-take-over", "study-finish", "study-triage", "study-two-readers",
    "study-review", "study-commit", "reviews-api", "follow-up", "follow-up-link", "follow-up-unlink",
    "follow-up-register",
    "report", "report-save", "report-fill", "report-sign",
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


#: Route -> the converters of what its address takes.
TAKES = {
    pattern.name: [type(kind).__name__ for kind in pattern.pattern.converters.values()]
    for pattern in routes(get_resolver().url_patterns)
}


@pytest.fixture
def addresses(
    drawn_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sessions: dict[str, str]
) -> Callable[[str], str]:
    """Addresses of two studies of the main clinic, a picture whose run failed and a slice, and of a model."""
    assert sessions  # everybody is there
    weights = weights_reported(drawn_weights, tmp_path / "weights", "sorter")
    monkeypatch.setenv("READROOM_WEIGHTS", str(weights))
    series = factories.picture_series()
    run = factories.run_of(series, state=Run.State.QUARANTINED, outcome="failed", failures=3)
    name = factories.heat_map(run, "modality.png", np.ones((8, 8), np.float32))
    factories.stage(run, "modality", "Modality", heat_map=name)
    pacs = Destination.objects.create(name="Archive", kind="stow", url="http://127.0.0.1:9", credentials="NOT_SET")
    delivery = Delivery.objects.create(study=series.study, destination=pacs, what="study")
    arguments: dict[str, list[object]] = {
        "study": [series.study_id],
        **{route: [series.study_id] for route in STUDIES},
        "study-sending": [series.study_id],
        "delivery-retry": [delivery.pk],
        "destination": [pacs.pk],
        "destination-echo": [pacs.pk],
        "annotation-api": [factories.mark(series.instances.get()).mark_id],
        **outline_addresses(series),
        "run-retry": [run.pk],
        "token-revoke": [1],
        "reading-rules-of": [series.study.site_id],
        "run-file": [run.pk, name],
        "frame": [series.instances.get().pk, 0],
        "thumbnail": [series.pk],
        "model": ["sorter"],
        "model-picture": ["sorter", "sorter-1-found.png"],
    }
    laid = factories.registration_of(series)
    arguments |= {"registration": [laid.pk], "registration-file": [laid.pk, "fused-1.png"]}
    export = Export.objects.create(name="Trial", requested_by=factories.admin(), state=Export.State.DONE)
    with storage.written_whole(storage.export_path(export.pk)) as unfinished:
        unfinished.write_bytes(b"PK")
    arguments |= {key: [export.pk] for key in ("export", "export-retry", "export-download")}
    told = Subscription.objects.create(name="RIS", url="https://ris.example/", happenings=["run.finished"])
    notices_write(happening="run.finished", study=series.study)
    arguments |= {"webhook-change": [told.pk], "notice-retry": [Notice.objects.get().pk]}
    item = OutboxItem.objects.get(kind=NOTICE)
    OutboxItem.objects.filter(pk=item.pk).update(state=OutboxItem.State.FAILED, finished_at=item.created_at)
    arguments["background-work-retry"] = [item.pk]
    arguments |= campaign_addresses()
    critical = critical_open(study=series.study, sentence="Bleeding", user=factories.clinician())
    handover = handover_create(user=factories.clinician(), note="Quiet night")
    arguments |= {
        "critical-result-notify": [critical.pk],
        "critical-result-withdraw": [critical.pk],
        "handover": [handover.pk],
        "handover-accept": [handover.pk],
    }
    sliced = factories.series_of(factories.study(patient=factories.patient()), modality="CT")
    uids = [sliced.study.study_instance_uid, sliced.series_instance_uid]
    signed = factories.report_signed(series.study)
    arguments |= {key: [series.study_id, 1] for key in ("report-version", "report-pdf", "report-verify")}
    differs = Discrepancy.objects.create(study=series.study, report=signed, direction="ai", sentence="AI: tumour.")
    arguments["discrepancy-acknowledge"] = [differs.pk]
    arguments["study-state"] = [uids[0]]
    instance = factories.slice_instance(series=sliced, pixels=np.zeros((8, 8), np.uint8), position=0.0)
    uids.append(instance.sop_instance_uid)
    answered = factories.run_of(sliced, outcome="findings")
    factories.stage(answered, "tumour-boxes", "Tumours", model="tumour-detector", version="2")
    finding = factories.finding(answered, instance=instance)
    ids = (sliced.study_id, answered.pk, finding.pk, sliced.study.patient_id, "tumour-detector.2")
    arguments |= {f"fhir-{kind}-read": [pk] for kind, pk in zip(KINDS, ids, strict=True)}
    return lambda route: reverse(route, args=arguments.get(route) or dicomweb_arguments(route, uids))


def outline_addresses(series: Series) -> dict[str, list[object]]:
    """Let the clinician outline something on a picture."""
    drawn = factories.outline(series.instances.get(), author=factories.clinician())
    mark, version = drawn.version.mark_id, drawn.version.version
    return {"outline-api": [mark], "outline-mask": [series.study_id, mark, version]}


def campaign_addresses() -> dict[str, list[object]]:
    """Make a campaign with a set; the clinician is invited to read."""
    question = CampaignQuestion("Tumours", "Is there one?", ["yes", "no"], readers_per_case=1)
    readers = [factories.clinician()]
    made = campaign_create(
        site=factories.site(), question=question, criteria=SeriesCriteria(), readers=readers, user=factories.senior()
    )
    done = ConsensusSet.objects.create(campaign=made, number=1, requested_by=factories.senior(), state="done")
    with storage.written_whole(storage.export_path(done.pk)) as unfinished:
        unfinished.write_bytes(b"PK")
    mask = store_mask(np.ones((8, 8), bool))
    said = made.cases.get().answers.create(reader=readers[0], label="yes", outline=mask, outlined=64)
    arguments: dict[str, list[object]] = {"campaign-case": [said.case_id], "campaign-outline": [said.pk]}
    arguments |= {route: [made.pk] for route in ("campaign", "campaign-switch", "campaign-sets")}
    return arguments | {route: [done.pk] for route in ("campaign-set", "campaign-set-retry", "campaign-set-download")}


def dicomweb_arguments(route: str, uids: list[str]) -> list[str]:
    """Return the UIDs that an address of DICOMweb takes, and what stands behind them; nothing for other routes."""
    behind = BEHIND.get(route, [])
    return uids[: len(TAKES[route]) - len(behind)] + behind if route.startswith("dicomweb-") else []


def nowhere(route: str) -> str:
    """Return an address of that route behind which nothing lies."""
    kinds = {"UUIDConverter": uuid4(), "IntConverter": 0, "PictureName": "none.png", "SlugConverter": "none"}
    made_up = [kinds.get(kind, "1.2.3") for kind in TAKES[route]]
    return reverse(route, args=dicomweb_arguments(route, ["1.2.3", "1.2.4", "1.2.5"]) or made_up)


@pytest.fixture
def sessions(elsewhere: Site) -> dict[str, str]:
    """The session of each of WHO; nobody has none."""
    people = {
        "clinician": factories.clinician(),
        "senior": factories.senior(),
        "stranger": factories.clinician("stranger", at=elsewhere),
        "strange-senior": factories.senior("strange-senior", at=elsewhere),
        "auditor": factories.auditor(at=elsewhere),
        "admin": factories.admin(at=elsewhere),
    }
    return {who: session_of(person) for who, person in people.items()}


def session_of(person: User) -> str:
    """Sign somebody in and return the key of their session."""
    browser = Client()
    browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


@contextmanager
def asked(browser: Client, method: str, address: str, session: str | None) -> Iterator[HttpResponse]:
    """Ask for an address with a session alone, and take back whatever that wrote to the database."""
    browser.cookies.clear()
    if session:
        browser.cookies[settings.SESSION_COOKIE_NAME] = session
    with transaction.atomic():
        answer: HttpResponse = getattr(browser, method)(address)
        if answer.streaming:
            answer.getvalue()  # read to its end, which closes its file
        yield answer
        transaction.set_rollback(True)


def answered(browser: Client, method: str, address: str, session: str | None) -> Answer:
    """Return what an address answers, and whose refusal the audit trail then holds."""
    with asked(browser, method, address, session) as answer:
        refused = AuditEvent.objects.filter(code=Code.ACCESS_REFUSED, success=False).values_list("actor", flat=True)
        is_sent_to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in/?next=")
        return SIGN_IN if is_sent_to_sign_in else answer.status_code, list(refused)


def test_every_route_is_classified() -> None:
    assert set(TAKES) == set(ROUTES)


def test_every_address_answers_everybody_as_it_is_classified(
    sessions: dict[str, str], addresses: Callable[[str], str]
) -> None:
    """One scene and one sign-in each for the whole walk: what is asked for leaves no trace in the database."""
    browser, wrong = Client(raise_request_exception=False), []
    for (name, route), method, who in product(ROUTES.items(), METHODS, WHO):
        found, expected = answered(browser, method, addresses(name), sessions.get(who)), route.answer(method, who)
        if found != expected:
            wrong.append(f"{method.upper()} {name} as {who}: {found}, not {expected}")
    if wrong:
        pytest.fail("\n".join(wrong))


def test_a_hidden_study_and_a_missing_one_are_answered_alike(
    sessions: dict[str, str], addresses: Callable[[str], str]
) -> None:
    browser, who, unlike = Client(), "strange-senior", []
    for name, method in product([name for name, route in ROUTES.items() if route.of_study], ("get", "post")):
        if ROUTES[name].answer(method, who)[0] == GONE:
            with asked(browser, method, addresses(name), sessions[who]) as answer:
                hidden = (answer.status_code, answer.getvalue())
            with asked(browser, method, nowhere(name), sessions[who]) as answer:
                missing = (answer.status_code, answer.getvalue())
            if hidden != missing:
                unlike.append(f"{method.upper()} {name}: {hidden}, but {missing}")
    if unlike:
        pytest.fail("\n".join(unlike))


def test_a_form_of_another_site_is_refused(sessions: dict[str, str]) -> None:
    browser, taken = Client(enforce_csrf_checks=True, raise_request_exception=False), []
    for name, route in ROUTES.items():
        with asked(browser, "post", nowhere(name), sessions["admin"]) as answer:
            is_told = "This form was sent from a page that is no longer valid" in answer.content.decode()
            if answer.status_code != 403 or not (is_told or route.is_api):
                taken.append(f"{name}: {answer.status_code}")
    if taken:
        pytest.fail("\n".join(taken))


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
    factories.senior()
    factories.auditor()
    factories.admin()
    return list(User.objects.exclude(username__in=["gone"]))


def test_the_list_and_the_policy_agree_about_every_study() -> None:
    for home in (factories.site(), factories.site("Other clinic"), factories.site("Third clinic")):
        factories.picture_series(at=home)
    for user in users():
        listed = set(visible_studies(user, Study.objects.all()))
        assert listed == {study for study in Study.objects.all() if may(user, Action.SEE, study)}


def test_nobody_who_left_may_do_anything() -> None:
    users()
    gone = User.objects.get(username="gone")
    for role in User.Role:
        gone.role = role
        assert not [act for act in Action if may(gone, act)]


def test_every_role_is_described_and_no_other_does_anything() -> None:
    assert set(ROLE_ACTIONS) == set(User.Role)
    assert not [act for act in Action if may(User(role="visitor", is_active=True), act)]


def test_an_auditor_sees_everything_and_changes_nothing() -> None:
    auditor = factories.auditor(at=factories.site("Other clinic"))
    study = factories.picture_series().study
    assert {act for act in Action if may(auditor, act, study)} == {
        Action.SEE,
        Action.SEARCH_AUDIT,
        Action.SEE_PERFORMANCE,
    }


def test_whoever_is_kept_to_a_site_does_nothing_for_the_whole_house() -> None:
    admin, elsewhere = factories.admin(), factories.picture_series(at=factories.site("Other clinic")).study
    assert may(admin, Action.SEE, elsewhere)
    admin.is_site_scoped = True
    assert not may(admin, Action.SEE, elsewhere)
    assert not [act for act in GLOBAL_ACTIONS if may(admin, act)]


def test_an_auditors_look_is_without_buttons_and_takes_nothing_in_hand() -> None:
    study = factories.picture_series().study
    browser = signed_in(factories.auditor().get_username())
    for address in ("/", f"/studies/{study.pk}/"):
        page = browser.get(address).content.decode()
        for word in ("next-case", "data-triage", "hx-post", 'id="sending"', 'href="/upload/"'):
            assert word not in page, (address, word)
    assert 'data-may-mark="no"' in browser.get(f"/studies/{study.pk}/viewer/").content.decode()
    assert study.task.state == "waiting"


def test_a_session_ends_with_the_account(clinician: Client) -> None:
    assert clinician.get("/").status_code == 200
    User.objects.filter(username="clinician").update(is_active=False)
    assert clinician.get("/").headers["Location"] == "/sign-in/?next=/"


def test_the_worklist_holds_the_own_site_only(clinician: Client, admin: Client) -> None:
    factories.picture_series()
    factories.picture_series(at=factories.site("Other clinic"))
    assert len(clinician.get("/").context["rows"]) == 1
    assert len(admin.get("/").context["rows"]) == 2
    assert Series.objects.count() == 2
