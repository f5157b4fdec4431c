"""Outlines of readers: checked, stored with their review or not at all, never overwritten, blind, and compared."""

import io
import uuid
from typing import Any

import numpy as np
import pytest
from django.http import HttpRequest
from django.test import Client
from numpy.typing import NDArray
from PIL import Image

from tests.webapp import factories
from tests.webapp.conftest import signed_in
from tests.webapp.reading.reviews.conftest import SIDE, square
from tests.webapp.refusals import refused
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.annotations.masks import MOST_RUNS, MaskError, decode_runs, mask_read, store_mask
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.services import annotation_delete
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.agreement import dice
from webapp.reading.reviews.models import Comparison, OutlineOverlap, Review
from webapp.reading.reviews.selectors import accepted, masks_of, outlines_of, read_of
from webapp.reading.reviews.services import NextStep, ReviewInput, read_finish, review_finding
from webapp.reading.worklist.models import ReadingTask, SiteSettings
from webapp.reading.worklist.services import task_claim, task_require_two_readers
from workers import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


def study_of(finding: Finding) -> Study:
    return Study.objects.get(pk=finding.run.series.study_id)


def images(finding: Finding) -> list[Instance]:
    return list(finding.run.series.instances.all())


def body(image: Instance, mask: NDArray[np.bool_], **changed: Any) -> dict[str, Any]:
    """Return what the viewer sends of an outline."""
    place = {"series": str(image.series_id), "sop": image.sop_instance_uid, "frame": 1}
    figures = {"area": float(mask.sum())}
    return {**place, "runs": factories.runs(mask), "figures": figures, "unit": "px", "version": 0, **changed}


def put(client: Client, mark: uuid.UUID, sent: dict[str, Any]) -> Any:
    return client.put(f"/api/outlines/{mark}/", sent, content_type="application/json")


def fetch_outlines(client: Client, study: Study) -> list[dict[str, Any]]:
    """Return the outlines that the viewer of a user is told of."""
    outlines: list[dict[str, Any]] = client.get(f"/api/studies/{study.pk}/viewer/").json()["outlines"]
    return outlines


def test_an_outline_is_kept_by_its_digest_and_says_that_the_finding_is_corrected(
    clinician: Client, finding: Finding
) -> None:
    mark, wanted = uuid.uuid4(), square(4, 3)
    first = put(clinician, mark, body(images(finding)[0], wanted, finding=finding.pk))
    assert (first.status_code, first.json()["version"], first.json()["box"]) == (201, 1, [3.5, 2.5, 11.5, 10.5])
    assert first.json()["review"]["says"] == "edit"
    picture = clinician.get(first.json()["mask"])
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(picture.content)).convert("1")), wanted)
    version = AnnotationVersion.objects.get()
    assert storage.mask_path(version.mask).read_bytes() == picture.content
    study = study_of(finding)
    assert AuditEvent.objects.filter(study=study.pk, details__contains=f"outline {mark} version 1").count() == 1
    page = clinician.get(f"/studies/{study.pk}/").content.decode()
    assert "Corrected: outline corrected" in page
    assert "outlined by you" in page


def test_what_is_sent_twice_is_one_and_what_is_drawn_later_is_a_verdict_of_its_own(
    clinician: Client, finding: Finding
) -> None:
    mark, image = uuid.uuid4(), images(finding)[0]
    for _ in range(2):
        put(clinician, mark, body(image, square(4, 3), finding=finding.pk))
    assert (AnnotationVersion.objects.count(), Review.objects.count()) == (1, 1)
    later = put(clinician, mark, body(image, square(5, 5), finding=finding.pk, version=1))
    assert (later.status_code, later.json()["version"]) == (200, 2)
    assert [row.mark_version for row in Review.objects.all()] == [1, 2]
    unseen = put(clinician, mark, body(image, square(1, 1), finding=finding.pk, version=1))
    assert (unseen.status_code, unseen.json()["mark"]["version"]) == (409, 2)
    assert [one["version"] for one in fetch_outlines(clinician, study_of(finding))] == [2]


