"""A second opinion by measured numbers: on drawn heads, of which the place and the size of every spot are known."""

import numpy as np
import pytest

from ml.cascade.analyse import looks_for
from ml.cascade.case_context import Candidate, Course
from ml.cascade.findings import findings_told
from ml.cascade.measurements.feature_model import FeatureModel
from ml.cascade.operations import detect, measure
from ml.schemas import OpinionAnswer, StageAnswer
from tests.ml.lab.drawn_heads import COLUMNS, HEAD, PLACE, RADIUS, ROWS, KnownFeatures, head_with, spot_at
from tests.ml.lab.known import CASCADE, BrightDetector, course_of, task_of

Box = tuple[float, float, float, float]
#: Root of the head's area, in pixels.
ROOT = np.sqrt(np.pi) * HEAD


def boxed(*boxes: Box, stage: str = "tumour-boxes") -> Course:
    """Return a course in which a detector boxed every spot of one slice, the first most surely."""
    course = course_of(head_with(*boxes))
    course.candidates = [Candidate(0, "tumour", stage, box, 0.9 - 0.1 * n) for n, box in enumerate(boxes)]
    return course


def measured(course: Course, model: FeatureModel = PLACE, *, outline: str = "box") -> StageAnswer:
    return measure.run(task_of("tumour-features", KnownFeatures(model, outline=outline), course))


def opinion(course: Course) -> OpinionAnswer:
    """Return the one opinion of the one finding."""
    (finding,) = findings_told(course)
    (found,) = finding.opinions
    return found


@pytest.mark.parametrize(
    ("away", "kind", "title"), [(28, "meningioma", "Meningioma"), (2, "pituitary", "Pituitary tumour")]
)
def test_a_spot_is_measured_in_its_box_and_named_by_its_place(away: int, kind: str, title: str) -> None:
    course = boxed(spot_at(away))
    answer, found = measured(course), opinion(course)
    values = {reason.name: reason.value for reason in found.reasons}

    assert (answer.status, answer.label, found.label, found.label_title) == ("done", kind, kind, title)
    assert values["off_centre"] == pytest.approx(away / ROOT, abs=0.01)
    assert values["relative_area"] == pytest.approx((RADIUS / HEAD) ** 2, rel=0.08)
    assert found.measured == "an ellipse in the box on slice 1"
    assert found.code is not None
    assert (found.code.scheme, found.code.meaning) == ("99READROOM", title)
    assert found.threshold == answer.threshold == 0.8
    assert found.why.startswith(f"{title} rather than Glioma: off centre +")
    assert found.why in str(answer.reason)


def test_the_contributions_of_a_finding_add_up_to_the_logarithm_of_its_odds() -> None:
    course = boxed(spot_at(20, 12))
    answer, found = measured(course, PLACE.model_copy(update={"temperature": 4.0})), opinion(course)
    (_, first), (_, second), _ = answer.alternatives

    assert found.base + sum(reason.contribution for reason in found.reasons) == pytest.approx(
        np.log(first / second), abs=2e-3
    )
    assert found.reasons[0].usual == 0.2
    assert found.reasons[0].meaning


def test_what_is_not_sure_is_not_named_but_leans() -> None:
    course = boxed(spot_at(14))
    answer, found = measured(course, PLACE.model_copy(update={"threshold": 0.99})), opinion(course)

    assert (answer.status, answer.label, answer.label_title, found.label) == ("done", None, "Unsure", None)
    assert found.likeliest
    assert found.code is None
    assert "under the threshold of 99%" in found.reason
    assert found.reasons


def test_what_is_unlike_the_teaching_pictures_is_not_named_however_sure() -> None:
    course = boxed(spot_at(28))
    answer, found = measured(course, PLACE.model_copy(update={"farthest": 0.5})), opinion(course)

    assert (answer.label, found.label, found.likeliest) == (None, None, "meningioma")
    assert found.probability == pytest.approx(1, abs=0.01)
    assert found.reason == "It is unlike everything that was measured in the teaching pictures."


def test_what_is_too_small_to_be_measured_says_so() -> None:
    course = boxed((60.0, 40.0, 63.0, 43.0))
    answer, found = measured(course), opinion(course)

    assert (answer.status, answer.label, answer.probability) == ("done", None, None)
    assert (found.label_title, found.reasons, found.probability) == ("Not measured", [], None)
    assert found.reason == "There is no outline that is large enough to be measured."


@pytest.mark.parametrize(
    "box", [(0.0, 0.0, 0.0, 0.0), (0.0, 0.0, float(COLUMNS), float(ROWS)), (-9.0, 90.0, 60.0, 96.0)]
)
def test_an_odd_box_ends_no_run(box: Box) -> None:
    assert measured(boxed(box)).status == "done"


def test_where_nothing_was_boxed_nothing_is_measured() -> None:
    answer = measured(boxed())

    assert (answer.status, answer.label) == ("not_run", None)
    assert answer.reason == "Nothing was boxed, so there is nothing to measure."


