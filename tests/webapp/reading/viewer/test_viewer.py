"""What the viewer is told of a study: all of it, in a fixed number of queries."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.webapp import factories
from tests.webapp.scenes import pictures as drawn
from tests.webapp.scenes.worklist import bleeding_head, brain_with_tumour, unfinished
from webapp.foundation.core.formatting import NARROW
from webapp.imaging.archive.models import Patient, Series, Study
from webapp.imaging.dicom_objects.models import ResultSeries, ResultSet
from webapp.imaging.inference.models import Run
from webapp.reading.worklist.models import SiteSettings

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite, pytest.mark.usefixtures("data_folder")]
FLAT = np.zeros((8, 8), np.uint8)


def fetch_payload(client: Client, study: Study) -> dict[str, Any]:
    """Return what the viewer is told."""
    answer = client.get(f"/api/studies/{study.pk}/viewer/")
    assert answer.status_code == 200
    answered: dict[str, Any] = answer.json()
    return answered


def series_payload(answer: dict[str, Any], series: Series) -> dict[str, Any]:
    """Return what is told of one series."""
    (one,) = [one for one in answer["series"] if one["id"] == str(series.pk)]
    return dict(one)


def ct(study: Study, *, slices: int = 1, modality: str = "CT", **fields: Any) -> Series:
    """Add a series of flat slices."""
    series = factories.series_of(study, modality=modality, **fields)
    for number in range(slices):
        factories.slice_instance(series=series, pixels=FLAT, position=float(number))
    return series


def test_identity_slices_findings_and_heat_maps_are_told(clinician: Client) -> None:
    series = brain_with_tumour()
    answer = fetch_payload(clinician, series.study)
    assert answer["study"] | {"id": "", "uid": ""} == {
        "id": "", "uid": "", "patientName": "Phantom, Petra", "patientId": "PH-00001", "birthDate": "1961-04-09",
        "sex": "female", "date": "2026-11-20", "description": "MRI head", "accessionNumber": "A-2211",
        "site": "Main clinic",
    }  # fmt: skip
    one = series_payload(answer, series)
    images = list(series.instances.values_list("sop_instance_uid", flat=True))
    assert [image["sop"] for image in one["images"]] == images
    assert one["images"][0] == {"sop": images[0], "frame": 1, "rows": 256, "columns": 256}
    assert one["run"]["finished"]
    first, second = one["findings"]
    assert (first["image"], first["first"], first["last"], second["image"]) == (12, 9, 15, 5)
    assert (first["model"], first["version"], first["threshold"]) == ("tumour-detector", "1", 0.35)
    assert first["probability"] == pytest.approx(0.93)
    assert first["size"].startswith("longest ")
    assert second["size"] == ""
    (mark,) = first["marks"]
    assert mark["image"] == 12
    for address in (mark["mask"], one["heats"][0]["src"]):
        assert clinician.get(address).headers["Content-Type"] == "image/png"
    assert one["heats"][0]["image"] == 12


def test_a_second_opinion_is_told_with_its_finding_and_moves_nothing(clinician: Client) -> None:
    series = brain_with_tumour()
    before = Run.objects.get(series=series).urgency
    first, second = series_payload(fetch_payload(clinician, series.study), series)["findings"]
    (sure,), (unsure,) = first["opinions"], second["opinions"]
    assert (sure["title"], sure["answer"], sure["isAnswer"]) == ("Kind, by features", f"Meningioma 96{NARROW}%", True)
    assert (sure["model"], sure["version"], sure["disagrees"]) == ("tumour-kind-boxes", "1", True)
    assert sure["beside"].startswith("The two disagree: Kind of tumour (tumour-type) says Glioma")
    assert sure["experimental"]
    assert (unsure["isAnswer"], unsure["disagrees"]) == (False, False)
    assert unsure["answer"] == f"Unsure; leans to Meningioma, 71{NARROW}%"
    assert unsure["why"].startswith("Meningioma is the likeliest at 71%, under the threshold of 93%. Meningioma rather")
    assert [finding["title"] for finding in (first, second)] == ["Suspected brain tumour"] * 2
    assert Run.objects.get(series=series).urgency == before


def test_how_urgent_a_finding_is_is_told_with_it_and_veiled_with_it(clinician: Client) -> None:
    series = brain_with_tumour()
    localiser = series.study.series.get(description="localiser")
    answer = fetch_payload(clinician, series.study)
    assert [series_payload(answer, one)["urgency"] for one in (series, localiser)] == [3, 0]
    SiteSettings.objects.create(site=series.study.site, read_first=True)
    answer = fetch_payload(clinician, series.study)
    assert [series_payload(answer, one)["urgency"] for one in (series, localiser)] == [0, 0]
    assert [series_payload(answer, one)["findings"] for one in (series, localiser)] == [[], []]


def test_a_finding_of_whole_slices_has_no_mark_and_its_heat_map_is_told_once(clinician: Client) -> None:
    (one,) = fetch_payload(clinician, bleeding_head().study)["series"]
    (finding,) = one["findings"]
    assert (finding["marks"], one["heats"]) == ([], [])
    assert finding["heat"].endswith("haemorrhage.png")
    assert finding["experimental"].startswith("Trained on 200 pictures")


def test_findings_stay_on_their_image_when_more_slices_come(clinician: Client) -> None:
    series = brain_with_tumour()
    factories.slice_instance(series=series, pixels=drawn.brain(height=0.1), position=-3.0)
    one = series_payload(fetch_payload(clinician, series.study), series)
    assert [(mark["image"], mark["marks"][0]["image"]) for mark in one["findings"]] == [(13, 13), (6, 6)]
    assert one["heats"][0]["image"] == 13


def test_what_holds_no_image_says_why(clinician: Client) -> None:
    study = factories.study(patient=factories.patient())
    for modality in ("SR", "SEG", "OT"):
        factories.report_instance(series=factories.series_of(study, modality=modality))
    said = {
        one["modality"]: (one["kind"], one["whyNotShown"].split(":")[0])
        for one in fetch_payload(clinician, study)["series"]
    }
    assert said["SR"] == ("result", "This is a structured report")
    assert said["SEG"] == ("result", "This is a segmentation")
    assert said["OT"][0] == "other"


def test_a_run_that_goes_on_says_so_and_news_are_told_only_when_there_are_some(clinician: Client) -> None:
    unfinished("Warte^Wilma", Run.State.RUNNING, 1)
    address = f"/api/studies/{Study.objects.get().pk}/viewer/"
    first = clinician.get(address)
    run = first.json()["series"][0]["run"]
    assert (run["status"], run["finished"]) == ("running", False)
    assert run["words"] == "The analysis is running. The images can be read meanwhile."
    again = clinician.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Run.objects.update(state=Run.State.DONE, outcome="negative")
    news = clinician.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (news.status_code, news.json()["series"][0]["run"]["finished"]) == (200, True)


def test_neither_series_nor_images_nor_marks_add_a_query(clinician: Client) -> None:
    def queries(study: Study) -> int:
        fetch_payload(clinician, study)  # The look is audited once.
        with CaptureQueriesContext(
            connection,
        ) as counted:
            fetch_payload(clinician, study)
        return len(counted)

    someone = factories.patient()
    before = factories.study(patient=someone, study_date=date(2026, 1, 1))
    ct(before)
    few = brain_with_tumour().study
    many = brain_with_tumour().study
    Study.objects.filter(pk__in=[few.pk, many.pk]).update(patient=someone)
    for _ in range(4):
        series = ct(many, slices=5)
        factories.finding(factories.run_of(series, outcome="findings"), instance=series.instances.all()[0])
        factories.mark(series.instances.all()[0])
    assert queries(few) == queries(many) <= 16


def test_priors_are_earlier_studies_of_the_same_person_like_ones_first(clinician: Client, stranger: Client) -> None:
    someone = factories.patient()

    def study(day: date | None, modality: str, part: str, *, of: Patient = someone) -> Study:
        made = factories.study(patient=of, study_date=day)
        ct(made, modality=modality, body_part=part)
        return made

    old_head = study(date(2020, 1, 1), "CT", "HEAD")
    knee = study(date(2024, 1, 1), "MR", "KNEE")
    head = study(date(2023, 1, 1), "MR", "HEAD")
    study(date(2019, 1, 1), "CT", "HEAD", of=factories.patient())
    study(date(2019, 1, 1), "CT", "HEAD", of=factories.patient(at=factories.site("Other clinic")))
    factories.study(patient=someone, study_date=date(2018, 1, 1))  # Holds nothing.
    now = study(date(2025, 1, 1), "CT", "HEAD")
    study(date(2026, 1, 1), "CT", "HEAD")  # Later.
    priors = fetch_payload(clinician, now)["priors"]
    assert [prior["study"] for prior in priors] == [str(one.pk) for one in (head, old_head, knee)]
    assert priors[0] | {"study": ""} == {
        "study": "", "date": "2023-01-01", "description": "", "modalities": ["MR"],
        "address": f"/api/studies/{head.pk}/viewer/",
    }  # fmt: skip
    assert clinician.get(priors[0]["address"]).status_code == 200
    assert stranger.get(priors[0]["address"]).status_code == 404


def test_a_picture_of_nobody_known_has_no_priors(clinician: Client) -> None:
    factories.picture_series()
    answer = fetch_payload(clinician, factories.picture_series().study)
    assert (answer["priors"], answer["series"][0]["kind"]) == ([], "picture")
    assert answer["hanging"]["protocol"] == "one-picture"


def test_a_finding_is_drawn_on_each_slice_that_it_was_seen_on(clinician: Client) -> None:
    series = ct(factories.study(patient=factories.patient()), slices=4)
    images = list(series.instances.all())
    finding = factories.finding(factories.run_of(series, outcome="findings"), instance=images[2], index=2)
    for number in (1, 2):
        finding.marks.create(slice=number, instance=images[number], box=[number, 1, 5, 5])
    (told_,) = series_payload(fetch_payload(clinician, series.study), series)["findings"]
    assert [(mark["image"], mark["box"]) for mark in told_["marks"]] == [(1, [1, 1, 5, 5]), (2, [2, 1, 5, 5])]


def test_what_readroom_filed_with_an_answer_is_listed_as_its_own_and_never_hung(clinician: Client) -> None:
    study = factories.study(patient=factories.patient())
    run = factories.run_of(ct(study), outcome="findings")
    made = ResultSet.objects.create(run=run)
    for kind in (ResultSeries.Kind.SEG, ResultSeries.Kind.SC):
        series = ct(study, modality=kind) if kind == ResultSeries.Kind.SC else factories.series_of(study, modality=kind)
        ResultSeries.objects.create(results=made, kind=kind, series=series)
    answer = fetch_payload(clinician, study)
    assert {one["modality"]: (one["kind"], one["isOurs"], one["run"] is None) for one in answer["series"]} == {
        "CT": ("images", False, False),
        "SEG": ("result", True, True),
        "SC": ("result", True, True),
    }
    assert [cell["series"] for cell in answer["hanging"]["cells"]] == [str(run.series_id)]
