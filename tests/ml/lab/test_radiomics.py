"""The road by features, on drawn lesions whose kind is their shape: discs and stars, of every size and brightness."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml.cascade.boxes import ellipse_in
from ml.cascade.measurements.feature_descriptions import MEANINGS
from ml.cascade.measurements.feature_model import FeatureModel, model_read, model_write
from ml.cascade.measurements.features import SHAPES, Features, features_of
from ml.cascade.runtime import WeighedFeatures, served_on_cpu
from ml.cascade.weights import manifest_read
from ml.lab.evaluate.figures import Figure
from ml.lab.evaluate.report import BEGIN, END, Report
from ml.lab.radiomics.__main__ import main
from ml.lab.radiomics.evaluate import IN_DRAWN_BOXES
from ml.lab.radiomics.examples import Spot, said_of, spot_drawn
from ml.lab.radiomics.export import shipped
from ml.lab.radiomics.fit import model_calibrated, model_fitted
from ml.lab.report.files import report_read
from ml.lab.train.config import config_read
from ml.lab.train.heads import Head
from tests.ml.lab.drawn_heads import PLACE
from workers.model_reports import model_sheet

SIDE = 96
LABELS = ("disc", "star")
EACH = 40
PATIENTS = 20

#: Of a drawn head, see `ml.lab.radiomics.examples`.
PINNED = {
    "circularity": 0.908, "solidity": 0.985, "elongation": 1.0, "diameter_ratio": 1.0, "relative_area": 0.039,
    "off_centre": 0.235, "brightness": 1.097, "spread": 0.721, "darkest_tenth": 0.142, "brightest_tenth": 1.977,
    "skewness": -0.271, "kurtosis": -0.183, "entropy": 3.281, "ring_brightness": -0.179, "ring_spread": 0.993,
    "ring_contrast": 1.276, "edge_steepness": 0.569, "texture_contrast": 5.544, "texture_homogeneity": 0.4,
    "texture_energy": 0.119, "texture_correlation": 0.668,
}  # fmt: skip

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def lesion(rng: np.random.Generator, *, star: bool) -> tuple[Grey, Mask]:
    """Draw a lesion anywhere in a head; that it is a star shows in its outline alone."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    down, across = rng.uniform(38, 58, 2)
    angle = np.arctan2(rows - down, columns - across) + rng.uniform(0, np.pi)
    reach = rng.uniform(9, 15) * (1 + (0.4 * np.cos(5 * angle) if star else 0))
    mask: Mask = np.hypot(rows - down, columns - across) <= reach
    head = np.hypot(rows - SIDE / 2, columns - SIDE / 2) <= 44
    grey = np.where(mask, rng.uniform(130, 220), np.where(head, 90, 0)) + rng.normal(0, 6, (SIDE, SIDE)) * head
    return np.clip(grey, 0, 255).astype(np.uint8), mask


@cache
def drawn(seed: int) -> tuple[list[Features], NDArray[np.intp], list[str]]:
    """Measure as many discs as stars, some of each on every patient."""
    rng = np.random.default_rng(seed)
    truth = np.arange(2 * EACH) % 2
    measured = [features_of(*lesion(rng, star=bool(kind))) for kind in truth]
    assert all(measured)
    groups = [f"patient {number // 2 % PATIENTS}" for number in range(2 * EACH)]
    return [one for one in measured if one], truth.astype(np.intp), groups


@pytest.fixture(scope="module")
def model() -> FeatureModel:
    measured, truth, groups = drawn(1)
    others, other_truth, _ = drawn(2)
    return model_calibrated(
        model_fitted(measured, truth, groups, LABELS, seed=3), others, other_truth, right_share=0.97
    )


def test_discs_are_told_from_stars(model: FeatureModel) -> None:
    measured, truth, _ = drawn(4)

    assert (model.probabilities(measured).argmax(1) == truth).mean() > 0.97