def test_every_finding_has_an_opinion_of_its_own_and_the_clearest_answers_for_all() -> None:
    course = boxed(spot_at(28), spot_at(-2))
    answer = measured(course)

    told = {finding.probability: [one.label for one in finding.opinions] for finding in findings_told(course)}
    assert told == {0.9: ["meningioma"], 0.8: ["pituitary"]}
    assert answer.label == "meningioma"
    assert "This is the clearest of 2 areas; each has its own." in str(answer.reason)


def test_the_clearest_slice_of_a_lesion_is_measured() -> None:
    course = course_of(head_with(spot_at(10)), head_with(spot_at(14), number=1), head_with(spot_at(12), number=2))
    course.candidates = [
        Candidate(number, "tumour", "tumour-boxes", spot_at(away), probability)
        for number, (away, probability) in enumerate([(10, 0.5), (14, 0.8), (12, 0.6)])
    ]
    measured(course)

    assert opinion(course).measured.endswith("slice 2")
    assert opinion(course).reasons[0].value == pytest.approx(14 / ROOT, abs=0.01)


def test_boxes_of_another_stage_are_left_to_others() -> None:
    assert measured(boxed(spot_at(20), stage="fracture-boxes")).status == "not_run"


def test_a_box_of_the_detector_is_measured_where_it_lies() -> None:
    course = course_of(head_with(spot_at(28)))
    detect.run(task_of("tumour-boxes", BrightDetector("tumour-detector"), course))
    measured(course)

    assert opinion(course).reasons[0].value == pytest.approx(28 / ROOT, abs=0.02)


def test_by_outline_a_segmenters_mask_is_measured_and_a_box_without_one_is_not() -> None:
    course, without = boxed(spot_at(20)), boxed(spot_at(20))
    mask = np.zeros((ROWS, COLUMNS), np.bool_)
    x0, y0, x1, y1 = map(int, spot_at(20))
    mask[y0:y1, x0 : (x0 + x1) // 2] = True
    course.candidates[0].mask = mask
    answers = [measured(one, outline="network") for one in (course, without)]
    values = {reason.name: reason.value for reason in opinion(course).reasons}

    assert values["relative_area"] == pytest.approx(mask.sum() / ROOT**2, rel=0.08)
    assert values["off_centre"] == pytest.approx((20 - RADIUS / 2) / ROOT, abs=0.01)
    assert opinion(course).measured == "the outline on slice 1"
    assert (answers[1].label, opinion(without).label_title) == (None, "Not measured")


def beside(**said: object) -> Course:
    """Return a course in which the network has answered the same question."""
    course = boxed(spot_at(28))
    told = {"name": "tumour-type", "title": "Kind of tumour", "pathway": "p", "status": "done", "model": "tumour-type"}
    course.stages = [StageAnswer.model_validate({**told, **said})]
    return course


NETWORK = "Kind of tumour (tumour-type)"


@pytest.mark.parametrize(
    ("said", "sentence", "disagrees"),
    [
        ({"label": "meningioma"}, f"{NETWORK} says Meningioma too.", False),
        (
            {"label": "glioma"},
            f"The two disagree: {NETWORK} says Glioma; the features say Meningioma. Please judge for yourself.",
            True,
        ),
        ({"label": None}, f"{NETWORK} is unsure.", False),
        ({"status": "not_run"}, "", False),
        ({"name": "another"}, "", False),
    ],
)
def test_how_it_stands_to_the_network_is_said_in_words(
    said: dict[str, object],
    sentence: str,
    disagrees: bool,  # noqa: FBT001 - a row of the table above
) -> None:
    course = beside(**said)
    answer, found = measured(course), opinion(course)

    assert (found.beside, found.disagrees) == (sentence, disagrees)
    assert sentence in str(answer.reason)


def test_that_the_network_sees_no_tumour_is_told_as_an_answer_that_features_lack() -> None:
    course = beside(label="no_tumour")
    measured(course)

    assert "No tumour, by this network, an answer that the features do not have; the features" in opinion(course).beside


def test_an_unsure_opinion_disagrees_with_nobody() -> None:
    course = beside(label="glioma")
    measured(course, PLACE.model_copy(update={"threshold": 1.0}))

    assert (opinion(course).beside, opinion(course).disagrees) == (f"{NETWORK} says Glioma.", False)


@pytest.mark.parametrize("label", ["meningioma", "glioma"])
def test_an_opinion_moves_no_priority_and_no_outcome(label: str) -> None:
    course = beside(label=label)
    before = findings_told(course)
    measured(course)
    after = findings_told(course)

    assert [finding.model_copy(update={"opinions": []}) for finding in after] == before
    assert course.contradictions == []
    (step,) = (step for step in CASCADE.steps if step.stage.operation == "measure")
    assert not looks_for(step, CASCADE)
    assert step.stage.writes is None
