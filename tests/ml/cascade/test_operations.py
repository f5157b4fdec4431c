"""What the cascade makes of a network's answer: two witnesses, thresholds, boxes and outlines."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.cascade.case_context import Candidate
from ml.cascade.findings import findings_told
from ml.cascade.operations import classify, detect, gate, segment
from tests.ml.lab.known import BrightDetector, BrightSegmenter, KnownSorter, course_of, slice_with, task_of

SURE_MR = KnownSorter({"modality": {"MR": 0.97, "CT": 0.03}, "scope": {"medical": 0.99, "other": 0.01}})
TORN = KnownSorter({"modality": {"MR": 0.34, "CT": 0.33, "XR": 0.33}, "scope": {"medical": 0.001, "other": 0.999}})


def test_without_a_header_sure_pixels_settle_the_question() -> None:
    course = course_of()
    answer = classify.run(task_of("modality", SURE_MR, course))

    assert (answer.status, answer.label, course.facts) == ("done", "MR", {"modality": "MR"})
    assert answer.probability == pytest.approx(0.97, abs=1e-3)
    assert answer.header_says is None


def test_without_a_header_unsure_pixels_settle_nothing() -> None:
    course = course_of()
    answer = classify.run(task_of("modality", TORN, course))

    assert (answer.status, answer.label, course.facts) == ("not_suitable", None, {})
    assert "under the threshold" in str(answer.reason)


def test_a_header_that_agrees_is_followed() -> None:
    course = course_of(modality="MR")
    answer = classify.run(task_of("modality", SURE_MR, course))

    assert (answer.label, answer.header_says, answer.contradiction) == ("MR", "MR", False)
    assert course.contradictions == []


def test_a_header_that_disagrees_is_followed_and_the_contradiction_shown() -> None:
    course = course_of(modality="CT")
    answer = classify.run(task_of("modality", SURE_MR, course))

    assert (answer.label, answer.pixels_say, answer.contradiction) == ("CT", "MR", True)
    assert course.contradictions == [
        "Modality: The header says CT, the picture looks like MRI (97%). The header is followed; please check."
    ]


def test_unsure_pixels_do_not_contradict_a_header() -> None:
    course = course_of(modality="US")
    answer = classify.run(task_of("modality", TORN, course))

    assert (answer.label, answer.pixels_say, answer.contradiction) == ("US", "MR", False)
    assert answer.reason == "Followed the header; the picture looks like MRI (34%), which is too unsure to count."


def test_a_header_of_a_kind_that_no_stage_knows_is_named() -> None:
    course = course_of(modality="NM")
    answer = classify.run(task_of("modality", SURE_MR, course))

    assert answer.status == "not_suitable"
    assert str(answer.reason).startswith("The header says NM; this step knows CT, MRI")
    assert course.facts == {}


def test_a_header_may_state_what_the_network_was_never_taught() -> None:
    taught = {**SURE_MR.row.labels, "modality": ["MR", "US", "XR"]}
    course = course_of(modality="CT")
    answer = classify.run(task_of("modality", KnownSorter(SURE_MR.said, labels=taught), course))

    assert (answer.label, answer.probability, answer.contradiction) == ("CT", None, False)
    assert str(answer.reason).startswith("Followed the header; the network was not taught")


def test_a_series_tells_how_far_its_slices_and_views_agree() -> None:
    answer = classify.run(task_of("modality", SURE_MR, course_of(*[slice_with() for _ in range(3)])))

    assert answer.views == 3 * (1 + 2)
    assert (answer.probability_low, answer.probability_high) == pytest.approx((0.97, 0.97), abs=1e-3)


@pytest.mark.parametrize("word", ["OT", "SC", ""])
def test_a_header_that_says_nothing_useful_leaves_the_question_to_the_pixels(word: str) -> None:
    answer = classify.run(task_of("modality", SURE_MR, course_of(modality=word)))

    assert (answer.label, answer.header_says) == ("MR", None)


def test_the_gate_stops_what_is_no_medical_image() -> None:
    course = course_of()
    answer = gate.run(task_of("gate", TORN, course))

    assert (answer.status, answer.label, course.facts) == ("not_suitable", "other", {})
    assert "does not look like a medical image" in str(answer.reason)


def test_the_gate_stops_a_colour_photograph_that_fools_the_network() -> None:
    answer = gate.run(task_of("gate", SURE_MR, course_of(slice_with(colour_share=0.8))))

    assert answer.status == "not_suitable"
    assert "80% of the picture is in colour" in str(answer.reason)


def test_the_gate_follows_a_header_that_vouches_and_shows_its_doubt() -> None:
    course = course_of(modality="MR")
    answer = gate.run(task_of("gate", TORN, course))

    assert (answer.status, answer.contradiction, course.facts["scope"]) == ("done", True, "medical")
    assert len(course.contradictions) == 1


def test_a_spot_is_boxed_and_outlined_on_its_pixels(tmp_path: Path) -> None:
    spot = (90, 6, 114, 26)
    course = course_of(slice_with(spot), out=tmp_path)
    detect.run(task_of("tumour-boxes", BrightDetector("tumour-detector"), course))
    outlined = segment.run(task_of("tumour-outline", BrightSegmenter(), course))
    (finding,) = findings_told(course)

    assert outlined.label == "tumour"
    assert finding.box == pytest.approx(spot, abs=1.5)
    mask = Image.open(tmp_path / str(finding.mask))
    assert mask.size == (128, 96)
    assert mask.mode == "1"
    assert mask.getbbox() == pytest.approx(spot, abs=1)
    assert finding.sentence.startswith("Area suspicious of a tumour, upper right in the picture, 24 x 20")


@pytest.mark.parametrize(("probability", "urgency"), [(0.9, 3), (0.2, 2)])
def test_a_weak_suspicion_is_less_urgent_than_a_strong_one(probability: float, urgency: int) -> None:
    course = course_of(slice_with())
    course.candidates = [Candidate(0, "tumour", "tumour-boxes", (10, 10, 30, 30), probability)]

    assert [finding.urgency for finding in findings_told(course)] == [urgency]


def test_nothing_bright_is_a_negative_with_its_reason_and_no_outline() -> None:
    course = course_of(slice_with(), slice_with())
    boxed = detect.run(task_of("tumour-boxes", BrightDetector("tumour-detector"), course))
    outlined = segment.run(task_of("tumour-outline", BrightSegmenter(), course))

    assert (boxed.status, boxed.label, boxed.reason) == ("done", None, "No box reaches the threshold on 2 slices.")
    assert outlined.status == "not_run"


def test_a_lesion_is_one_finding_over_its_slices() -> None:
    empty, spot, other = slice_with(), slice_with((70, 20, 90, 44)), slice_with((10, 60, 30, 80))
    course = course_of(empty, spot, spot, empty, spot, empty, empty, empty, empty, other)
    detect.run(task_of("tumour-boxes", BrightDetector("tumour-detector"), course))

    spans = sorted((finding.first_slice, finding.last_slice) for finding in findings_told(course))

    assert spans == [(1, 4), (9, 9)]


def test_a_finding_keeps_its_box_and_outline_on_every_slice(tmp_path: Path) -> None:
    spots = [(70, 20, 90, 44), (72, 22, 94, 48), (74, 26, 92, 46)]
    course = course_of(slice_with(spots[0]), slice_with(spots[1]), slice_with(), slice_with(spots[2]), out=tmp_path)
    detect.run(task_of("tumour-boxes", BrightDetector("tumour-detector"), course))
    segment.run(task_of("tumour-outline", BrightSegmenter(), course))
    (finding,) = findings_told(course)

    assert [mark.slice for mark in finding.marks] == [0, 1, 3]
    assert (finding.first_slice, finding.last_slice, finding.outlined_by) == (0, 3, "tumour-outline")
    for mark, spot in zip(finding.marks, spots, strict=True):
        assert mark.box == pytest.approx(spot, abs=1.5)
        assert Image.open(tmp_path / str(mark.mask)).getbbox() == pytest.approx(spot, abs=1)
    clearest = next(mark for mark in finding.marks if mark.slice == finding.slice)
    assert (finding.box, finding.mask) == (clearest.box, clearest.mask)
    assert finding.measures is not None
    assert (finding.measures.slices, finding.measures.is_calibrated) == (3, False)
    assert finding.measures.figures[0].value == pytest.approx(np.hypot(22, 26), abs=3)  # across the largest spot
    assert finding.code is not None
    assert (finding.code.value, finding.code.scheme, finding.code.meaning) == ("108369006", "SCT", "Neoplasm")


def test_a_long_series_is_looked_at_whole_in_batches() -> None:
    slices = [slice_with() for _ in range(40)] + [slice_with((70, 20, 90, 44)), slice_with((70, 20, 90, 44))]
    course = course_of(*slices)
    answer = detect.run(task_of("tumour-boxes", BrightDetector("tumour-detector"), course))

    assert [candidate.slice for candidate in course.candidates] == [40, 41]
    assert answer.heat_map_slice == 40


@pytest.mark.parametrize(
    ("spacing_mm", "told"), [(1.0, [(20, 26)]), (2.5, [(8, 9), (20, 26)]), (None, [(8, 9), (20, 26)])]
)
def test_what_flickers_up_in_a_long_series_is_left_out_and_the_answer_says_so(
    spacing_mm: float | None, told: list[tuple[int, int]]
) -> None:
    short, single, long = (70, 20, 90, 44), (10, 60, 30, 80), (40, 30, 64, 60)
    spots = {4: single, 8: short, 9: short, **dict.fromkeys(range(20, 27), long)}
    course = course_of(*[slice_with(*([spots[n]] if n in spots else [])) for n in range(30)])
    course.spacing_mm = spacing_mm
    answer = detect.run(task_of("tumour-boxes", BrightDetector("tumour-detector"), course))

    assert sorted((finding.first_slice, finding.last_slice) for finding in findings_told(course)) == told
    assert f"{3 - len(told)} of 3 suspicions were left out: seen on fewer than" in str(answer.reason)


def test_a_short_series_keeps_what_is_seen_once() -> None:
    course = course_of(*[slice_with() for _ in range(11)], slice_with((70, 20, 90, 44)))
    answer = detect.run(task_of("tumour-boxes", BrightDetector("tumour-detector"), course))

    assert ([candidate.slice for candidate in course.candidates], answer.reason) == ([11], None)


def test_a_series_may_ask_for_more_than_a_picture() -> None:
    network = BrightDetector("tumour-detector")
    network.row = network.row.model_copy(update={"series_thresholds": {"tumour": 0.99}})
    course = course_of(*[slice_with((70, 20, 90, 44)) for _ in range(20)])
    answer = detect.run(task_of("tumour-boxes", network, course))

    assert (course.candidates, answer.label_title) == ([], "Nothing found")
    assert answer.reason == "1 of 1 suspicions were left out: seen on fewer than 2 slices or under 99%."


def test_few_slices_of_the_middle_decide_what_a_series_is() -> None:
    course = course_of(*[slice_with() for _ in range(100)])

    assert len(course.sample) == 5
    assert min(course.sample) >= 20
    assert max(course.sample) < 80