def test_the_reason_that_is_told_is_the_outline(model: FeatureModel) -> None:
    features = features_of(*lesion(np.random.default_rng(5), star=True))
    decision = model.decided(features)

    assert features is not None
    assert decision.label == "star"
    first = decision.reasons[0]
    assert first.name in {"circularity", "solidity"}
    assert first.contribution > 0
    assert first.value == features[first.name]


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_what_the_reasons_add_up_to_is_the_logarithm_of_the_odds(model: FeatureModel, temperature: float) -> None:
    measured, _, _ = drawn(4)
    warm = model.model_copy(update={"temperature": temperature})
    for features in measured[:10]:
        decision = warm.decided(features)
        first, second = sorted(warm.probabilities([features])[0].tolist(), reverse=True)

        assert {decision.likeliest, decision.rather_than} == {"disc", "star"}
        assert [reason.usual for reason in decision.reasons if reason.name == warm.names[0]] == [warm.means[0]]
        assert decision.base + sum(reason.contribution for reason in decision.reasons) == decision.log_odds
        assert decision.log_odds == pytest.approx(np.log(first / second))


def test_of_three_kinds_the_reasons_tell_the_first_from_the_second() -> None:
    weights = ((1.0, 0.0), (0.5, 1.0), (-2.0, 0.0))
    names, labels = ("off_centre", "brightness"), ("a", "b", "c")
    model = FeatureModel(
        labels=labels, names=names, means=(0, 0), scales=(1, 1), coefficients=weights, intercepts=(0.3, 0.0, 0.0)
    )
    decision = model.decided({"off_centre": 2.0, "brightness": -0.5})

    assert (decision.label, decision.rather_than) == ("a", "b")
    assert [reason.name for reason in decision.reasons] == ["off_centre", "brightness"]
    assert [reason.contribution for reason in decision.reasons] == pytest.approx([1.0, 0.5])
    assert decision.base == pytest.approx(0.3)
    assert decision.log_odds == pytest.approx(np.log(decision.probabilities["a"] / decision.probabilities["b"]))


def test_shuffled_kinds_are_learnt_at_chance() -> None:
    measured, truth, groups = drawn(1)
    others, other_truth, _ = drawn(4)
    right = []
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(truth)
        fitted = model_fitted(measured, shuffled, groups, LABELS, seed=seed)
        right.append((fitted.probabilities(others).argmax(1) == other_truth).mean())

    assert 0.3 < np.mean(right) < 0.7


def test_a_model_comes_back_from_its_file_the_same(model: FeatureModel, tmp_path: Path) -> None:
    measured, _, _ = drawn(4)
    model_write(model, tmp_path / "features.json")

    again = model_read(tmp_path / "features.json")

    assert again == model
    assert np.array_equal(again.probabilities(measured), model.probabilities(measured))


@pytest.mark.parametrize("pixels", [0, 4])
def test_where_there_is_nothing_to_measure_it_abstains(model: FeatureModel, pixels: int) -> None:
    picture, _ = lesion(np.random.default_rng(10), star=False)
    mask = np.zeros(picture.shape, bool)
    mask[40, 40 : 40 + pixels] = True

    decision = model.decided(features_of(picture, mask))

    assert (decision.label, decision.probabilities, decision.reasons) == (None, {}, ())


def test_what_it_is_not_sure_of_it_does_not_name(model: FeatureModel) -> None:
    measured, _, _ = drawn(4)
    strict = model.model_copy(update={"threshold": 1.0, "temperature": 50.0})

    assert strict.decided(measured[0]).label is None
    assert sum(strict.decided(measured[0]).probabilities.values()) == pytest.approx(1)


def test_what_is_unlike_the_teaching_pictures_it_does_not_name_however_sure(model: FeatureModel) -> None:
    measured, _, _ = drawn(4)
    away = {name: mean + 20 * scale for name, mean, scale in zip(model.names, model.means, model.scales, strict=True)}
    far = model.decided({**measured[0], **away})
    anywhere = model.model_copy(update={"farthest": None}).decided({**measured[0], **away})

    assert (far.label, far.is_far) == (None, True)
    assert far.probability == anywhere.probability > 0.97
    assert (anywhere.label, anywhere.is_far) == (anywhere.likeliest, False)
    assert sum(model.decided(features).is_far for features in measured) <= 0.05 * len(measured)


def test_every_feature_has_its_meaning_in_words() -> None:
    measured, _, _ = drawn(4)

    assert set(MEANINGS) == set(measured[0])


def test_features_are_measured_as_they_were_when_the_model_that_ships_was_taught() -> None:
    # A change here is a change of that model: it must be taught and judged again.
    measured = features_of(spot_drawn(Spot()), ellipse_in((95.0, 67.0, 121.0, 93.0), 160))

    assert measured == pytest.approx(PINNED, abs=2e-3)


