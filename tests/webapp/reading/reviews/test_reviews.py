"""What readers say: added to and never changed, blind to each other, compared, and adjudicated where they differ."""

import numpy as np
import pytest

from tests.webapp import factories
from tests.webapp.refusals import refused
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.annotations.models import Annotation
from webapp.imaging.archive.blinding import is_blinded
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.agreement import iou, kappa
from webapp.reading.reviews.models import Comparison, Read, Review
from webapp.reading.reviews.selectors import (
    accepted,
    current_reviews,
    findings_to_review,
    findings_without_review,
    may_conclude,
    read_of,
    visible_reads,
)
from webapp.reading.reviews.services import (
    NextStep,
    ReviewInput,
    ReviewRefusedError,
    read_commit,
    read_finish,
    review_finding,
)
from webapp.reading.worklist.models import ReadingTask, SiteSettings
from webapp.reading.worklist.services import (
    NotAssigneeError,
    task_claim,
    task_pick,
    task_require_two_readers,
    task_take_over,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
HERE = [[20.0, 20.0], [60.0, 60.0]]
ELSEWHERE = [[200.0, 200.0], [240.0, 240.0]]


@pytest.fixture
def study() -> Study:
    """A study of one slice in which the AI points at two places."""
    series = factories.series_of(factories.study(patient=factories.patient()), modality="CT")
    image = factories.slice_instance(series=series, pixels=np.zeros((8, 8), np.uint8), position=0.0)
    run = factories.run_of(series, outcome="findings")
    factories.stage(run, "tumour-boxes", "Tumours", model="tumour-detector")
    for label in ("Suspected brain tumour", "Suspected bleeding"):
        factories.finding(run, instance=image, label_title=label)
    return series.study


@pytest.fixture
def one(study: Study) -> User:
    """The first reader, who has the study in hand."""
    reader = factories.clinician("one")
    task_claim(task=study.task, user=reader)
    return reader


def image_of(study: Study) -> Instance:
    return Instance.objects.get(series__study=study)


def findings(study: Study) -> list[Finding]:
    return findings_to_review(study)


def add_review(study: Study, reader: User, says: str, number: int = 1, **more: object) -> Review:
    """Say something of the finding of that number."""
    given = {"finding": findings(study)[number - 1].pk, **more}
    return review_finding(study=study, user=reader, review=ReviewInput(says, **given))  # type: ignore[arg-type]


def draw_box(study: Study, reader: User, points: list[list[float]]) -> Annotation:
    return factories.mark(image_of(study), author=reader, kind=Annotation.Kind.BOX, points=points).mark


def review_and_finish(study: Study, reader: User, *says: str) -> NextStep:
    """Take the study in hand, say that of its findings in turn, and finish."""
    study = Study.objects.get(pk=study.pk)
    task_claim(task=study.task, user=reader)
    for number, word in enumerate(says, start=1):
        add_review(study, reader, word, number, reasons=["artefact"] if word == "disagree" else [])
    return read_finish(study=study, user=reader)


def test_the_newest_word_counts_and_the_older_ones_stay(study: Study, one: User) -> None:
    add_review(study, one, "agree")
    add_review(study, one, "disagree", reasons=["artefact", "not_there"], comment="Motion")
    read = read_of(study=study, user=one)
    assert read is not None
    (now,) = current_reviews(read)
    assert (now.says, now.reasons, now.comment) == ("disagree", ["artefact", "not_there"], "Motion")
    assert [row.says for row in Review.objects.all()] == ["agree", "disagree"]
    assert [row.order for row in findings_without_review(read)] == [2]
    add_review(study, one, "withdrawn")
    assert current_reviews(read) == []
    assert AuditEvent.objects.filter(study=study.pk, code__contains="review recorded").count() == 3


def test_what_is_accepted_is_what_was_agreed_corrected_or_missed(study: Study, one: User) -> None:
    box = draw_box(study, one, HERE)
    add_review(study, one, "disagree", 1, reasons=["normal"])
    add_review(study, one, "edit", 2, label_title="Calcification")
    review_finding(study=study, user=one, review=ReviewInput("missed", mark=box.pk, label_title="Fracture"))
    read = read_of(study=study, user=one)
    assert read is not None
    told = [(part.title, part.box) for part in accepted(read)]
    assert told == [("Calcification", [20.0, 20.0, 60.0, 60.0]), ("Fracture", [20.0, 20.0, 60.0, 60.0])]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (ReviewInput("maybe", finding=0), "no-decision"),
        (ReviewInput("disagree", finding=0), "no-reason"),
        (ReviewInput("disagree", finding=0, reasons=["because"]), "unknown-reason"),
        (ReviewInput("edit", finding=0), "no-correction"),
        (ReviewInput("missed"), "no-label"),
        (ReviewInput("agree"), "no-finding"),
        (ReviewInput("agree", finding=0), "no-such-finding"),
    ],
)
def test_what_is_of_no_use_is_refused(study: Study, one: User, said: ReviewInput, code: str) -> None:
    with refused(code, ReviewRefusedError):
        review_finding(study=study, user=one, review=said)
    assert not Review.objects.exists()


def test_who_does_not_hold_the_study_says_nothing(study: Study, one: User) -> None:
    other = factories.clinician("two")
    with refused("not-assigned", ReviewRefusedError):
        add_review(study, other, "agree")
    task_take_over(task=study.task, note="The surgeon waits.", user=other)
    with refused("not-assigned", ReviewRefusedError):
        add_review(study, one, "agree")
    add_review(study, other, "agree")
    assert read_finish(study=study, user=other) == NextStep.DONE
    with pytest.raises(ReviewRefusedError):
        add_review(study, other, "disagree", reasons=["normal"])


