"""The performance page: every figure counted again by hand, sites kept apart, few told to be few, no patient out."""

import csv
import io
import math
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import scipy.stats
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.webapp import factories
from tests.webapp.scenes.history import History
from webapp.administration.monitoring.agreement import agreement_list
from webapp.administration.monitoring.csv_export import HEAD, harmless, write_csv
from webapp.administration.monitoring.filters import SPANS, Asked
from webapp.administration.monitoring.intervals import LEAST, mean_of, student_quantile
from webapp.administration.monitoring.outlines import outline_list
from webapp.administration.monitoring.periods import monday_of, weeks_until
from webapp.administration.monitoring.quantiles import quantiles_list, total_ms_quantiles
from webapp.administration.monitoring.scores import BINS, EDGES, ENOUGH, chi_square_quantile, drift_of, joined_bins
from webapp.administration.monitoring.selectors import (
    run_counts_list,
    score_counts_list,
    stage_counts_list,
    stages_asked,
)
from webapp.foundation.accounts.models import Site, User
from webapp.foundation.accounts.permissions import visible_sites, visible_studies
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Run, Stage
from webapp.reading.reviews.models import Comparison, OutlineOverlap, Read, Review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]

#: Session, user, site of the user; sites; runs by week; stages by week; times of runs; scores; times; the first
#: runs of each version; the scores of then and now; what readers said and outlined, and two of each other; what waits
#: in the bar, discrepancies and critical results that are overdue.
QUERIES = 16
#: Scores and times by week, and the bins.
QUERIES_OF_ONE = QUERIES + 3
DETECTOR, KEY = "tumour-detector/1", ("tumour-detector", "1", "tumour-boxes")


def asked(query: str = "", *, user: User | None = None) -> Asked:
    """Read what an address asks for, as an administrator or as somebody else."""
    return Asked.read(QueryDict(query), user=user or factories.admin(), now=timezone.now())


def week_of(run: Run, count: int) -> int:
    """Return the number of the week in which a run ended, by the calendar."""
    first = weeks_until(timezone.now(), count=count).start.date()
    assert run.finished_at is not None
    return (run.finished_at.date() - first).days // 7


def nearest_rank(values: list[float], share: float) -> float:
    """Return a quantile by its definition."""
    return sorted(values)[math.ceil(round(share * len(values), 9)) - 1]


def test_runs_are_counted_by_week_and_outcome() -> None:
    made = History(runs=120, weeks=6).make().made_runs
    counts = run_counts_list(asked("weeks=8"))
    by_week = Counter(week_of(run, 8) for run in made)
    assert {count.week: count.ended for count in counts} == dict(by_week)
    for name, outcome in (("with_findings", "findings"), ("negative", "negative"), ("not_analysed", "not_analysed")):
        assert sum(getattr(count, name) for count in counts) == sum(run.outcome == outcome for run in made)
    assert sum(count.quarantined for count in counts) == sum(run.state == Run.State.QUARANTINED for run in made)
    assert sum(count.disagreeing for count in counts) == sum(bool(run.contradictions) for run in made)
    assert sum(count.quarantined for count in counts) > 0


def test_steps_are_counted_by_model_version_and_what_was_not_asked_is_not() -> None:
    history = History(runs=150, weeks=4).make()
    counts = stage_counts_list(asked("weeks=4"))
    asked_for = Counter((stage.model, stage.version, stage.name) for stage in history.made_stages if stage.model)
    told: Counter[tuple[str, str, str]] = Counter()
    for count in counts:
        told[count.key] += count.asked
        assert count.answered + count.unsuitable + count.failed == count.asked
    assert told == asked_for
    assert "" not in {count.model for count in counts}
    assert sum(count.flagged for count in counts if count.key == KEY) == len(history.made_findings) > 0
    assert sum(count.unsuitable for count in counts) == sum(
        stage.status == Stage.Status.NOT_SUITABLE for stage in history.made_stages
    )


