"""One question of whole slices: what counts as a finding, what describes, and what is unsure."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.cascade.case_context import Candidate, Course, Task
from ml.cascade.findings import findings_told, urgency_of
from ml.cascade.operations import assess
from ml.cascade.operations.assess import levelled
from ml.cascade.pathways.declaration import Label, Pathway, Persistence, StageDeclaration, Step
from ml.cascade.pathways.load import Cascade
from ml.cascade.tta import View, view_taken
from tests.ml.lab.known import CASCADE, KnownSorter, slice_with


def label(title: str, **fields: object) -> Label:
    """A label with a code of its own."""
    return Label.model_validate({"title": title, "code": "1", "scheme": "99READROOM", "meaning": title, **fields})


BREAST = {
    "normal": label("No lesion seen"),
    "benign": label("Benign-looking", urgency=1, sentence="A lesion"),
    "malignant": label("Malignant-looking", urgency=3, strong=0.5, sentence="A lesion"),
}
GRADE = {name: label(f"Grade {name}") for name in ("0", "1", "2")}


class SliceBySlice(KnownSorter):
    """Says of each slice, by the grey value of its corner, what the test names; views of it are less sure."""

    def __init__(self, labels: list[str], said: Mapping[int, list[float]], thresholds: dict[str, float]) -> None:
        super().__init__({}, labels={"asked": labels}, thresholds=thresholds, name="known", input={"size": 32})
        self.by_grey = said

    def run(self, batch: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return logits whose softmax was said for the nearest grey value, and flat maps."""
        keys = np.array(list(self.by_grey))
        rows = [self.by_grey[int(keys[np.abs(keys - square[0, 16, 16] * 250).argmin()])] for square in batch]
        logits = np.log(np.maximum(np.array(rows, np.float32), 1e-6))
        return {"asked": logits, "asked_map": np.ones((*logits.shape, 4, 4), np.float32)}


def task(
    labels: dict[str, Label],
    said: Mapping[int, list[float]],
    greys: list[int],
    *,
    thresholds: dict[str, float],
    **stage: object,
) -> Task:
    """A stage over slices that are plain, each of its grey value."""
    declared = StageDeclaration.model_validate(
        {
            "name": "asked",
            "title": "Asked",
            "operation": "assess",
            "model": "known",
            "head": "asked",
            "asks": "asked",
            **stage,
        }
    )
    step = Step(Pathway(name="drawn", version="1", title="Drawn", stages=[declared]), declared, {})
    cascade = Cascade((*CASCADE.steps, step), {**CASCADE.questions, "asked": labels}, {}, CASCADE.models, "0" * 64)
    slices = [slice_with((8, 8, 120, 88)) for _ in greys]
    for picture, grey in zip(slices, greys, strict=True):
        picture.grey[8:88, 8:120] = grey
        picture.grey[:4] = 250
    return Task(step, SliceBySlice(list(labels), said, thresholds), Course(cascade, slices, {}, None))


@pytest.mark.parametrize(
    ("said", "thresholds", "label", "title", "urgencies"),
    [
        ([0.70, 0.05, 0.25], {"malignant": 0.2, "asked": 0.6}, "malignant", "Malignant-looking", [2]),
        ([0.70, 0.05, 0.25], {"malignant": 0.3, "asked": 0.6}, None, "Nothing found", []),
        ([0.10, 0.85, 0.05], {"malignant": 0.3, "asked": 0.6}, "benign", "Benign-looking", [1]),
        ([0.10, 0.50, 0.40], {"malignant": 0.3, "benign": 0.3}, "malignant", "Malignant-looking", [2]),
        ([0.10, 0.30, 0.60], {"asked": 0.5}, "malignant", "Malignant-looking", [3]),
        ([0.45, 0.10, 0.45], {"asked": 0.9}, None, "Nothing found", []),
    ],
)
def test_a_finding_is_told_at_its_own_threshold(
    said: list[float], thresholds: dict[str, float], label: str | None, title: str, urgencies: list[int]
) -> None:
    asked = task(BREAST, {100: said}, [100], thresholds=thresholds, slices="all", rule="max")
    answer = assess.run(asked)

    assert (answer.status, answer.label, answer.label_title) == ("done", label, title)
    assert [finding.urgency for finding in findings_told(asked.course)] == urgencies
    assert (label is None) == ("under the threshold" in str(answer.reason))