@pytest.mark.parametrize(
    ("runs", "code"),
    [
        ([SIDE * SIDE], "outline-empty"),
        ([0, SIDE * SIDE + 1], "outline-does-not-fit"),
        ([0, SIDE * SIDE - 1], "outline-does-not-fit"),
        ([10, 0, SIDE * SIDE - 10], "outline-does-not-fit"),
        ([-1, SIDE * SIDE + 1], "outline-does-not-fit"),
        ([0, True, SIDE * SIDE - 1], "outline-does-not-fit"),
        ([0, 10.0, SIDE * SIDE - 10], "outline-does-not-fit"),
        ([0, "10", SIDE * SIDE - 10], "outline-does-not-fit"),
        ([0, 10**30], "outline-does-not-fit"),
        ([1] * (MOST_RUNS + 1), "outline-too-fine"),
        ([], "outline-does-not-fit"),
    ],
)
def test_what_is_no_outline_of_the_image_is_refused(
    clinician: Client, finding: Finding, runs: list[Any], code: str
) -> None:
    sent = body(images(finding)[0], square(4, 3), finding=finding.pk) | {"runs": runs}
    answer = put(clinician, uuid.uuid4(), sent)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert not Annotation.objects.exists()
    assert not Review.objects.exists()


def test_an_image_without_measure_is_not_outlined() -> None:
    with refused("image-too-large", MaskError):
        decode_runs([0, 1], rows=1 << 16, columns=1 << 16)


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({"runs": {"a": 1}}, 400, "A list of whole numbers."),
        ({"finding": 0}, 409, "This finding does not belong to this study."),
        ({"finding": None}, 409, "Name what the AI missed."),
        ({"frame": 2}, 400, "The image has no such frame."),
        ({"sop": "1.2.3"}, 404, "No Instance"),
    ],
)
def test_what_is_said_by_an_outline_must_be_of_use(
    clinician: Client, finding: Finding, changed: dict[str, Any], status: int, sentence: str
) -> None:
    sent = body(images(finding)[0], square(4, 3), finding=finding.pk) | changed
    answer = put(clinician, uuid.uuid4(), sent)
    assert answer.status_code == status
    assert sentence in answer.json()["detail"] or status == 404
    assert not Annotation.objects.exists()


def test_a_body_larger_than_any_outline_is_not_read(clinician: Client, finding: Finding) -> None:
    sent = body(images(finding)[0], square(4, 3), label_title="x" * (1 << 20))
    assert put(clinician, uuid.uuid4(), sent).status_code == 413


def test_who_does_not_hold_the_study_keeps_nothing(clinician: Client, finding: Finding) -> None:
    mark, image = uuid.uuid4(), images(finding)[0]
    put(clinician, mark, body(image, square(4, 3), finding=finding.pk))
    ReadingTask.objects.update(assignee=factories.clinician("other"))
    later = put(clinician, mark, body(image, square(5, 5), finding=finding.pk, version=1))
    assert (later.status_code, later.json()["code"]) == (409, "not-assigned")
    assert clinician.delete(f"/api/outlines/{mark}/?version=1").status_code == 409
    assert (AnnotationVersion.objects.count(), Review.objects.count()) == (1, 1)
    other = signed_in("other")
    assert put(other, mark, body(image, square(5, 5), finding=finding.pk, version=1)).status_code == 403


def test_an_outline_is_changed_at_its_own_address_alone(clinician: Client, finding: Finding) -> None:
    mark, image = uuid.uuid4(), images(finding)[0]
    put(clinician, mark, body(image, square(4, 3), finding=finding.pk))
    assert clinician.delete(f"/api/annotations/{mark}/?version=1").status_code == 404
    assert clinician.get(f"/api/studies/{study_of(finding).pk}/annotations/").json() == []
    said = {"says": "missed", "mark": str(mark), "label_title": "x"}
    address = f"/api/studies/{study_of(finding).pk}/reviews/"
    assert clinician.post(address, said, content_type="application/json").status_code == 409
    length = factories.mark(image, author=User.objects.get(username="clinician"))
    assert put(clinician, length.mark_id, body(image, square(4, 3), finding=finding.pk)).status_code == 404


