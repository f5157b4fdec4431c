"""Two campaigns half read, with boxes and with outlines, differences and sets, for screenshots and for eyes."""

import numpy as np
from django.utils import timezone

from tests.webapp import factories
from tests.webapp.scenes import pictures as drawn
from webapp.foundation.accounts.models import Site, User
from webapp.foundation.outbox.services import work_due
from webapp.reading.campaigns.case_selection import SeriesCriteria
from webapp.reading.campaigns.dataset_snapshot import DATASET, dataset_request
from webapp.reading.campaigns.models import Campaign, Case, ConsensusSet
from webapp.reading.campaigns.services import AnswerInput, CampaignQuestion, answer_create, campaign_create

T, N = "tumour", "none"
#: Case -> what the first and the second reader say; the rest is not read yet.
SAID = ((T, T), (T, N), (N, N), (T, T), (N, N), ("", N))
BOXES = ([118.0, 70.0, 170.0, 124.0], [126.0, 74.0, 178.0, 128.0])


def campaigned() -> Campaign:
    """Make it at the site at which the accounts of the demonstration read."""
    senior = User.objects.get(username="senior")
    site = senior.site
    assert site is not None
    for number in range(12):
        _head(site, number)
    anna, reader = factories.clinician("anna", at=site), User.objects.get(username="clinician")
    campaign = campaign_create(
        site=site,
        question=CampaignQuestion(
            "Tumours on head MRI", "Is there a tumour on this picture?", ["tumour", "none"], asks_boxes=True
        ),
        criteria=SeriesCriteria(modality="MR", words="campaign", limit=12),
        readers=[anna, reader],
        user=senior,
    )
    for case, said in zip(campaign.cases.all(), SAID, strict=False):
        for user, label, box in zip((anna, reader), said, BOXES, strict=True):
            _say(case, user, label, box)
    dataset_request(campaign=campaign, looked_through=False, user=senior)
    work_due(DATASET)
    failed = dataset_request(campaign=campaign, looked_through=True, user=senior)
    reason = "Given up: it stopped in the middle 3 times."
    ConsensusSet.objects.filter(pk=failed.pk).update(state="failed", reason=reason, finished_at=timezone.now())
    _outlined(site, senior, [anna, reader])
    return campaign


def _outlined(site: Site, senior: User, readers: list[User]) -> None:
    """Make one of four cases that asks for outlines: alike, different, twice nothing to outline, not read yet."""
    campaign = campaign_create(
        site=site,
        question=CampaignQuestion(
            "Outlines of tumours", "Where is the tumour on this picture?", [T, N], asks_outlines=True
        ),
        criteria=SeriesCriteria(modality="MR", words="campaign", limit=4),
        readers=readers,
        user=senior,
    )
    places = (((118, 124), (123, 128)), ((118, 124), (170, 90)), (None, None))
    for case, centres in zip(campaign.cases.all(), places, strict=False):
        for user, place in zip(readers, centres, strict=True):
            answer_create(case=case, user=user, answer=_round(case, place) if place else AnswerInput(N, is_empty=True))
    dataset_request(campaign=campaign, looked_through=False, user=senior)
    work_due(DATASET)


def _round(case: Case, at: tuple[int, int]) -> AnswerInput:
    """Outline a disc of some 25 pixels round a (column, row)."""
    rows, columns = np.indices((case.instance.rows, case.instance.columns))
    return AnswerInput(T, runs=factories.runs((columns - at[0]) ** 2 + (rows - at[1]) ** 2 <= 25**2))


def _head(site: Site, number: int) -> None:
    """Make a head of five slices; the header of the fifth says that writing is burned in."""
    study = factories.study(patient=factories.patient(at=site), description="MRI head campaign")
    series = factories.series_of(study, modality="MR", description="t1 tra")
    burned = {"BurnedInAnnotation": "YES"} if number == 4 else {}
    for place in range(5):
        pixels = drawn.brain(height=0.35 + place / 20, tumour=number % 2 == 0, seed=10 * number + place)
        factories.slice_instance(series=series, pixels=pixels, position=3.0 * place, Modality="MR", **burned)
    factories.run_of(series, outcome="negative", modality="MR", region="brain", plane="axial")


def _say(case: Case, user: User, label: str, box: list[float]) -> None:
    said = AnswerInput(label, [box] if label == "tumour" else [], comment="" if label else "Moved")
    answer_create(case=case, user=user, answer=said)
