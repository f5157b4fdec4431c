"""Series are picked, readers answer blind to each other, and where they differ a third decides."""

import pytest
from django.test import Client

from tests.webapp import factories
from tests.webapp.conftest import signed_in
from tests.webapp.reading.campaigns import scene
from tests.webapp.refusals import codes_shown, refused
from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Series
from webapp.reading.campaigns.agreement import CaseStatus, mean_boxes
from webapp.reading.campaigns.case_selection import SeriesCriteria, matching_series, select_series
from webapp.reading.campaigns.models import Answer, Campaign
from webapp.reading.campaigns.selectors import case_consensus, load_progress
from webapp.reading.campaigns.services import (
    AnswerInput,
    CampaignQuestion,
    CampaignRefusedError,
    answer_create,
    campaign_create,
)
from webapp.reading.reviews.agreement import iou, match_by_overlap
from webapp.reading.worklist.models import ReadingTask

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def campaign() -> Campaign:
    """Five brains, two readers."""
    scene.brains(5)
    return scene.campaign()


def test_series_are_found_by_what_the_newest_answer_and_the_descriptions_say() -> None:
    site = factories.site()
    brain = scene.brains(1)[0]
    chest = factories.series_of(factories.study(patient=factories.patient()), modality="DX", body_part="CHEST")
    factories.picture_instance(series=chest)
    scene.brain(factories.patient(at=factories.site("Other clinic")))
    factories.report_instance(series=factories.series_of(brain.study, modality="SR"))

    def find(**criteria: object) -> list[Series]:
        return list(matching_series(site=site, criteria=SeriesCriteria(**criteria)))  # type: ignore[arg-type]

    assert find() == [brain, chest]
    assert find(modality="MR") == find(part="brain") == find(words="head T1") == [brain]
    assert find(modality="XR") == find(words="chest") == [chest]
    assert find(words="Phantom") == [], "names are not searched"
    ReadingTask.objects.filter(study=chest.study).update(state=ReadingTask.State.DONE)
    assert find(only_read=True) == [chest]