@pytest.mark.parametrize("runs", [1, 2, 3, 19, 20, 61])
def test_quantiles_are_the_exact_nearest_ranks(runs: int) -> None:
    made = [stage for stage in History(runs=runs, weeks=3).make().made_stages if stage.name == "gate"]
    found = quantiles_list(stages_asked(asked()), "probability", twentieths=(2, 10, 18))
    scores = [stage.probability for stage in made if stage.probability is not None]
    gate = found["sorter", "1", "gate"][0]
    assert gate.n == len(scores)
    assert gate.values == pytest.approx([nearest_rank(scores, share) for share in (0.1, 0.5, 0.9)])
    times = [run.total_ms for run in Run.objects.all() if run.total_ms is not None]
    total = total_ms_quantiles(asked())
    assert total.n == len(times)
    assert total.values == pytest.approx([nearest_rank(times, 0.5), nearest_rank(times, 0.95)])


def test_quantiles_and_bins_by_week() -> None:
    history = History(runs=90, weeks=3).make()
    weeks = asked("weeks=4&model=tumour-detector/1")
    found = quantiles_list(stages_asked(weeks), "ms", twentieths=(10, 19), weeks=weeks.weeks)[KEY]
    bins = score_counts_list(weeks)[KEY]
    for week in (1, 2, 3):
        stages = [s for s in history.made_stages if s.name == "tumour-boxes" and s.model and week_of(s.run, 4) == week]
        times = [stage.ms for stage in stages if stage.ms is not None]
        assert found[week].values == pytest.approx([nearest_rank(times, 0.5), nearest_rank(times, 0.95)])
        by_hand = Counter(int(np.digitize(stage.probability or 0.0, EDGES)) for stage in stages)
        assert bins[week] == dict(by_hand)
    assert 0 not in found


def test_the_last_moment_of_a_week_belongs_to_it() -> None:
    monday = monday_of(timezone.now())
    series = factories.picture_series()
    for moment in (monday, monday - timedelta(microseconds=1), monday - timedelta(weeks=4)):
        factories.run_of(series, outcome="negative", finished_at=moment)
    assert [(count.week, count.ended) for count in run_counts_list(asked("weeks=4"))] == [(2, 1), (3, 1)]


def test_weeks_begin_on_monday() -> None:
    assert monday_of(datetime(2026, 11, 22, 23, 59, tzinfo=UTC)) == datetime(2026, 11, 16, tzinfo=UTC)
    assert weeks_until(datetime(2026, 11, 16, tzinfo=UTC), count=2).words == ["9 Nov", "16 Nov"]