def test_where_a_site_reads_first_the_ai_is_veiled_until_the_reader_commits_and_the_first_word_stays(
    study: Study, one: User
) -> None:
    SiteSettings.objects.update_or_create(site=study.site, defaults={"read_first": True})
    assert is_blinded(study=study, user=one)
    read_commit(study=study, user=one, is_abnormal=True, impression="Mass, left")
    assert not is_blinded(study=study, user=one)
    assert is_blinded(study=study, user=factories.clinician("two"))
    with refused("committed-already", ReviewRefusedError):
        read_commit(study=study, user=one, is_abnormal=False, impression="Nothing")
    read_finish(study=study, user=one)
    read = Read.objects.get()
    assert (read.is_abnormal, read.impression) == (True, "Mass, left")
    assert not is_blinded(study=Study.objects.get(pk=study.pk), user=factories.clinician("two"))


def test_two_readers_who_agree_close_a_study_and_the_second_signs(study: Study, one: User) -> None:
    two = factories.clinician("two")
    task_require_two_readers(task=study.task, user=one)
    assert not may_conclude(study=study, user=one)
    assert review_and_finish(study, one, "agree", "disagree") == NextStep.SECOND
    assert task_pick(user=one, tasks=ReadingTask.objects.all()) is None
    with refused("other-reader", NotAssigneeError):
        task_claim(task=study.task, user=one)
    assert review_and_finish(study, two, "agree", "disagree") == NextStep.DONE
    comparison = Comparison.objects.get()
    assert (comparison.both_present, comparison.both_absent, comparison.differences) == (1, 1, [])
    assert ReadingTask.objects.get().state == ReadingTask.State.DONE
    assert may_conclude(study=study, user=two)
    assert not may_conclude(study=study, user=one)


def test_each_of_two_reads_blind_and_the_third_sees_both(study: Study, one: User) -> None:
    two, boss = factories.clinician("two"), factories.admin()
    task_require_two_readers(task=study.task, user=one)
    review_and_finish(study, one, "agree", "agree")
    fresh = Study.objects.get(pk=study.pk)
    assert visible_reads(study=fresh, user=two).reads == []
    assert review_and_finish(study, two, "agree", "disagree") == NextStep.ADJUDICATOR
    (sentence,) = Comparison.objects.get().differences
    assert sentence == "Finding 2 (Suspected bleeding): one calls it real, the other does not."
    task = ReadingTask.objects.get()
    assert (task.state, task.needs_adjudication) == (ReadingTask.State.WAITING, True)
    with pytest.raises(NotAssigneeError):
        task_claim(task=task, user=factories.clinician("three"))
    assert review_and_finish(study, boss, "agree", "agree") == NextStep.DONE
    fresh = Study.objects.get(pk=study.pk)
    assert [read.reader for read in visible_reads(study=fresh, user=boss).reads] == [one, two, boss]
    assert may_conclude(study=study, user=boss)


def test_one_of_two_readers_says_something_of_every_finding(study: Study, one: User) -> None:
    task_require_two_readers(task=study.task, user=one)
    add_review(study, one, "agree", 1)
    with refused("findings-open", ReviewRefusedError):
        read_finish(study=study, user=one)


@pytest.mark.parametrize(("points", "then"), [(HERE, NextStep.DONE), (ELSEWHERE, NextStep.ADJUDICATOR)])
def test_what_both_found_is_the_same_where_their_boxes_overlap(
    study: Study, one: User, points: list[list[float]], then: NextStep
) -> None:
    two = factories.clinician("two")
    task_require_two_readers(task=study.task, user=one)
    for reader, where in ((one, HERE), (two, points)):
        fresh = Study.objects.get(pk=study.pk)
        task_claim(task=fresh.task, user=reader)
        box = draw_box(study, reader, where)
        review_finding(study=study, user=reader, review=ReviewInput("missed", mark=box.pk, label_title="Fracture"))
        outcome = review_and_finish(study, reader, "agree", "agree")
    assert outcome == then
    comparison = Comparison.objects.get()
    assert (comparison.only_first, comparison.only_second) == ((0, 0) if then == NextStep.DONE else (1, 1))


def test_a_site_that_wants_two_readers_for_a_part_gets_them() -> None:
    SiteSettings.objects.create(site=factories.site(), two_readers_for=["breast"])
    for region, readers in (("breast", 2), ("chest", 1)):
        series = factories.series_of(factories.study())
        run = factories.run_of(series, state="queued", region=region)
        run.events.create(event="finish", from_state="rung", to_state="done", attempt=1)
        assert ReadingTask.objects.get(study=series.study).required_readers == readers


@pytest.mark.parametrize(
    ("other", "overlap"),
    [([0, 0, 10, 10], 1.0), ([5, 0, 15, 10], 1 / 3), ([20, 0, 30, 10], 0.0), ([0, 0, 0, 0], 0.0)],
)
def test_the_overlap_of_boxes(other: list[float], overlap: float) -> None:
    assert iou([0, 0, 10, 10], other) == pytest.approx(overlap)


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [((20, 5, 10, 15), 0.4), ((10, 0, 0, 10), 1.0), ((5, 5, 5, 5), 0.0), ((10, 0, 0, 0), None), ((0, 0, 0, 0), None)],
)
def test_kappa_of_known_tables(cells: tuple[int, int, int, int], wanted: float | None) -> None:
    """The first table is Cohen's example as textbooks have it: 35 of 50 alike, kappa 0.4."""
    names = ("both_present", "only_first", "only_second", "both_absent")
    answer = kappa([Comparison(**dict(zip(names, cells, strict=True)))])
    assert answer == (None if wanted is None else pytest.approx(wanted))
