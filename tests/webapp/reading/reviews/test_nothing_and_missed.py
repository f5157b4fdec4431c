"""A reader says of an image that there is nothing to outline, and outlines on several what the AI missed."""

import uuid

import numpy as np
import pytest
from django.test import Client

from tests.webapp import factories
from tests.webapp.reading.reviews.conftest import SIDE, square
from tests.webapp.reading.reviews.test_segmentations import (
    body,
    fetch_outlines,
    images,
    put,
    study_of,
)
from webapp.foundation.accounts.models import User
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.models import Comparison, Review
from webapp.reading.reviews.selectors import accepted, read_of
from webapp.reading.reviews.services import NextStep, ReviewInput, read_finish, review_finding
from webapp.reading.worklist.services import task_claim, task_require_two_readers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
NOTHING = np.zeros((SIDE, SIDE), bool)


def nothing(finding: Finding, **changed: object) -> dict[str, object]:
    """Return what the viewer sends where nothing of a finding lies on its first image."""
    return body(images(finding)[0], NOTHING, finding=finding.pk, is_empty=True, **changed)


def accepted_by(user: User, study: Study) -> list[object]:
    """Return what a reader takes for real, without its rows."""
    read = read_of(study=study, user=user)
    assert read is not None
    return [(one.title, len(one.outlines), one.box) for one in accepted(read)]


def test_nothing_to_outline_is_said_kept_told_and_taken_back(clinician: Client, finding: Finding) -> None:
    mark, study, user = uuid.uuid4(), study_of(finding), User.objects.get(username="clinician")
    assert fetch_outlines(clinician, study) == [], "nobody has outlined yet, which is another thing"
    told = put(clinician, mark, nothing(finding))
    assert (told.status_code, told.json()["box"], told.json()["review"]["says"]) == (201, None, "edit")
    assert put(clinician, mark, nothing(finding)).json()["version"] == 1
    (one,) = fetch_outlines(clinician, study)
    assert (one["box"], one["finding"], clinician.get(one["mask"]).status_code) == (None, finding.pk, 200)
    assert AnnotationVersion.objects.get().is_empty
    page = clinician.get(f"/studies/{study.pk}/")
    assert "Corrected: nothing to outline" in page.content.decode()
    assert accepted_by(user, study) == [("Suspected brain tumour", 1, None)]
    put(clinician, uuid.uuid4(), body(images(finding)[1], square(6, 6), finding=finding.pk))
    assert "Corrected: outline corrected, nothing to outline" in clinician.get(f"/studies/{study.pk}/").content.decode()
    drawn_over = put(clinician, mark, body(images(finding)[0], square(1, 1), finding=finding.pk, version=1))
    assert drawn_over.json()["version"] == 2
    assert accepted_by(user, study) == [("Suspected brain tumour", 2, [0.5, 0.5, 8.5, 8.5])]
    put(clinician, mark, nothing(finding, version=2))
    assert clinician.delete(f"/api/outlines/{mark}/?version=3").status_code == 204
    assert accepted_by(user, study) == [("Suspected brain tumour", 1, [5.5, 5.5, 13.5, 13.5])]


def test_an_outline_is_not_empty_by_chance_and_nothing_is_not_something(
    clinician: Client,
    finding: Finding,
) -> None:
    image = images(finding)[0]
    findings_without_review = put(clinician, uuid.uuid4(), body(image, NOTHING, finding=finding.pk))
    assert "Mark that there is nothing to outline" in findings_without_review.json()["detail"]
    drawn = put(clinician, uuid.uuid4(), body(image, square(1, 1), finding=finding.pk, is_empty=True))
    assert drawn.json()["code"] == "outline-not-empty"
    missed = put(clinician, uuid.uuid4(), body(image, NOTHING, label_title="Fracture", is_empty=True))
    assert missed.json()["code"] == "missed-elsewhere"
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    ("second", "then", "dices"),
    [
        ("nothing", NextStep.DONE, [1.0]),
        ("agrees", NextStep.ADJUDICATOR, [0.0]),
        ("draws", NextStep.ADJUDICATOR, [0.0]),
    ],
)
def test_nothing_twice_is_agreed_and_nothing_against_something_is_not(
    finding: Finding,
    second: str,
    then: NextStep,
    dices: list[float],
) -> None:
    one, two, study, image = factories.clinician(), factories.clinician("two"), study_of(finding), images(finding)[0]
    task_require_two_readers(task=study.task, user=one)
    factories.outline(image, author=one, mask=NOTHING, finding=finding)
    read_finish(study=study, user=one)
    if second == "agrees":
        task_claim(task=study_of(finding).task, user=two)
        review_finding(study=study, user=two, review=ReviewInput("agree", finding.pk))
    else:
        factories.outline(image, author=two, mask=square(2, 2) if second == "draws" else NOTHING, finding=finding)
    assert read_finish(study=study_of(finding), user=two) == then
    comparison = Comparison.objects.get()
    assert (comparison.dices, comparison.ious) == (dices, [])
    assert [("nothing to outline" in words) for words in comparison.differences] == [True] * (
        then == NextStep.ADJUDICATOR
    )


