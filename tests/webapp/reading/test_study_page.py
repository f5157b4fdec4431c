"""The study page: what is said, what is drawn, and that it updates by itself."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from tests.webapp import factories
from tests.webapp.scenes import pictures as drawn
from tests.webapp.scenes.worklist import bleeding_head, brain_with_tumour, broken_forearm, contradicting_chest, others
from webapp.foundation.core.formatting import NARROW, format_range, milliseconds, percent
from webapp.imaging.archive.models import Patient, Series
from webapp.imaging.archive.presenters import format_age, format_person_name
from webapp.imaging.inference.measurement_presenters import measurement_table
from webapp.imaging.inference.models import Finding, Run, Stage
from webapp.imaging.inference.opinion_presenters import MINUS, opinion_views
from webapp.imaging.inference.presenters import OUTCOMES
from webapp.imaging.inference.series_status import Status

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite, pytest.mark.usefixtures("data_folder")]


def open_page(client: Client, series: Series, *, run: Run | None = None) -> str:
    """Return the page of a series, or of a superseded run of it, as one line of text."""
    answer = client.get(f"/studies/{series.study_id}/?series={series.pk}{f'&run={run.pk}' if run else ''}")
    assert answer.status_code == 200
    return re.sub(r"[ \n]+", " ", answer.content.decode())


def viewer(text: str) -> dict[str, Any]:
    """Return what the viewer is told to draw."""
    found = re.search(r'<script id="viewer-data" type="application/json">(.*?)</script>', text)
    assert found
    told: dict[str, Any] = json.loads(found[1])
    return told


def test_findings_are_told_with_probability_threshold_and_slice(clinician: Client) -> None:
    text = open_page(clinician, brain_with_tumour())
    assert "Please review the list" in text
    assert "Suspected brain tumour" in text
    assert f"93{NARROW}%" in text
    assert f"shown from 35{NARROW}%" in text
    told = viewer(text)
    assert len(told["slices"]) == 24
    assert [(mark["number"], mark["slice"], mark["first"], mark["last"]) for mark in told["findings"]] == [
        (1, 12, 9, 15),
        (2, 5, 5, 5),
    ]
    assert told["findings"][0]["colour"] == "#ff9f43"


def test_the_size_of_a_finding_stands_beside_it_and_all_measures_behind_one_click(clinician: Client) -> None:
    text = open_page(clinician, brain_with_tumour())

    assert re.search(r"Longest \d+\.\d mm x \d+\.\d mm, volume \d+\.\d mL<", text)
    (table,) = re.findall(r'<details class="more measures">(.*?)</details>', text)  # the second has no outline
    assert re.search(r"<th scope=\"row\">Sphericity</th><td>0\.\d+</td><td class=\"quiet\">IBSI QCFX</td>", table)
    assert table.index("Longest diameter") < table.index("Volume") < table.index("Entropy")


def test_a_size_in_pixels_says_that_nothing_calibrates_it(clinician: Client) -> None:
    series = factories.picture_series()
    mask = np.zeros((40, 40), np.bool_)
    mask[10:20, 5:35] = True
    row = factories.finding(
        factories.run_of(series, outcome="findings"),
        instance=series.instances.get(),
        measures=factories.measures(mask[None]),
    )
    text = open_page(clinician, series)

    assert "Longest 31.3 px x " in text
    assert "area 300 px² (not calibrated)" in text
    assert "Not calibrated: pixels. The header states no pixel spacing." in text
    assert "No volume: it is outlined on one slice only." in text
    assert " mm" not in measurement_table(row).line  # type: ignore[union-attr]


def test_everything_that_the_viewer_asks_for_is_served(clinician: Client) -> None:
    told = viewer(open_page(clinician, brain_with_tumour()))
    pictures = [mark[kind] for mark in told["findings"] for kind in ("mask", "heat") if mark[kind]]
    pictures += [heat["src"] for heat in told["heats"]] + [told["slices"][12]["src"]]
    assert len(pictures) == 4
    for address in pictures:
        answer = clinician.get(address)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")


def test_a_finding_without_a_box_says_so_and_offers_its_heat_map(clinician: Client) -> None:
    text = open_page(clinician, bleeding_head())
    (mark,) = viewer(text)["findings"]
    assert (mark["box"], mark["mask"], mark["slice"], mark["first"], mark["last"]) == (None, "", 5, 4, 7)
    assert clinician.get(mark["heat"]).status_code == 200
    assert "No box: it has no single location." in text
    assert 'data-heat="Finding 1"' in text
    assert viewer(text)["heats"] == []  # The step's heat map is the finding's: offered once.


def test_what_is_experimental_says_so_in_words_with_its_reason(clinician: Client) -> None:
    text = open_page(clinician, bleeding_head())
    aside = text.split('id="map"')[0]
    assert "Experimental: Haemorrhage.</b> Trained on 200 pictures of one source" in aside
    assert len(re.findall(r'class="experimental" title="Trained on 200 pictures', aside)) == 2  # finding and step
    assert "Experimental" not in open_page(clinician, broken_forearm())


def test_two_roads_that_disagree_say_so_with_every_reason_and_what_they_add_up_to(clinician: Client) -> None:
    text = open_page(clinician, brain_with_tumour()).replace(NARROW, " ")
    first, second = re.findall(r'<div class="opinion.*?</details> </div>', text)
    rows = re.findall(r'<th scope="row" title="[^"]+">([^<]+)</th>.*?<td class="number">([^<]+)</td><td><svg', first)

    assert "opinion is-against" in first
    assert "<b>Meningioma 96 %</b>" in first
    assert "The two disagree: Kind of tumour (tumour-type) says Glioma; the features say Meningioma." in first
    assert rows == [
        ("Off centre", "+1.4"),
        ("Skewness", "+1.1"),
        ("Brightness", "+0.6"),
        ("Ring spread", f"{MINUS}0.4"),
    ]
    assert "distance from the middle of the head" in first
    assert '<td class="number"><b>+3.4</b></td><td class="quiet number">odds 30 to 1</td>' in first
    assert "It does not affect priority." in first
    assert "is-against" not in second
    assert "<b>Unsure; leans to Meningioma, 71 %</b>" in second
    assert "under the threshold of 93%" in second


def test_bars_start_at_the_middle_and_the_longest_reaches_the_edge() -> None:
    weak, strong, against = ({**factories.opinion()["reasons"][0], "contribution": pull} for pull in (0.5, 2.0, -1.0))
    (shown,) = opinion_views(Finding(opinions=[factories.opinion(reasons=[strong, against, weak])]))
    (nothing,) = opinion_views(
        Finding(opinions=[factories.opinion(reasons=[], probability=None, label=None, label_title="Not measured")])
    )

    assert [(bar.start, bar.width, bar.is_for) for bar in shown.bars] == [
        (50.0, 50.0, True),
        (25.0, 25.0, False),
        (50.0, 12.5, True),
    ]
    assert (nothing.answer, nothing.bars) == ("Not measured", [])
    assert opinion_views(Finding()) == []


@pytest.mark.parametrize(("base", "odds"), [(0.0, "1 to 1"), (2.0, "7.4 to 1"), (9.0, "over 99 to 1")])
def test_odds_are_told_without_certainty(base: float, odds: str) -> None:
    (shown,) = opinion_views(Finding(opinions=[factories.opinion(reasons=[], base=base)]))

    assert shown.odds == odds


def test_the_range_over_views_stands_beside_a_probability(clinician: Client) -> None:
    text = open_page(clinician, bleeding_head()).replace(NARROW, " ")
    assert '72 % <span class="range">(60 to 81 % over 5 views)</span>' in text
    assert "(62 % to over 99 % over 25 views)" in text
    assert text.count("60 to 81 % over 5 views") == 3  # the finding, the step, the table


@pytest.mark.parametrize(
    ("low", "high", "views", "shown"),
    [
        (0.6, 0.81, 5, "60 to 81 % over 5 views"),
        (0.004, 0.81, 5, "under 1 % to 81 % over 5 views"),
        (0.995, 0.999, 25, "over 99 % in all 25 views"),
        (None, None, None, ""),
    ],
)
def test_a_range_is_told_without_certainty(low: float, high: float, views: int, shown: str) -> None:
    assert format_range(low, high, views).replace(NARROW, " ") == shown


def test_of_many_findings_the_surest_stand_before_the_path_and_the_rest_is_one_click_away(clinician: Client) -> None:
    series = factories.picture_series()
    run = factories.run_of(series, outcome="findings")
    for number in range(12):
        factories.finding(run, instance=series.instances.get(), probability=0.9 - number / 20)
    text = open_page(clinician, series)
    assert "7 more, less probable" in text
    assert text.count('class="finding"') == 12
    assert len(viewer(text)["findings"]) == 12


def test_marks_stay_on_their_image_when_more_slices_come(clinician: Client) -> None:
    series = brain_with_tumour()
    factories.slice_instance(series=series, pixels=drawn.brain(height=0.1), position=-3.0)
    told = viewer(open_page(clinician, series))
    assert [mark["slice"] for mark in told["findings"]] == [13, 6]
    assert [heat["slice"] for heat in told["heats"]] == [13]


def test_the_path_taken_is_lit_and_the_rest_says_why_not(clinician: Client) -> None:
    answer = clinician.get(f"/studies/{broken_forearm().study_id}/")
    reading = answer.context["reading"]
    taken = [line.step.name for line in reading.lines if line.step.is_taken]
    assert taken == ["gate", "modality", "xray-part", "fracture-boxes"]
    others = {line.step.name: line.beyond for line in reading.lines if not line.step.is_taken}
    assert {"mri-region", "plane"} <= set(others)
    assert {"Tumour detector", "Tumour outline"} <= set(others["mri-region"])
    assert others["plane"] == ()
    assert {node.stage.name for node in reading.graph.nodes if node.is_lit} == set(taken)
    assert len([curve for curve in reading.graph.curves if curve.is_lit]) == 3
    assert "Not asked: for another kind of image." in answer.content.decode()


def test_each_step_names_model_version_time_and_probability(clinician: Client) -> None:
    text = open_page(clinician, broken_forearm())
    for said in (
        "fracture-detector 1",
        "96 ms",
        "71\N{NARROW NO-BREAK SPACE}%",
        "threshold 30\N{NARROW NO-BREAK SPACE}%",
    ):
        assert said in text


def test_a_branch_that_was_taken_too_leaves_the_trunk_and_is_lit(clinician: Client) -> None:
    series = brain_with_tumour()
    lines = clinician.get(f"/studies/{series.study_id}/?series={series.pk}").context["reading"].lines
    rails = {line.step.name: line.rails for line in lines}
    assert rails["gate"] == ["dot below-lit"]
    assert rails["plane"] == ["through-lit elbow-lit", "dot"]
    assert rails["xray-part"] == ["through-lit elbow-dim", "dot"]
    assert rails["tumour-outline"] == ["dot from-above"]


def test_header_and_pixels_stand_side_by_side_when_they_disagree(clinician: Client) -> None:
    text = open_page(clinician, contradicting_chest())
    assert "Header and pixels disagree" in text
    assert "The header says Hand, the picture looks like Chest (97%)." in text
    assert "Header: hand · pixels: chest" in text
    assert "Header agrees: X-ray" in text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"label": "MR", "alternatives": [["MR", 0.9], ["CT", 0.1]]}, "Header agrees: MRI"),
        (
            {"label": "MR", "alternatives": [["CT", 0.6], ["MR", 0.4]]},
            "The pixels look more like CT, without certainty.",
        ),
        ({"label": "MR", "alternatives": [["CT", 0.9]], "contradiction": True}, "Header: MRI · pixels: CT"),
        ({"status": Stage.Status.NOT_SUITABLE, "alternatives": [["CT", 0.9]]}, "Header: MRI<"),
    ],
)
def test_the_header_is_weighed_against_the_pixels(said: dict[str, Any], told: str, clinician: Client) -> None:
    series = factories.picture_series()
    factories.stage(factories.run_of(series, outcome="negative"), "modality", "Modality", header_says="MR", **said)
    text = open_page(clinician, series)
    words = ("Header agrees", "The pixels look more like", "· pixels:", "Header: MRI<")
    assert told in text
    assert len([word for word in words if word in text.split('id="map"')[0]]) == 1


@pytest.mark.parametrize("status", Status)
def test_each_status_has_a_first_sentence_of_its_own(status: Status, clinician: Client) -> None:
    brain_with_tumour()
    others()
    for series in Series.objects.all():
        answer = clinician.get(f"/studies/{series.study_id}/?series={series.pk}")
        if answer.context["chosen"].status == status:
            assert OUTCOMES[status] in answer.content.decode()
            return
    pytest.fail(f"The scene has no series that is {status}.")


def test_the_first_sentences_differ() -> None:
    assert len(set(OUTCOMES.values())) == len(Status) == len(OUTCOMES)


def test_a_failed_run_says_why_and_offers_another_try(clinician: Client) -> None:
    series = factories.picture_series()
    run = factories.run_of(series, state=Run.State.QUARANTINED, outcome="failed", reason="Failed 3 times. It broke.")
    text = open_page(clinician, series)
    assert "Failed 3 times. It broke." in text
    assert f'formaction="/runs/{run.pk}/retry/"' in text


def test_the_most_urgent_series_opens_first(clinician: Client) -> None:
    series = brain_with_tumour()
    assert clinician.get(f"/studies/{series.study_id}/").context["chosen"].series.pk == series.pk


@pytest.mark.parametrize("asked", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_series_that_is_not_of_the_study_is_not_opened(asked: str, clinician: Client) -> None:
    series = broken_forearm()
    page = clinician.get(f"/studies/{series.study_id}/?series={asked}")
    assert page.context["chosen"].series.pk == series.pk


def test_a_series_of_another_study_is_never_shown_here(clinician: Client) -> None:
    here, hidden = broken_forearm(), factories.picture_series(at=factories.site("Other clinic"))
    page = clinician.get(f"/studies/{here.study_id}/?series={hidden.pk}")
    assert page.context["chosen"].series.pk == here.pk


def test_the_page_renews_itself_while_an_answer_is_awaited_and_then_stops(clinician: Client) -> None:
    series = factories.picture_series()
    run = factories.run_of(series, state=Run.State.RUNNING, started_at=timezone.now())
    page = clinician.get(f"/studies/{series.study_id}/")
    assert 'hx-trigger="every 1s"' in page.content.decode()
    news = f"/studies/{series.study_id}/answer/?seen={page.context['seen']}&series={series.pk}"
    assert clinician.get(news).status_code == 204
    Run.objects.filter(pk=run.pk).update(state=Run.State.DONE, outcome="negative", finished_at=timezone.now())
    answer = clinician.get(news)
    assert answer.status_code == 200
    assert OUTCOMES[Status.NEGATIVE] in answer.content.decode()
    assert "hx-trigger" not in answer.content.decode()


def test_steps_of_a_run_that_is_not_over_wait(clinician: Client) -> None:
    series = factories.picture_series()
    run = factories.run_of(series, state=Run.State.RUNNING)
    assert "Not run yet" in open_page(clinician, series)
    Run.objects.filter(pk=run.pk).update(state=Run.State.QUARANTINED, outcome="failed", finished_at=timezone.now())
    assert "Not run yet" not in open_page(clinician, series)


def test_the_picture_can_be_read_while_the_cascade_is_broken(
    clinician: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    series = broken_forearm()
    monkeypatch.setenv("READROOM_WEIGHTS", str(tmp_path / "gone"))
    text = open_page(clinician, series)
    assert "The cascade cannot be loaded, so nothing is analysed now" in text
    assert len(viewer(text)["slices"]) == 1
    assert "Fracture detector" in text


def test_a_stage_that_is_no_longer_declared_is_still_told(clinician: Client) -> None:
    series = broken_forearm()
    factories.stage(series.runs.get(), "former-step", "A step of old", label_title="Answered then")
    assert "A step of old" in open_page(clinician, series)


def test_frames_of_a_multiframe_object_are_slices(clinician: Client) -> None:
    series = factories.picture_series()
    series.instances.update(number_of_frames=3)
    told = viewer(open_page(clinician, series))
    assert [one["src"][-6:] for one in told["slices"]] == ["/0.png", "/1.png", "/2.png"]


def test_a_study_without_a_series_says_so(clinician: Client) -> None:
    assert "No series has arrived" in clinician.get(f"/studies/{factories.study().pk}/").content.decode()


def test_script_in_a_header_reaches_no_page_as_script(clinician: Client) -> None:
    nasty = "</script><script>alert(1)</script>"
    study = factories.study(patient=factories.patient(nasty), description=nasty)
    series = factories.series_of(study, description=nasty, body_part=nasty[:64])
    factories.picture_instance(series=series)
    series.instances.update(laterality="</script>")
    run = factories.run_of(series, outcome="findings", contradictions=[nasty])
    factories.stage(run, "gate", "Gate", status=Stage.Status.NOT_SUITABLE, reason=nasty, header_says=nasty)
    factories.finding(run, instance=series.instances.get(), label_title=nasty, sentence=nasty)
    text = open_page(clinician, series)
    assert "<script>alert" not in text
    assert viewer(text)["findings"][0]["title"] == nasty


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("Doe^Jane", "Doe, Jane"),
        ("Doe^Jane^Q^Dr^PhD", "Doe, Dr Jane Q, PhD"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou"),
        ("MUELLER", "MUELLER"),
        ("^Jane", "Jane"),
        ("", ""),
        ("a^b^c^d^e^f^g", "a, d b c, e"),
    ],
)
def test_names_are_shown_as_people_write_them(stated: str, shown: str) -> None:
    assert format_person_name(stated) == shown


@pytest.mark.parametrize(
    ("born", "on", "shown"),
    [
        (date(1961, 4, 9), date(2026, 4, 8), "64 y"),
        (date(1961, 4, 9), date(2026, 4, 9), "65 y"),
        (date(2025, 1, 31), date(2026, 3, 1), "13 mo"),
        (None, date(2026, 1, 1), ""),
        (date(2030, 1, 1), date(2026, 1, 1), ""),
    ],
)
def test_ages_are_whole_years_or_months(born: date | None, on: date, shown: str) -> None:
    assert format_age(Patient(birth_date=born), on=on) == shown


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (1.0, "over 99 %"),
        (0.995, "over 99 %"),
        (0.99, "99 %"),
        (0.5, "50 %"),
        (0.01, "1 %"),
        (0.0, "under 1 %"),
        (None, ""),
    ],
)
def test_no_probability_is_told_as_certainty(probability: float | None, shown: str) -> None:
    assert percent(probability).replace(NARROW, " ") == shown


@pytest.mark.parametrize(("ms", "shown"), [(0.84, "0.8 ms"), (96.4, "96 ms"), (12_345.0, "12.3 s"), (None, "")])
def test_durations_are_short(ms: float | None, shown: str) -> None:
    assert milliseconds(ms) == shown


def test_an_older_answer_gives_way_to_a_newer(clinician: Client) -> None:
    series = factories.picture_series()
    factories.run_of(series, outcome="findings", at=timezone.now() - timedelta(minutes=5))
    factories.run_of(series, outcome="negative")
    assert OUTCOMES[Status.NEGATIVE] in open_page(clinician, series)


def test_an_answer_that_late_images_supersede_stays_and_says_so(clinician: Client) -> None:
    series = brain_with_tumour()
    first = series.runs.get()
    assert "superseded" not in open_page(clinician, series)
    factories.slice_instance(series=series, pixels=drawn.brain(height=0.9), position=90.0)
    Series.objects.filter(pk=series.pk).update(last_arrival_at=timezone.now())
    text = open_page(clinician, series)
    assert "Images are still arriving." in text
    assert "1 image arrived after the result below; a new one will supersede it." in text
    series.refresh_from_db()
    factories.run_of(series, outcome="negative", modality="MR")
    text = open_page(clinician, series)
    assert OUTCOMES[Status.NEGATIVE] in text
    assert viewer(text)["findings"] == []
    assert f'href="?series={series.pk}&amp;run={first.pk}"' in text
    older = open_page(clinician, series, run=first)
    assert "Superseded: 1 image arrived after this result." in older
    assert "Suspected brain tumour" in older
    assert [mark["number"] for mark in viewer(older)["findings"]] == [1, 2]


def test_a_run_of_another_series_is_not_opened_in_its_place(clinician: Client) -> None:
    series, other = brain_with_tumour(), bleeding_head()
    assert "Superseded" not in open_page(clinician, series, run=other.runs.get())