def test_each_image_has_its_outline_and_words_stay_beside_them(clinician: Client, finding: Finding) -> None:
    user, study = User.objects.get(username="clinician"), study_of(finding)
    review_finding(study=study, user=user, review=ReviewInput("edit", finding.pk, label_title="Cyst"))
    marks = [uuid.uuid4(), uuid.uuid4()]
    for mark, image, mask in zip(marks, images(finding), (square(4, 3), square(6, 6)), strict=True):
        put(clinician, mark, body(image, mask, finding=finding.pk))
    read = read_of(study=study, user=user)
    assert read is not None
    (one,) = accepted(read)
    assert (one.title, one.box, len(one.outlines)) == ("Cyst", [5.5, 5.5, 13.5, 13.5], 2)
    assert "outline corrected on 2 images. Cyst" in clinician.get(f"/studies/{study.pk}/").content.decode()
    clinician.delete(f"/api/outlines/{marks[1]}/?version=1")
    assert [row["version"] for row in fetch_outlines(clinician, study)] == [1]
    assert Review.objects.last().says == "edit"  # type: ignore[union-attr]
    review_finding(study=study, user=user, review=ReviewInput("agree", finding.pk))
    assert fetch_outlines(clinician, study) == []  # the AI's outline is agreed to
    assert AnnotationVersion.objects.filter(is_deleted=False).count() == 2  # and nothing that was drawn is lost


def test_an_outline_that_takes_the_place_of_another_windows_says_so(clinician: Client, finding: Finding) -> None:
    one, other, (image, *_) = uuid.uuid4(), uuid.uuid4(), images(finding)

    def instead(mark: uuid.UUID, left: int, version: int = 0) -> bool:
        sent = body(image, square(left, 3), finding=finding.pk, version=version)
        return bool(put(clinician, mark, sent).json()["instead"])

    assert [instead(one, 1), instead(one, 2, 1), instead(other, 3), instead(other, 3)] == [False, False, True, True]
    assert [instead(other, 4, 1), instead(one, 5, 2), instead(one, 6, 3)] == [False, True, False]


def test_an_outline_that_was_all_that_was_said_is_taken_back_and_comes_again(
    clinician: Client, finding: Finding
) -> None:
    mark, image, study = uuid.uuid4(), images(finding)[0], study_of(finding)
    put(clinician, mark, body(image, square(4, 3), finding=finding.pk))
    for _ in range(2):
        assert clinician.delete(f"/api/outlines/{mark}/?version=1").status_code == 204
    assert [row.says for row in Review.objects.all()] == ["edit", "withdrawn"]
    assert fetch_outlines(clinician, study) == []
    again = put(clinician, mark, body(image, square(4, 3), finding=finding.pk, version=2))
    assert (again.status_code, again.json()["version"]) == (200, 3)
    assert len(fetch_outlines(clinician, study)) == 1


def test_what_was_said_after_an_outline_stays_when_the_outline_goes(clinician: Client, finding: Finding) -> None:
    user, study, mark = User.objects.get(username="clinician"), study_of(finding), uuid.uuid4()
    put(clinician, mark, body(images(finding)[0], square(4, 3), finding=finding.pk))
    review_finding(study=study, user=user, review=ReviewInput("disagree", finding.pk, reasons=["artefact"]))
    clinician.delete(f"/api/outlines/{mark}/?version=1")
    assert [row.says for row in Review.objects.all()] == ["edit", "disagree"]


def test_a_finished_read_keeps_its_outlines_whatever_becomes_of_the_mark(finding: Finding) -> None:
    user, study = factories.clinician(), study_of(finding)
    drawn = factories.outline(images(finding)[0], author=user, mask=square(4, 3), finding=finding)
    read_finish(study=study, user=user)
    annotation_delete(mark=drawn.version.mark_id, read=1, user=user, request=HttpRequest())
    (outlines,) = outlines_of([drawn.read]).values()
    assert [one.version.pk for one in outlines] == [drawn.version.pk]


def test_a_mask_that_is_lost_says_so() -> None:
    digest = store_mask(square(4, 3))
    assert np.array_equal(mask_read(digest), square(4, 3))
    storage.mask_path(digest).write_bytes(b"no picture")
    with refused("outline-missing", MaskError):
        mask_read(digest)