def test_a_draw_is_the_same_for_the_same_seed() -> None:
    scene.brains(12)
    site = factories.site()
    first, again, other = (select_series(site=site, criteria=SeriesCriteria(limit=6, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    arrived = list(Series.objects.order_by("study__arrived_at")[:6])
    assert select_series(site=site, criteria=SeriesCriteria(limit=6, is_drawn=False)) == arrived != first


def test_the_middle_picture_is_asked_about_and_the_choice_is_kept(campaign: Campaign) -> None:
    assert [case.number for case in campaign.cases.all()] == [1, 2, 3, 4, 5]
    for case in campaign.cases.all():
        assert case.instance == list(case.series.instances.all())[1]
    assert campaign.selection["found"] == 5
    assert campaign.selection["seed"] == 1


def test_what_makes_no_campaign_is_said(campaign: Campaign) -> None:
    def refusal_of(
        answers: str = "a,b", *, per_case: int = 2, readers: list[User] | None = None, part: str = ""
    ) -> str:
        with pytest.raises(CampaignRefusedError) as refusal:
            campaign_create(
                site=campaign.site,
                question=CampaignQuestion("n", "q", answers.split(","), readers_per_case=per_case),
                criteria=SeriesCriteria(part=part),
                readers=list(scene.readers()) if readers is None else readers,
                user=factories.senior(),
            )
        return refusal.value.code

    assert refusal_of("a,a") == "answer-count"
    assert refusal_of(readers=[factories.auditor(), scene.readers()[0]]) == "not-readers-here"
    stranger = factories.clinician("stranger", at=factories.site("Other clinic"))
    assert refusal_of(readers=[stranger, factories.senior()]) == "not-readers-here"
    assert refusal_of(per_case=3) == "too-few-readers"
    assert refusal_of(part="knee") == "no-series"
    with refused("boxes-and-outlines", CampaignRefusedError):
        scene.campaign(boxes=True, outlines=True)
    assert Campaign.objects.count() == 1


def test_readers_see_cases_in_an_order_of_their_own() -> None:
    scene.brains(8)
    progress = load_progress(scene.campaign())
    anna, ben = scene.readers()
    orders = [[case.number for case in progress.waiting(user)] for user in (anna, ben, anna)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(1, 9))
    assert orders[0] == orders[2] != orders[1]


def test_two_agree_and_where_they_differ_a_third_decides(campaign: Campaign) -> None:
    first, second, third, *_ = campaign.cases.all()
    scene.answer_by_both(first, "tumour")
    scene.answer_by_both(second, "tumour", "none")
    scene.answer_case(third, scene.readers()[0], "none")
    stands = [case_consensus(case).status for case in (first, second, third)]
    assert stands == [CaseStatus.AGREED, CaseStatus.DIFFERS, CaseStatus.OPEN]
    assert case_consensus(second).differences == ("One says “tumour”, the other “none”.",)
    senior = factories.senior()
    scene.answer_case(second, senior, "none")
    decided = case_consensus(second)
    assert (decided.status, decided.label, decided.by) == (CaseStatus.DECIDED, "none", "adjudicated")
    agreement = load_progress(campaign).agreement
    assert agreement.n_pairs == 2, "what the third says is no reader's answer"
    with pytest.raises(CampaignRefusedError):
        scene.answer_case(second, factories.senior("another"), "tumour")


def test_nobody_decides_what_they_read_and_nobody_reads_what_is_read(campaign: Campaign) -> None:
    case = campaign.cases.all()[0]
    senior = factories.senior()
    campaign.readers.add(senior)
    anna, ben = scene.readers()
    scene.answer_case(case, senior, "tumour")
    scene.answer_case(case, anna, "none")
    assert case_consensus(case).status == CaseStatus.DIFFERS
    with pytest.raises(CampaignRefusedError):
        scene.answer_case(case, ben, "none")
    scene.answer_case(case, senior, "tumour")
    assert case_consensus(case).status == CaseStatus.DIFFERS, "they changed nothing, and decided nothing"
    assert load_progress(campaign).to_decide(senior) == []


def test_the_newest_answer_counts_and_the_older_stays(campaign: Campaign) -> None:
    case = campaign.cases.all()[0]
    scene.answer_by_both(case, "tumour", "none")
    scene.answer_case(case, scene.readers()[1], "tumour")
    assert case_consensus(case).status == CaseStatus.AGREED
    assert Answer.objects.count() == 3


def test_boxes_are_the_same_from_the_sites_overlap_on() -> None:
    scene.brains(2)
    near, far = scene.campaign(boxes=True).cases.all()
    anna, ben = scene.readers()
    scene.answer_case(near, anna, "tumour", scene.BOX)
    scene.answer_case(near, ben, "tumour", [22.0, 20.0, 62.0, 70.0])
    assert case_consensus(near).status == CaseStatus.AGREED
    assert case_consensus(near).boxes == [[21.0, 20.0, 61.0, 70.0]]
    scene.answer_case(far, anna, "tumour", scene.BOX)
    scene.answer_case(far, ben, "tumour", [50.0, 60.0, 80.0, 90.0], [0.0, 0.0, 9.0, 9.0])
    assert case_consensus(far).differences == (
        "1 box that only one of the two drew.",
        "Their boxes overlap by 4%, less than 50%.",
    )
    progress = load_progress(near.campaign)
    assert len(progress.agreement.ious) == 2
    assert progress.agreement.mean_iou == pytest.approx((38 / 42 + 100 / 2800) / 2)


def test_boxes_are_paired_by_their_overlap() -> None:
    ones, others = [[0, 0, 10, 10], [20, 20, 30, 30]], [[21, 20, 31, 30], [0, 0, 10, 9], [50, 50, 60, 60]]
    assert [(i, j) for i, j, _overlap in match_by_overlap(ones, others, iou)] == [(0, 1), (1, 0)]
    assert mean_boxes([ones, others[:2]]) == [[0, 0, 10, 9.5], [20.5, 20, 30.5, 30]]


def test_kappa_tells_agreement_from_chance() -> None:
    scene.brains(10)
    pairs = [("tumour", "tumour")] * 4 + [("none", "none")] * 4 + [("tumour", "none"), ("none", "tumour")]
    campaign = scene.campaign()
    for case, (first, second) in zip(campaign.cases.all(), pairs, strict=True):
        scene.answer_by_both(case, first, second)
    assert load_progress(campaign).agreement.kappa == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("box", "code"),
    [
        ([1, 2, 3], "box-edges"),
        ([1, 2, "x", 4], "box-edges"),
        ([5, 5, 5, 9], "box-outside"),
        ([900, 5, 950, 9], "box-outside"),
        ([0, 0, float("nan"), 9], "box-edges"),
    ],
)
def test_a_box_that_is_none_is_refused(box: list[float], code: str) -> None:
    scene.brains(1)
    case = scene.campaign(boxes=True).cases.get()
    with refused(code, CampaignRefusedError):
        scene.answer_case(case, scene.readers()[0], "tumour", box)


def test_a_closed_campaign_takes_no_answer(campaign: Campaign) -> None:
    browser = signed_in(factories.senior().get_username())
    browser.post(f"/campaigns/{campaign.pk}/switch/", {"to": "closed"})
    case = campaign.cases.all()[0]
    with refused("campaign-closed", CampaignRefusedError):
        scene.answer_case(case, scene.readers()[0], "tumour")
    browser.post(f"/campaigns/{campaign.pk}/switch/", {"to": "open"})
    scene.answer_case(case, scene.readers()[0], "tumour")


def test_a_reader_answers_one_after_the_other_and_sees_neither_names_nor_answers(campaign: Campaign) -> None:
    anna, ben = scene.readers()
    for case in campaign.cases.all():
        answer_create(case=case, user=ben, answer=AnswerInput("tumour", comment="As seen by Ben"))
    browser = signed_in(anna.get_username())
    page = browser.get(f"/campaigns/{campaign.pk}/")
    assert "0 of 5" in page.content.decode()
    assert "kappa" not in page.content.decode()
    address = f"/campaigns/cases/{page.context['waiting'][0].pk}/"
    for number in range(5):
        shown = browser.get(address).content.decode()
        for word in ("Phantom", "PH-0", "Ben", "negative", "MRI head"):
            assert word not in shown
        assert shown.count("/frames/") == 3
        address = browser.post(address, {"label": "tumour"}).headers["Location"]
        assert ("cases" in address) == (number < 4)
    assert "No case is waiting for you" in browser.get(address).content.decode()
    assert load_progress(campaign).counts[CaseStatus.AGREED] == 5


def test_whoever_decides_has_both_answers_before_them(campaign: Campaign) -> None:
    case = campaign.cases.all()[0]
    scene.answer_by_both(case, "tumour", "")
    browser = signed_in(factories.senior().get_username())
    assert "Cases to adjudicate: 1" in browser.get(f"/campaigns/{campaign.pk}/").content.decode()
    shown = browser.get(f"/campaigns/cases/{case.pk}/").content.decode()
    assert "Reader 1: <b>tumour</b>" in shown
    assert "Reader 2: <b>Cannot tell</b>" in shown
    browser.post(f"/campaigns/cases/{case.pk}/", {"label": "tumour"})
    assert case_consensus(case).status == CaseStatus.DECIDED


def test_a_case_of_others_sends_back_to_the_campaign(campaign: Campaign, clinician: Client) -> None:
    case = campaign.cases.all()[0]
    answer = clinician.post(f"/campaigns/cases/{case.pk}/", {"label": "tumour"}, follow=True)
    assert codes_shown(answer) == ["not-assigned"]
    assert not Answer.objects.exists()
    assert str(campaign.name) not in clinician.get("/campaigns/").content.decode()


NO_ANSWERS = [{}, {"label": "other"}, {"label": "none", "boxes": "x"}, {"label": "none", "boxes": "[1]"}]


@pytest.mark.parametrize("given", NO_ANSWERS)
def test_what_is_no_answer_is_refused_in_a_sentence(campaign: Campaign, given: dict[str, str]) -> None:
    browser, case = signed_in(scene.readers()[0].get_username()), campaign.cases.all()[0]
    answer = browser.post(f"/campaigns/cases/{case.pk}/", given, follow=True)
    assert codes_shown(answer)
    assert not Answer.objects.exists()


def test_the_form_counts_and_makes() -> None:
    scene.brains(3)
    anna, ben = scene.readers()
    browser = signed_in(factories.senior().get_username())
    assert "New campaign" in browser.get("/campaigns/").content.decode()
    given = {
        "name": "Tumours", "question": "Is there one?", "answers": "yes, no", "readers": [anna.pk, ben.pk],
        "readers_per_case": "2", "modality": "MR", "limit": "2", "is_drawn": "yes", "seed": "7", "draws": "outlines",
    }  # fmt: skip
    counted = browser.post("/campaigns/new/", {**given, "do": "count"}).content.decode()
    assert "3 series are what you search for" in counted
    assert not Campaign.objects.exists()
    wrong = browser.post("/campaigns/new/", {**given, "answers": "yes", "do": "make"})
    assert wrong.status_code == 400
    assert "two to 9 different answers" in wrong.content.decode()
    made = browser.post("/campaigns/new/", {**given, "do": "make"})
    campaign = Campaign.objects.get()
    assert made.headers["Location"] == f"/campaigns/{campaign.pk}/"
    assert (campaign.answers, campaign.cases.count(), campaign.selection["found"]) == (["yes", "no"], 2, 3)
    assert (campaign.asks_boxes, campaign.asks_outlines) == (False, True)
    page = browser.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "2 of 3 series found, MR; at random, seed 7" in page