def test_the_page_asks_a_number_of_questions_that_does_not_grow(
    admin: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for runs in (20, 200):
        History(runs=runs, moved=0.3, at=factories.site(f"Clinic {runs}"), seed=runs).make()
        with django_assert_num_queries(QUERIES):
            admin.get("/performance/")
        with django_assert_num_queries(QUERIES_OF_ONE):
            assert admin.get(f"/performance/?model={DETECTOR}").context["page"].details


def test_every_chart_has_its_table_and_every_figure_its_n(admin: Client) -> None:
    History(runs=200).make()
    answer = admin.get(f"/performance/?model={DETECTOR}")
    text = answer.content.decode()
    page = answer.context["page"]
    charts = [page.volume, page.shares, *(chart for detail in page.details for chart in detail.charts)]
    assert len(charts) == 5
    for chart in charts:
        assert chart.svg in text
        assert chart.table.rows
    assert text.count("<table") >= len(charts) + 2
    assert "As evaluated before release" in text
    assert "n = 500" in text
    assert "No reader has reviewed a finding yet (n = 0)" in text


def test_a_version_that_is_no_longer_shipped_keeps_its_counts(admin: Client) -> None:
    History(runs=40, versions={"tumour-detector": "0"}).make()
    text = admin.get("/performance/?model=tumour-detector/0").content.decode()
    assert "no longer available" in text
    assert "Tumour detector" in text


def test_only_steps_that_look_for_something_have_a_share_of_findings(admin: Client) -> None:
    History(runs=60).make()
    rows = {row.key: row.shares[0] for row in admin.get("/performance/").context["page"].rows}
    assert rows["sorter", "1", "gate"] is None
    found = rows[KEY]
    assert found is not None
    assert 0 < found.of < found.n


def test_an_empty_house_says_so(admin: Client) -> None:
    text = admin.get("/performance/").content.decode()
    for said in (
        "No run ended here in these weeks (n = 0)",
        "No step of any model ran",
        "No reader has reviewed",
    ):
        assert said in text
    assert '<svg class="chart"' not in text


@pytest.mark.parametrize(
    "query",
    ["site=abc", "site=999999999999999999999", "weeks=-1", "weeks=x", "model=%00/1", "model=none", "model=a/b/c"],
)
def test_an_address_that_makes_no_sense_is_answered(query: str, admin: Client) -> None:
    assert admin.get(f"/performance/?{query}").status_code == 200
    assert admin.get(f"/performance/download.csv?{query}").status_code == 200


def test_broken_weights_are_a_sentence_and_what_runs_showed_still_stands(
    admin: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    History(runs=30).make()
    monkeypatch.setenv("READROOM_WEIGHTS", f"{tmp_path}/gone")
    text = admin.get(f"/performance/?model={DETECTOR}").content.decode()
    assert "The cascade cannot be loaded" in text
    assert "Tumour detector" in text


def test_sites_are_kept_apart_and_nobody_sees_more_than_the_policy_shows(elsewhere: Site) -> None:
    History(runs=30).make()
    History(runs=50, at=elsewhere, seed=6).make()

    def ended(who: Asked) -> int:
        return sum(count.ended for count in run_counts_list(who))

    assert ended(asked()) == 80
    assert ended(asked(f"site={elsewhere.pk}")) == 50
    stranger = factories.clinician("stranger", at=elsewhere)
    assert ended(asked(user=stranger)) == ended(asked(f"site={factories.site().pk}", user=stranger)) == 50
    for user in (factories.admin(), stranger, factories.clinician()):
        of_sites = Study.objects.filter(site__in=visible_sites(user, Site.objects.all()))
        assert set(of_sites) == set(visible_studies(user, Study.objects.all()))
    User.objects.filter(pk=stranger.pk).update(site=None)
    assert ended(asked(user=User.objects.get(pk=stranger.pk))) == 0


def test_the_download_holds_the_pages_numbers_and_is_written_down(admin: Client) -> None:
    history = History(runs=60, weeks=4).make()
    answer = admin.get(f"/performance/download.csv?weeks=4&model={DETECTOR}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert tuple(rows[0]) == HEAD
    flagged = [row for row in rows if row["measure"] == "flagged"]
    assert sum(int(row["value"]) for row in flagged) == len(history.made_findings)
    assert sum(int(row["n"]) for row in rows if row["measure"] == "runs with_findings") == 60
    assert {row["model"] for row in rows} == {"", "tumour-detector"}
    assert {row["measure"] for row in rows} >= {"probability p50", "ms p95", "unsuitable"}
    event = AuditEvent.objects.get(code=Code.FIGURES_EXPORTED)
    assert event.actor == "admin"
    assert "model=tumour-detector" in event.details


def test_the_download_holds_no_patient_and_no_formula() -> None:
    canary = factories.patient("Canary^Carla", birth_date=None)
    series = factories.series_of(factories.study(patient=canary, description="=SUM(A1)"), description="Canary")
    run = factories.run_of(series, outcome="negative", reason="Canary")
    factories.stage(run, "=cmd|x", "@title", model="+model", version="-1", probability=0.5, ms=3.0)
    text = write_csv(asked())
    for forbidden in ("Canary", canary.patient_id, str(series.study_id), str(run.pk), series.series_instance_uid):
        assert forbidden not in text
    for cell in (cell for row in csv.reader(io.StringIO(text)) for cell in row):
        assert not cell.startswith(("=", "+", "-", "@"))
    assert "'=cmd|x" in text


@pytest.mark.parametrize(("cell", "kept"), [("=1", "'=1"), ("\t=1", "'\t=1"), ("plain", "plain"), (-1, -1), (0.5, 0.5)])
def test_only_words_can_be_formulas(cell: object, kept: object) -> None:
    assert harmless(cell) == kept


def test_only_an_admin_is_shown_the_way(clinician: Client, admin: Client) -> None:
    assert 'href="/performance/"' not in clinician.get("/").content.decode()
    assert 'href="/performance/"' in admin.get("/").content.decode()


@pytest.mark.parametrize(("moved", "word"), [(0.0, "Not seen to move"), (0.35, "Moved")])
def test_scores_that_move_are_told_and_those_that_hold_still_are_not(moved: float, word: str, admin: Client) -> None:
    History(runs=600, weeks=12, moved=moved).make()
    rows = {row.key: row for row in admin.get("/performance/?weeks=4").context["page"].rows}
    assert rows[KEY].drift.word == word
    assert rows["sorter", "1", "modality"].drift.word == "Not seen to move"
    assert min(rows[KEY].drift.n_first, rows[KEY].drift.n_now) > ENOUGH


def test_few_scores_are_too_few_and_a_young_version_is_too_young(admin: Client) -> None:
    History(runs=60, weeks=12, moved=0.5).make()
    assert {row.drift.word for row in admin.get("/performance/").context["page"].rows} == {"Too few to say"}
    Run.objects.update(finished_at=timezone.now())
    assert {row.drift.word for row in admin.get("/performance/").context["page"].rows} == {"Too early to say"}


def test_without_drift_the_line_is_crossed_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(11)
    share = random.dirichlet(np.full(len(BINS), 2.0))
    drawn = [
        drift_of(random.multinomial(n, share).tolist(), random.multinomial(m, share).tolist()).has_moved
        for n, m in ((120, 90), (400, 300), (3000, 800))
        for _ in range(1000)
    ]
    # 1% is meant; smoothing and joining cost a little. 0.1 as a line would alarm in most of the first thousand.
    assert 0.002 < sum(drawn) / len(drawn) < 0.025


def test_the_index_is_that_of_the_definition() -> None:
    first, now = [50, 50], [80, 20]
    padding = [0] * (len(BINS) - 2)
    drift = drift_of([*first, *padding], [*now, *padding])
    assert drift.index == pytest.approx(0.3 * math.log(0.8 / 0.5) + -0.3 * math.log(0.2 / 0.5))
    assert (drift.n_first, drift.n_now, drift.has_moved) == (100, 100, True)


def test_thin_bins_are_joined_and_nothing_is_lost() -> None:
    joined = joined_bins([1, 2, 30, 0, 0, 4], [1, 2, 40, 0, 9, 0])
    assert joined == [(33, 43), (4, 9)]
    assert joined_bins([0, 0], [1, 2]) == []


@pytest.mark.parametrize(("freedom", "exact"), [(2, 9.2103), (5, 15.0863), (9, 21.6660), (15, 30.5779)])
def test_the_quantile_of_chi_square_is_near_the_tables(freedom: int, exact: float) -> None:
    assert chi_square_quantile(0.99, freedom) == pytest.approx(exact, rel=0.02)


def test_every_span_can_be_asked_for() -> None:
    assert [asked(f"weeks={span}").weeks.count for span in SPANS] == list(SPANS)


def test_what_readers_said_counts_once_a_finding_and_by_model_version(admin: Client) -> None:
    series = factories.series_of(factories.study())
    image = factories.picture_instance(series=series)
    run = factories.run_of(series, outcome="findings")
    factories.stage(run, "tumour-boxes", "Tumours", model="tumour-detector", version="2")
    read = Read.objects.create(study=series.study, reader=factories.clinician())
    says = [["agree"], ["agree", "disagree"], ["disagree", "agree"], ["edit"], ["agree", "withdrawn"]]
    for words in says:
        finding = factories.finding(run, instance=image)
        for word in words:
            Review.objects.create(read=read, finding=finding, says=word)
    (row,) = agreement_list(asked())
    assert (row.model, row.version, row.agreed, row.corrected, row.disagreed) == ("tumour-detector", "2", 2, 1, 1)
    assert agreement_list(asked("model=sorter/1")) == []
    Comparison.objects.create(
        study=series.study, both_present=20, only_first=5, only_second=10, both_absent=15, ious=[0.5, 0.7]
    )
    text = admin.get("/performance/").content.decode()
    for told in ("50.0 %", "n = 4", "0.40", "n = 50 findings", "0.60", "n = 2 pairs"):
        assert told in text
    assert "readers agreed in all weeks,2,4" in write_csv(asked())


def outlined(values: list[tuple[float, bool]], *, version: str = "1", between: float | None = None) -> None:
    """Make a study whose reader lets outlines of the AI stand or corrects them, and perhaps a second reader."""
    series = factories.series_of(factories.study())
    image = factories.picture_instance(series=series)
    run = factories.run_of(series, outcome="findings")
    read, other = (
        Read.objects.create(study=series.study, reader=factories.clinician(name), role=role)
        for role, name in ((1, "clinician"), (2, "two"))
    )
    of_ai = {"model": "tumour-segmenter", "version": version}
    for dice, is_drawn in values:
        finding = factories.finding(run, instance=image)
        OutlineOverlap.objects.create(finding=finding, read=read, is_drawn=is_drawn, dice=dice, **of_ai)
        if between is not None:
            OutlineOverlap.objects.create(finding=finding, read=other, other=read, is_drawn=True, dice=between, **of_ai)


def test_outlines_are_told_by_model_version_with_n_and_an_interval_over_studies(admin: Client) -> None:
    for number in range(LEAST):
        outlined([(1.0, False), (0.5 + 0.1 * number, True)], between=0.8)
    outlined([(0.6, True)], version="2")
    first, second = outline_list(asked())
    assert first.corrected is not None
    assert first.accepted is not None
    assert first.between is not None
    assert (first.model, first.version, first.left, first.judged) == ("tumour-segmenter", "1", LEAST, 2 * LEAST)
    assert [first.corrected.value, first.accepted.value] == pytest.approx([0.7, 0.85])
    assert (first.corrected.n, first.accepted.n, first.between.n) == (LEAST, 2 * LEAST, 2 * LEAST)
    low, high = first.corrected.interval or (0, 0)
    assert 0.5 <= low < 0.7 < high <= 0.9
    assert list(first.between.interval or ()) == pytest.approx([0.8, 0.8])
    assert (second.corrected and second.corrected.interval, second.between) == (None, None)
    assert [row.version for row in outline_list(asked("model=tumour-segmenter/2"))] == ["2"]
    Comparison.objects.create(
        study=Study.objects.all()[0], both_present=2, only_first=0, only_second=0, both_absent=0, dices=[0.7, 0.9]
    )
    text = " ".join(admin.get("/performance/").content.decode().split())
    for told in ("tumour-segmenter/1", "0.85", f"of n = {2 * LEAST}", f"95% {low:.2f} to {high:.2f}, n = {LEAST}",
                 "n = 1 in 1 study, too few for an interval", "0.80", "mean Dice, n = 2 in 1 study"):  # fmt: skip
        assert told in text
    rows = {(row["version"], row["measure"]): row for row in csv.DictReader(io.StringIO(write_csv(asked())))}
    corrected = [rows["1", f"outlines corrected dice {end} in all weeks"] for end in ("low", "mean", "high")]
    assert [float(row["value"]) for row in corrected] == [round(low, 4), 0.7, round(high, 4)]
    assert {row["n"] for row in corrected} == {str(LEAST)}
    assert rows["1", "outlines left as drawn in all weeks"]["value"] == str(LEAST)
    assert ("2", "outlines corrected dice low in all weeks") not in rows
    assert rows["", "outlines of two readers dice mean in all weeks"]["value"] == "0.8"


def test_outlines_of_another_site_or_week_are_not_told(elsewhere: Site) -> None:
    outlined([(0.6, True)])
    assert outline_list(asked(user=factories.clinician("stranger", at=elsewhere))) == []
    OutlineOverlap.objects.update(at=timezone.now() - timedelta(weeks=30))
    assert outline_list(asked()) == []


@pytest.mark.parametrize("freedom", [4, 5, 9, 30, 300])
def test_the_quantile_of_student_is_near_the_tables(freedom: int) -> None:
    assert student_quantile(0.975, freedom) == pytest.approx(scipy.stats.t.ppf(0.975, freedom), rel=0.01)


@pytest.mark.parametrize(("studies", "each"), [(6, 3), (25, 2)])
def test_the_interval_of_a_mean_holds_the_truth_about_as_often_as_it_says(studies: int, each: int) -> None:
    random = np.random.default_rng(3)

    def is_claimed() -> bool:
        # Outlines of a study are alike: an interval over outlines would be far too narrow.
        values = [
            (study, float(of_study + random.normal(0, 0.02)))
            for study, of_study in enumerate(random.normal(0.8, 0.08, studies))
            for _ in range(each)
        ]
        low, high = (mean_of(values) or pytest.fail("no mean")).interval or (1, 0)
        return low <= 0.8 <= high

    held = sum(is_claimed() for _ in range(300)) / 300
    assert 0.9 <= held <= 0.99