def test_neither_reader_sees_what_the_other_drew_and_the_third_sees_both(finding: Finding) -> None:
    one, two, boss, study = factories.clinician(), factories.clinician("two"), factories.senior(), study_of(finding)
    task_require_two_readers(task=study.task, user=one)
    drawn = factories.outline(images(finding)[0], author=one, mask=square(2, 2), finding=finding)
    factories.mark(images(finding)[0], author=one)
    read_finish(study=study, user=one)
    other = signed_in("two")
    address = f"/studies/{study.pk}/outlines/{drawn.version.mark_id}/1.png"
    assert (fetch_outlines(other, study), other.get(address).status_code) == ([], 404)
    assert other.get(f"/api/studies/{study.pk}/annotations/").json() == []
    assert other.get(f"/api/studies/{study.pk}/viewer/").json()["marks"] == []
    factories.outline(images(finding)[0], author=two, mask=square(11, 11), finding=finding)
    assert read_finish(study=study_of(finding), user=two) == NextStep.ADJUDICATOR
    (sentence,) = Comparison.objects.get().differences
    assert sentence == "Finding 1 (Suspected brain tumour): their outlines overlap by 0% (Dice), less than 70%."
    task_claim(task=study_of(finding).task, user=boss)
    review_finding(study=study, user=boss, review=ReviewInput("agree", finding.pk))
    third = signed_in("senior")
    assert [told["author"] for told in fetch_outlines(third, study)] == ["clinician", "two"]
    assert third.get(address).status_code == 200
    assert "outlined by two" in third.get(f"/studies/{study.pk}/").content.decode()


def test_while_the_ai_is_veiled_nobody_sees_what_others_drew(finding: Finding) -> None:
    study = study_of(finding)
    drawn = factories.outline(images(finding)[0], author=factories.clinician())
    SiteSettings.objects.update_or_create(site=study.site, defaults={"read_first": True})
    address = f"/studies/{study.pk}/outlines/{drawn.version.mark_id}/1.png"
    factories.clinician("two")
    for name, outlines, status in (("clinician", 1, 200), ("two", 0, 404)):
        browser = signed_in(name)
        assert (len(fetch_outlines(browser, study)), browser.get(address).status_code) == (outlines, status)


@pytest.mark.parametrize(
    ("shift", "least", "then", "overlap"),
    [
        (0, 0.7, NextStep.DONE, 1.0),
        (1, 0.7, NextStep.DONE, 0.875),
        (4, 0.7, NextStep.ADJUDICATOR, 0.5),
        (4, 0.4, NextStep.DONE, 0.5),
    ],
)
def test_who_corrects_is_compared_with_who_lets_the_outline_of_the_ai_stand(
    finding: Finding, shift: int, least: float, then: NextStep, overlap: float
) -> None:
    one, two, study = factories.clinician(), factories.clinician("two"), study_of(finding)
    SiteSettings.objects.update_or_create(site=study.site, defaults={"least_dice": least})
    task_require_two_readers(task=study.task, user=one)
    review_finding(study=study, user=one, review=ReviewInput("agree", finding.pk))
    read_finish(study=study, user=one)
    factories.outline(images(finding)[0], author=two, mask=square(2 + shift, 2), finding=finding)
    assert read_finish(study=study_of(finding), user=two) == then
    assert Comparison.objects.get().dices == [overlap]
    told = list(OutlineOverlap.objects.order_by("pk").values_list("read__role", "other__role", "is_drawn", "dice"))
    assert told == [(1, None, False, 1.0), (2, None, True, overlap), (2, 1, True, overlap)]