def test_a_model_that_weighs_no_shape_need_not_wait_for_it() -> None:
    picture, mask = lesion(np.random.default_rng(5), star=True)
    whole, without = features_of(picture, mask), features_of(picture, mask, with_shape=False)

    assert whole is not None
    assert without == {name: value for name, value in whole.items() if name not in SHAPES}
    assert set(whole) > SHAPES


def test_features_do_not_hang_on_brightness_and_little_on_size() -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    away = np.hypot(rows - 48, columns - 48)
    told = []
    for radius, gain in ((12, 1.0), (12, 0.7), (18, 1.0)):
        grey = np.where(away <= radius, 200, np.where(away <= 44, 100, 0)) * gain
        features = features_of(grey.astype(np.uint8), np.asarray(away <= radius))
        assert features is not None
        told.append(features)

    plain, darker, larger = told
    assert darker == pytest.approx(plain, rel=0.03, abs=0.03)
    for name in ("circularity", "solidity", "elongation", "diameter_ratio"):
        assert larger[name] == pytest.approx(plain[name], rel=0.03)
    assert larger["relative_area"] / plain["relative_area"] == pytest.approx((18 / 12) ** 2, rel=0.05)


def test_a_texture_counts_pairs_inside_the_outline_alone() -> None:
    rng = np.random.default_rng(12)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[30:60, 30:60] = True
    inside = rng.integers(100, 200, (SIDE, SIDE))
    told = [
        features_of(np.where(mask, inside, outside).astype(np.uint8), mask)
        for outside in (50, rng.integers(30, 250, (SIDE, SIDE)))
    ]

    assert told[0] is not None
    assert told[1] is not None
    texture = [name for name in told[0] if name.startswith("texture_")]
    assert len(texture) == 4
    assert all(told[0][name] == told[1][name] for name in texture)


def test_a_file_whose_parts_do_not_fit_together_is_refused(model: FeatureModel, tmp_path: Path) -> None:
    model_write(model.model_copy(update={"names": model.names[1:]}), tmp_path / "features.json")

    with pytest.raises(ValueError, match="not of one size"):
        model_read(tmp_path / "features.json")


FIELDS = ("path", "modality", "region", "plane", "finding", "mask", "group", "source", "split")
FOLDER = Path(__file__).resolve().parents[3] / "ml" / "lab" / "configs" / "radiomics"
CONFIGS = {"network": FOLDER / "tumour-kind.toml", "box": FOLDER / "tumour-kind-boxes.toml"}