@pytest.mark.parametrize(
    ("said", "label", "title"), [([0.1, 0.7, 0.2], "1", "Grade 1"), ([0.3, 0.4, 0.3], None, "Unsure")]
)
def test_what_only_describes_must_be_sure_and_is_no_finding(said: list[float], label: str | None, title: str) -> None:
    asked = task(GRADE, {100: said}, [100], thresholds={"asked": 0.6}, writes="grade")
    answer = assess.run(asked)

    assert (answer.status, answer.label, answer.label_title) == ("done", label, title)
    assert (asked.course.suspicions, asked.course.facts) == ([], {"grade": "1"} if label else {})
    assert answer.reason == (None if label else "Unsure: Grade 1 is the likeliest at 40%, under the threshold of 60%.")


def test_only_boxed_slices_are_described_where_the_stage_asks_for_them() -> None:
    said = {40: [0.9, 0.05, 0.05], 200: [0.05, 0.9, 0.05]}
    asked = task(GRADE, said, [40, 40, 200, 200, 40], thresholds={"asked": 0.6}, slices="found", after=["boxes"])
    assert assess.run(asked).status == "not_run"

    asked.course.candidates = [Candidate(index, "tumour", "boxes", (8, 8, 20, 20), 0.8) for index in (2, 3)]
    answer = assess.run(asked)
    assert (answer.label, answer.heat_map_slice in {2, 3}) == ("1", True)


def test_views_tell_how_far_a_probability_moves() -> None:
    said = {40: [0.6, 0.4], 100: [0.1, 0.9]}  # Seen darker, it looks like the first.
    labels = {"none": BREAST["normal"], "lesion": BREAST["malignant"]}
    views: list[View] = ["darker", "brighter", "mirror"]
    answer = assess.run(task(labels, said, [100], thresholds={"lesion": 0.5}, slices="all", rule="max", views=views))

    assert (answer.probability, answer.probability_high, answer.views) == (0.9, 0.9, 4)
    assert answer.probability_low == pytest.approx(0.4, abs=1e-3)


def test_one_look_has_no_range() -> None:
    answer = assess.run(task(GRADE, {100: [0.1, 0.7, 0.2]}, [100], thresholds={"asked": 0.6}))

    assert (answer.probability_low, answer.probability_high, answer.views) == (None, None, None)


@pytest.mark.parametrize(
    ("needed", "expected"),
    [
        (1, [0.1, 0.9, 0.1, 0.8, 0.7, 0.9]),
        (2, [0.1, 0.1, 0.1, 0.7, 0.7, 0.7]),
        (3, [0.1, 0.1, 0.1, 0.7, 0.7, 0.7]),
        (4, [0.1] * 6),
        (99, [0.1] * 6),
    ],
)
def test_what_does_not_last_is_levelled(needed: int, expected: list[float]) -> None:
    each = np.array([[0.1], [0.9], [0.1], [0.8], [0.7], [0.9]], np.float32)

    np.testing.assert_allclose(levelled(each, needed)[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("count", "spacing_mm", "needed"), [(12, 1.0, 1), (175, 1.0, 5), (55, 2.5, 2), (24, 5.0, 1), (24, None, 2)]
)
def test_a_thing_must_last_as_long_in_mm_whatever_the_spacing(
    count: int, spacing_mm: float | None, needed: int
) -> None:
    assert Persistence(mm=5.0, slices=2, above=12).slices_needed(count=count, spacing_mm=spacing_mm) == needed


def test_an_experimental_finding_never_raises_a_study_over_attention() -> None:
    malignant = BREAST["malignant"]

    assert [urgency_of(malignant, p, is_experimental=True) for p in (0.2, 0.9)] == [1, 1]
    assert [urgency_of(malignant, p, is_experimental=False) for p in (0.2, 0.9)] == [2, 3]


@pytest.mark.parametrize("view", ["mirror", "closer", "shifted", "darker", "brighter"])
def test_a_view_changes_a_picture_a_little_and_keeps_its_range(view: View) -> None:
    squares = np.zeros((2, 1, 64, 64), np.float32)
    squares[:, :, 10:40, 8:30] = 0.5
    changed = view_taken(squares, view)

    assert changed.shape == squares.shape
    assert changed.dtype == np.float32
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert 0 < np.abs(changed - squares).mean() < 0.2
    if view == "mirror":
        np.testing.assert_array_equal(view_taken(changed, "mirror"), squares)