def test_a_finished_read_keeps_how_far_what_it_takes_for_real_lies_over_what_the_ai_outlined(finding: Finding) -> None:
    user, study = factories.clinician(), study_of(finding)
    image = images(finding)[0]
    others = [factories.finding(finding.run, instance=image, box=[2, 2, 10, 10], mask=square(2, 2)) for _ in range(3)]
    unlined = factories.finding(finding.run, instance=image, box=[2, 2, 10, 10])
    let_stand, refused, boxed = others
    factories.outline(image, author=user, mask=square(6, 2), finding=finding)
    review_finding(study=study, user=user, review=ReviewInput("agree", let_stand.pk))
    review_finding(study=study, user=user, review=ReviewInput("disagree", refused.pk, reasons=["artefact"]))
    box = factories.mark(image, author=user)
    review_finding(study=study, user=user, review=ReviewInput("edit", boxed.pk, box.mark_id))
    review_finding(study=study, user=user, review=ReviewInput("agree", unlined.pk))
    assert not OutlineOverlap.objects.exists()
    read_finish(study=study, user=user)
    rows = OutlineOverlap.objects.order_by("finding")
    assert [(row.finding, row.is_drawn, row.dice, row.other) for row in rows] == [
        (finding, True, 0.5, None),
        (let_stand, False, 1.0, None),
    ]
    assert {(row.model, row.version) for row in rows} == {("tumour-detector", "1")}


def test_of_a_lost_outline_nothing_is_kept(finding: Finding) -> None:
    user, study = factories.clinician(), study_of(finding)
    drawn = factories.outline(images(finding)[0], author=user, mask=square(6, 2), finding=finding)
    storage.mask_path(drawn.version.mask).unlink()
    read_finish(study=study, user=user)
    assert not OutlineOverlap.objects.exists()


def test_what_both_outlined_that_the_ai_missed_is_compared(finding: Finding) -> None:
    one, two, study = factories.clinician(), factories.clinician("two"), study_of(finding)
    task_require_two_readers(task=study.task, user=one)
    for reader, mask in ((one, square(10, 10)), (two, square(11, 10))):
        claim_and_agree(study, reader, finding)
        factories.outline(images(finding)[1], author=reader, mask=mask)
        then = read_finish(study=study_of(finding), user=reader)
    assert then == NextStep.DONE
    comparison = Comparison.objects.get()
    # Beside it the AI's box, to which both agreed.
    assert (comparison.dices, comparison.ious, comparison.both_present) == ([0.875], [1.0], 2)


def claim_and_agree(study: Study, reader: User, finding: Finding) -> None:
    """Take a study in hand and agree to its finding."""
    task_claim(task=ReadingTask.objects.get(study=study), user=reader)
    review_finding(study=study, user=reader, review=ReviewInput("agree", finding.pk))


def test_an_outline_that_is_lost_lets_a_third_look(finding: Finding) -> None:
    one, two, study = factories.clinician(), factories.clinician("two"), study_of(finding)
    task_require_two_readers(task=study.task, user=one)
    drawn = factories.outline(images(finding)[0], author=one, mask=square(2, 2), finding=finding)
    read_finish(study=study, user=one)
    storage.mask_path(drawn.version.mask).unlink()
    claim_and_agree(study, two, finding)
    assert read_finish(study=study_of(finding), user=two) == NextStep.ADJUDICATOR
    assert "can no longer be read" in Comparison.objects.get().differences[0]


def test_on_images_without_an_outline_of_the_reader_that_of_the_ai_stands(finding: Finding) -> None:
    drawn = factories.outline(images(finding)[1], author=factories.clinician(), mask=square(6, 6), finding=finding)
    masks = masks_of(finding, [drawn])
    assert sorted(int(mask.sum()) for mask in masks.values()) == [64, 64]
    assert np.array_equal(masks[images(finding)[0].pk, 0], square(2, 2))


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ({0: (0, 0)}, {0: (0, 0)}, 1.0),
        ({0: (0, 0)}, {0: (4, 0)}, 0.5),
        ({0: (0, 0)}, {1: (0, 0)}, 0.0),
        ({0: (0, 0), 1: (0, 0)}, {0: (0, 0)}, 2 / 3),
        ({}, {}, 1.0),
    ],
)
def test_dice_counts_all_images_together(
    one: dict[int, tuple[int, int]], other: dict[int, tuple[int, int]], wanted: float
) -> None:
    image = uuid.uuid4()
    masks = [{(image, frame): square(*corner) for frame, corner in each.items()} for each in (one, other)]
    assert dice(*masks) == pytest.approx(wanted)
