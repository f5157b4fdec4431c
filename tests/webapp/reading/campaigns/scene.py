"""A campaign over drawn brains, read by two."""

import numpy as np
from numpy.typing import NDArray

from tests.phantoms import pictures
from tests.webapp import factories
from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Patient, Series
from webapp.reading.campaigns.case_selection import SeriesCriteria
from webapp.reading.campaigns.models import Campaign, Case
from webapp.reading.campaigns.services import AnswerInput, CampaignQuestion, answer_create, campaign_create

BOX = [20.0, 20.0, 60.0, 70.0]


def disc(seed: int) -> NDArray[np.uint8]:
    return pictures.disc(seed=seed)


def brains(count: int, *, patients: int | None = None) -> list[Series]:
    """Make series of three slices, of so many patients (one each where none is said), sorted as brain MR."""
    people = [factories.patient() for _ in range(patients or count)]
    return [brain(people[number % len(people)], seed=10 * number) for number in range(count)]


def brain(someone: Patient, *, seed: int = 0, **fields: str) -> Series:
    study = factories.study(patient=someone, description="MRI head")
    series = factories.series_of(study, modality="MR", description="t1 tra")
    for number in range(3):
        factories.slice_instance(
            series=series, pixels=disc(seed + number), position=3.0 * number, Modality="MR", **fields
        )
    factories.run_of(series, outcome="negative", modality="MR", region="brain", plane="axial")
    return series


def readers() -> tuple[User, User]:
    return factories.clinician("anna"), factories.clinician("ben")


def campaign(
    *, criteria: SeriesCriteria | None = None, boxes: bool = False, outlines: bool = False, per_case: int = 2
) -> Campaign:
    asked = CampaignQuestion(
        "Tumours",
        "Is there a tumour?",
        ["tumour", "none"],
        asks_boxes=boxes,
        readers_per_case=per_case,
        asks_outlines=outlines,
    )
    return campaign_create(
        site=factories.site(),
        question=asked,
        criteria=criteria or SeriesCriteria(),
        readers=readers(),
        user=factories.senior(),
    )


def answer_case(case: Case, user: User, label: str, *boxes: list[float], shows_name: bool = False) -> None:
    answer_create(case=case, user=user, answer=AnswerInput(label, boxes, shows_name=shows_name))


def draw(case: Case, user: User, mask: NDArray[np.bool_]) -> None:
    """Answer with an outline, (rows, columns), and "tumour"; with an empty one that there is nothing to outline."""
    is_empty = not mask.any()
    said = AnswerInput(
        "none" if is_empty else "tumour", runs=None if is_empty else factories.runs(mask), is_empty=is_empty
    )
    answer_create(case=case, user=user, answer=said)


def block(case: Case, left: int = 20, top: int = 30, width: int = 20, height: int = 15) -> NDArray[np.bool_]:
    """Return a block in a mask of the size of a case's picture, (rows, columns)."""
    mask = np.zeros((case.instance.rows, case.instance.columns), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def answer_by_both(case: Case, first: str, second: str | None = None) -> None:
    """Let both readers answer; alike where the second's answer is not named."""
    anna, ben = readers()
    answer_case(case, anna, first)
    answer_case(case, ben, first if second is None else second)