def test_an_empty_image_counts_with_the_others(finding: Finding) -> None:
    one, two, study = factories.clinician(), factories.clinician("two"), study_of(finding)
    task_require_two_readers(task=study.task, user=one)
    factories.outline(images(finding)[0], author=one, mask=NOTHING, finding=finding)
    factories.outline(images(finding)[1], author=one, mask=square(6, 6), finding=finding)
    read_finish(study=study, user=one)
    factories.outline(images(finding)[1], author=two, mask=square(6, 6), finding=finding)
    assert read_finish(study=study_of(finding), user=two) == NextStep.ADJUDICATOR
    assert Comparison.objects.get().dices == [pytest.approx(2 * 64 / (64 + 128), abs=1e-4)]


def test_what_was_missed_is_one_thing_on_all_its_images(clinician: Client, finding: Finding) -> None:
    first, second, study = uuid.uuid4(), uuid.uuid4(), study_of(finding)
    user = User.objects.get(username="clinician")
    boxes = ([5.5, 5.5, 13.5, 13.5], [6.5, 6.5, 14.5, 14.5])
    for mark, image, at in ((second, images(finding)[1], 7), (first, images(finding)[0], 6)):  # whichever comes first
        sent = body(image, square(at, at), label_title="Fracture", missed=str(first))
        assert put(clinician, mark, sent).status_code == 201
    told = fetch_outlines(clinician, study)
    assert {one["missed"] for one in told} == {str(first)}
    assert accepted_by(user, study) == [("Fracture", 2, boxes[0])]
    assert (
        "Missed by AI: outline drawn on 2 images. Fracture" in clinician.get(f"/studies/{study.pk}/").content.decode()
    )
    clinician.delete(f"/api/outlines/{first}/?version=1")
    assert accepted_by(user, study) == [("Fracture", 1, boxes[1])]
    clinician.delete(f"/api/outlines/{second}/?version=1")
    assert accepted_by(user, study) == []
    assert Review.objects.last().says == "withdrawn"  # type: ignore[union-attr]
    again = put(clinician, first, body(images(finding)[0], square(6, 6), label_title="Fracture", version=2))
    assert again.status_code == 200
    assert accepted_by(user, study) == [("Fracture", 1, boxes[0])]


def test_what_was_missed_lies_on_one_series_and_an_outline_stays_with_its_thing(
    clinician: Client,
    finding: Finding,
) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    put(clinician, first, body(images(finding)[0], square(6, 6), label_title="Fracture"))
    other = factories.series_of(study_of(finding), modality="CT")
    image = factories.slice_instance(series=other, pixels=np.zeros((SIDE, SIDE), np.uint8), position=0.0)
    elsewhere = put(clinician, second, body(image, square(6, 6), label_title="Fracture", missed=str(first)))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "missed-on-other-series")
    put(clinician, second, body(images(finding)[1], square(6, 6), label_title="Cyst"))
    taken = put(clinician, second, body(images(finding)[1], square(6, 6), label_title="Cyst", missed=str(first)))
    assert (taken.status_code, "belongs to something else" in taken.json()["detail"]) == (409, True)
    assert len(accepted_by(User.objects.get(username="clinician"), study_of(finding))) == 2


def test_two_readers_who_outline_on_several_images_what_was_missed_are_compared_over_all(
    finding: Finding,
) -> None:
    one, two, study = factories.clinician(), factories.clinician("two"), study_of(finding)
    task_require_two_readers(task=study.task, user=one)
    for reader, order in ((one, (0, 1)), (two, (1, 0))):
        task_claim(task=study_of(finding).task, user=reader)
        review_finding(study=study, user=reader, review=ReviewInput("agree", finding.pk))
        first = None
        for at in order:
            mask = square(10, 10) if at == 0 or reader == one else square(11, 10)
            drawn = factories.outline(images(finding)[at], author=reader, mask=mask, missed=first)
            first = first or drawn.mark.pk
        then = read_finish(study=study_of(finding), user=reader)
    assert then == NextStep.DONE
    comparison = Comparison.objects.get()
    assert (comparison.dices, comparison.both_present) == ([pytest.approx((64 + 56) / 128, abs=1e-4)], 2)