def kinds_drawn(folder: Path, *, each: int) -> int:
    """Write a data folder: stars, discs and grainy discs as kinds, each boxed; one test picture shows no lesion.

    Returns
    -------
    int
        Test pictures.
    """
    rng, rows, boxes = np.random.default_rng(13), [], []
    (folder / "images" / "heads").mkdir(parents=True)
    for number in range(3 * each):
        kind, split = (
            ("glioma", "meningioma", "pituitary")[number % 3],
            ("train", "train", "val", "test")[number // 3 % 4],
        )
        picture, mask = lesion(rng, star=kind == "glioma")
        if kind == "pituitary":
            picture = np.where(mask, rng.integers(110, 255, picture.shape), picture).astype(np.uint8)
        if number == 3 * each - 1:
            picture[mask] = 90
        path = f"images/heads/{number}.png"
        Image.fromarray(picture).resize((2 * SIDE, 2 * SIDE)).save(folder / path)
        rows.append((path, "MR", "brain", "axial", kind, "", f"patient {number}", "drawn", split))
        down, across = np.nonzero(mask)
        edges = (across.min(), down.min(), across.max() + 1, down.max() + 1)
        boxes.append((path, "tumour", *(2 * int(edge) for edge in edges)))
    _written(folder / "manifest.csv", FIELDS, rows)
    _written(folder / "boxes.csv", ("path", "label", "x0", "y0", "x1", "y1"), boxes)
    return sum(row[-1] == "test" for row in rows)


def _written(file: Path, head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([head, *rows])


@pytest.mark.parametrize("outline", ["network", "box"])
def test_one_command_goes_from_pictures_to_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outline: str
) -> None:
    count = kinds_drawn(tmp_path / "data", each=32)
    monkeypatch.setenv("READROOM_DATA_SET", str(tmp_path / "data"))
    monkeypatch.setenv("READROOM_RUNS", str(tmp_path / "runs"))

    config = config_read(CONFIGS[outline])

    assert main([str(CONFIGS[outline])]) == 0

    run = tmp_path / "runs" / config.key
    model, report = model_read(run / "features.json"), report_read(run / "test.json")
    assert model.labels == ("glioma", "meningioma", "pituitary")
    for name in ("tumour_kind", "tumour_kind in drawn boxes"):
        outlined, right = report.headline[f"{name} outlined"], report.headline[f"{name} accuracy"]
        assert outlined.n == count
        # The picture without a lesion has no outline, but somebody drew a box on it.
        empty = not (outline == "box" and name.endswith("drawn boxes"))
        assert outlined.value == pytest.approx(1 - empty / count, abs=0.05)
        assert (outlined.value < 1) == empty
        assert right.n == round(outlined.value * count)
        if outline == "network" or name.endswith("drawn boxes"):  # a detector's box fits a drawn star loosely
            assert right.value > 0.8
        all_pictures = report.headline[f"{name} accuracy, all pictures"]
        assert all_pictures.value == pytest.approx(right.value * outlined.value)
    assert report.about["pictures_taught"] == 48


def test_what_ships_of_a_run_is_served_as_it_was_fitted(model: FeatureModel, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    config = replace(config_read(CONFIGS["box"]), heads={"kind": Head(model.labels, "finding")})
    report = Report(headline={"kind accuracy": Figure(0.9, 40, 0.8, 0.95)})
    report.headline[f"kind{IN_DRAWN_BOXES} accuracy"] = Figure(1.0, 40, 0.9, 1.0)
    report.about = {
        "date": "2026-11-26",
        "config_digest": "c",
        "data_digest": "d",
        "outlined_by": ["tumour-detector 2"],
    }
    card = tmp_path / f"{config.key}.md"
    with pytest.raises(FileNotFoundError):
        shipped(config, model, report, tmp_path)
    card.write_text(f"# Card\n\n{BEGIN}\n{END}\n")
    report.table("kind: answers", "Drawn.").figures["accuracy"] = report.headline["kind accuracy"]
    shipped(config, model, report, tmp_path)

    row = manifest_read(tmp_path)[config.name]
    served = served_on_cpu(row, tmp_path)
    assert isinstance(served, WeighedFeatures)
    assert served.model == model
    assert (row.kind, row.files, row.metrics["kind accuracy"]["value"]) == ("measure", [row.file], 0.9)
    assert f"{model.farthest} standard deviations" in str((row.model_extra or {})["threshold_rule"])
    assert "| accuracy | 90.0% |" in card.read_text()
    # Figures on boxes that a person drew are not what is served.
    assert list(report_read(card.with_suffix(".json")).headline) == list(row.metrics) == ["kind accuracy"]
    assert model_sheet(tmp_path, config.name).pictures == [f"{config.key}-says-of-drawn-spots.png"]


def test_a_drawn_spot_is_named_by_what_was_changed_of_it() -> None:
    place = PLACE.model_copy(update={"threshold": 0.8})

    assert [said_of(place, Spot(away=away)).split("\n")[0].split()[0] for away in (0, 40)] == [
        "pituitary",
        "meningioma",
    ]
    assert said_of(place.model_copy(update={"farthest": 0.1}), Spot(away=40)).startswith("too unlike, meningioma")
    assert said_of(place, Spot(radius=1)) == "not measured"


def test_an_ellipse_fills_its_box() -> None:
    mask = ellipse_in((20.0, 10.0, 60.0, 30.0), SIDE)
    down, across = np.nonzero(mask)

    assert (across.min(), down.min(), across.max() + 1, down.max() + 1) == (20, 10, 60, 30)
    assert mask.sum() == pytest.approx(np.pi * 20 * 10, rel=0.02)
    assert not ellipse_in(None, SIDE).any()


def test_a_network_that_does_not_ship_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds_drawn(tmp_path / "data", each=4)
    monkeypatch.setenv("READROOM_DATA_SET", str(tmp_path / "data"))
    config = tmp_path / "kind.toml"
    config.write_text(
        CONFIGS["network"].read_text(encoding="utf-8").replace("tumour-segmenter", "painter"), encoding="utf-8"
    )

    assert main([str(config)]) == 2
    assert "needs the model painter, which the manifest does not list" in capsys.readouterr().err
