"""The worklist: every state looks different, the urgent come first, news arrives, nothing leaks into addresses."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.webapp import factories
from tests.webapp.scenes.worklist import scene
from webapp.imaging.archive.models import Series
from webapp.imaging.inference.models import Run, RunEvent
from webapp.imaging.inference.presenters import STATUSES
from webapp.imaging.inference.series_status import Status

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]

#: Session, user, site, last look, three ends of indexes, tasks and their number, series, runs, rules, chips
#: (4), critical results, earlier studies, hand-overs that wait, discrepancies that wait, what is veiled.
QUERIES = 21


def statuses(client: Client, query: str = "") -> list[Status]:
    """Return the status of every series on the page, in order."""
    return [row.status for study in client.get(f"/{query}").context["rows"] for row in study.series]


def series_in(status: Status) -> Series:
    """Make a series that stands in a status."""
    series = factories.picture_series()
    states: dict[Status, dict[str, Any]] = {
        Status.QUEUED: {"state": Run.State.DISPATCHED},
        Status.RUNNING: {"state": Run.State.RUNNING},
        Status.FAILED: {"state": Run.State.QUARANTINED, "outcome": "failed", "reason": "It broke."},
    }
    if status != Status.RECEIVING:
        factories.run_of(series, **states.get(status, {"outcome": status}))
    return series


@pytest.mark.parametrize("status", Status)
def test_each_status_has_its_own_word_icon_and_filter(status: Status, clinician: Client) -> None:
    series_in(status)
    other = next(one for one in Status if one != status)
    assert statuses(clinician) == statuses(clinician, f"?show={status}") == [status]
    assert statuses(clinician, f"?show={other}") == []
    text = clinician.get("/").content.decode()
    assert f'class="mark is-{status}"' in text
    assert STATUSES[status].word in text


def test_no_two_statuses_look_alike() -> None:
    assert len({look.word for look in STATUSES.values()}) == len({look.icon for look in STATUSES.values()}) == 8


@pytest.mark.parametrize("state", Run.State.values)
def test_every_state_of_a_run_is_shown_as_something(state: str, clinician: Client) -> None:
    outcomes = {Run.State.DONE: "negative", Run.State.QUARANTINED: "failed"}
    factories.run_of(factories.picture_series(), state=state, outcome=outcomes.get(Run.State(state), ""))
    (status,) = statuses(clinician)
    assert status in Status


@pytest.mark.parametrize("outcome", Run.Outcome.values)
def test_every_outcome_is_a_status_of_its_own(outcome: str, clinician: Client) -> None:
    factories.run_of(factories.picture_series(), outcome=outcome)
    assert statuses(clinician) == [outcome]


def test_more_images_after_an_answer_are_said_to_arrive(clinician: Client) -> None:
    series = series_in(Status.FINDINGS)
    Series.objects.filter(pk=series.pk).update(last_arrival_at=timezone.now() + timedelta(seconds=1))
    assert statuses(clinician) == [Status.RECEIVING]


def test_an_object_without_an_image_is_not_analysed_and_says_why(clinician: Client) -> None:
    factories.report_instance(series=factories.series_of(factories.study()))
    answer = clinician.get("/")
    assert "Holds no image." in answer.content.decode()
    assert answer.context["rows"][0].series[0].status == Status.NOT_ANALYSED


def test_the_most_urgent_come_first_then_those_that_waited_longest(clinician: Client) -> None:
    made = {}
    for name, urgency, minutes in (("new", 0, 1), ("soon", 2, 5), ("old", 0, 90), ("first", 3, 0), ("failed", 1, 3)):
        series = factories.picture_series()
        factories.run_of(series, outcome="negative", urgency=urgency, urgency_reason=name)
        factories.arrived(series.study, minutes=minutes)
        made[series.study_id] = name
    rows = clinician.get("/").context["rows"]
    assert [made[row.study.pk] for row in rows] == ["first", "soon", "failed", "old", "new"]
    assert [row.why for row in rows] == ["first", "soon", "failed", "old", "new"]


def test_a_study_is_as_urgent_as_its_most_urgent_series(clinician: Client) -> None:
    study = factories.study()
    for urgency in (0, 3, 1):
        series = factories.series_of(study)
        factories.picture_instance(series=series)
        factories.run_of(series, outcome="negative", urgency=urgency, urgency_reason=f"level {urgency}")
    (row,) = clinician.get("/").context["rows"]
    assert (row.urgency, row.why) == (3, "level 3")


def test_a_newer_answer_that_says_less_does_not_lower_a_study(clinician: Client) -> None:
    series = factories.picture_series()
    factories.run_of(series, outcome="findings", urgency=3, at=timezone.now() - timedelta(minutes=1))
    factories.run_of(series, state=Run.State.QUEUED)
    (row,) = clinician.get("/").context["rows"]
    assert (row.urgency, row.series[0].status) == (3, Status.QUEUED)
    Run.objects.filter(state=Run.State.QUEUED).update(
        state=Run.State.DONE, outcome="negative", finished_at=timezone.now(), urgency_reason="Nothing found"
    )
    (row,) = clinician.get("/").context["rows"]
    assert (row.urgency, row.series[0].status) == (3, Status.NEGATIVE)
    assert row.why.endswith("(an earlier answer)")


def test_a_contradiction_is_a_view_of_its_own(clinician: Client) -> None:
    quiet, loud = factories.picture_series(), factories.picture_series()
    factories.run_of(quiet, outcome="negative")
    factories.run_of(loud, outcome="negative", contradictions=["Modality: the header says CT."])
    (row,) = clinician.get("/?show=contradiction").context["rows"]
    assert row.study.pk == loud.study_id
    assert "Header disagrees" in clinician.get("/").content.decode()


def test_a_failed_run_can_be_retried_from_the_list(clinician: Client) -> None:
    series = series_in(Status.FAILED)
    run = series.runs.get()
    assert f'action="/runs/{run.pk}/retry/"' in clinician.get("/").content.decode()
    answer = clinician.post(f"/runs/{run.pk}/retry/")
    assert answer.headers["Location"] == f"/studies/{series.study_id}/?series={series.pk}"
    run.refresh_from_db()
    assert (run.state, run.failures) == (Run.State.QUEUED, 0)


def test_chips_count_studies_not_series(clinician: Client) -> None:
    study = factories.study()
    for _ in range(3):
        series = factories.series_of(study)
        factories.picture_instance(series=series)
        factories.run_of(series, outcome="negative")
    series_in(Status.FAILED)
    counts = {chip.show: chip.count for chip in clinician.get("/").context["chips"]}
    assert (counts[""], counts[Status.NEGATIVE], counts[Status.FAILED], counts[Status.FINDINGS]) == (2, 1, 1, 0)


@pytest.mark.parametrize("words", ["phantom", "Petra", "petra, phantom", "PH-", "A-2211", "MRI head", "PHANTOM^PETRA"])
def test_studies_are_found_by_name_number_accession_and_description(words: str, clinician: Client) -> None:
    factories.picture_series()
    wanted = factories.study(patient=factories.patient(), accession_number="A-2211", description="MRI head")
    clinician.post("/worklist/search/", {"words": words})
    (row,) = clinician.get("/").context["rows"]
    assert row.study.pk == wanted.pk


def test_what_was_searched_for_never_comes_into_an_address(clinician: Client) -> None:
    factories.study(patient=factories.patient("Geheim^Gerda"))
    answer = clinician.post("/worklist/search/", {"words": "Geheim", "show": "failed"})
    assert answer.headers["Location"] == "/?show=failed"
    text = clinician.get("/").content.decode()
    addresses = re.findall(r'(?:href|action|hx-get|src)="([^"]*)"', text)
    assert addresses
    assert not [address for address in addresses if "geheim" in address.lower()]


def test_a_search_ends(clinician: Client) -> None:
    factories.picture_series()
    clinician.post("/worklist/search/", {"words": "nobody"})
    assert "No studies" in clinician.get("/").content.decode()
    clinician.post("/worklist/search/", {"words": ""})
    assert len(clinician.get("/").context["rows"]) == 1


def test_an_empty_worklist_says_what_to_do(clinician: Client) -> None:
    assert "Nothing to read" in clinician.get("/").content.decode()


def test_news_is_sent_only_when_there_is_any(clinician: Client) -> None:
    series = series_in(Status.RUNNING)
    version = clinician.get("/").context["version"]
    assert clinician.get(f"/worklist/rows/?seen={version}").status_code == 204
    run = series.runs.get()
    RunEvent.objects.create(run=run, event="finish", from_state="running", to_state="done", attempt=1)
    assert clinician.get(f"/worklist/rows/?seen={version}").status_code == 200
    version = clinician.get("/").context["version"]
    factories.picture_series()
    assert clinician.get(f"/worklist/rows/?seen={version}").status_code == 200


def test_the_part_that_fills_itself_keeps_view_and_page(clinician: Client) -> None:
    for _ in range(51):
        factories.run_of(factories.picture_series(), outcome="negative")
    answer = clinician.get("/?show=negative&page=2")
    assert len(answer.context["rows"]) == 1
    assert re.search(r'hx-get="/worklist/rows/\?seen=\w+&amp;show=negative&amp;page=2"', answer.content.decode())


@pytest.mark.parametrize("query", ["?show=nonsense", "?page=99", "?page=x", "?show=", "?page=-1"])
def test_a_senseless_address_still_shows_the_list(query: str, clinician: Client) -> None:
    factories.picture_series()
    assert len(clinician.get(f"/{query}").context["rows"]) == 1


def test_the_number_of_queries_does_not_grow(
    clinician: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    scene()
    clinician.get("/")
    with django_assert_max_num_queries(QUERIES):
        few = clinician.get("/")
    for _ in range(20):
        factories.run_of(factories.picture_series(), outcome="negative")
    with django_assert_max_num_queries(QUERIES):
        many = clinician.get("/")
    assert len(many.context["rows"]) == len(few.context["rows"]) + 20


def test_a_question_for_news_costs_five_queries(
    clinician: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    version = clinician.get("/").context["version"]
    with django_assert_max_num_queries(5):
        clinician.get(f"/worklist/rows/?seen={version}")


def test_script_in_a_name_is_shown_as_text(clinician: Client) -> None:
    factories.study(patient=factories.patient("<script>alert(1)</script>^<img src=x>"), description="<b>x</b>")
    text = clinician.get("/").content.decode()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_a_row_says_how_many_studies_of_the_person_came_before(clinician: Client) -> None:
    someone = factories.patient("Muster^Mia")
    for minutes in (3000, 2000, 10):
        factories.arrived(factories.study(patient=someone), minutes=minutes)
    page = clinician.get("/").content.decode()
    assert page.count("2 earlier studies") == 1
    assert page.count("1 earlier study") == 1
