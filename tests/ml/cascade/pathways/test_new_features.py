"""A pathway by features is added as any other: one pathway file, one configuration, the weights list."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ml.cascade.analyse import Analyst
from ml.cascade.measurements.feature_model import FeatureModel, model_write
from ml.cascade.pathways.declaration import PathwayError
from ml.cascade.pathways.load import FOLDER
from ml.cascade.runtime import WeighedFeatures, network_load, served_on_cpu
from ml.cascade.summary import pathways_drawn
from ml.cascade.weights import MANIFEST, ModelRow, WeightsError, manifest_read
from tests.ml.cascade.pathways.tiny import digest
from tests.ml.lab.drawn_heads import PLACE, head_with, spot_at
from tests.phantoms import dicom
from workers import configuration

NEW = "tumour-place"
PATHWAY = """
name = "mri-tumour-place"
version = "1"
title = "Place of a brain tumour"
experimental = true
because = "Drawn for a test."
when = { modality = ["MR"], region = ["brain"] }

[labels.tumour_place.glioma]
title = "Anywhere"
code = "anywhere"
scheme = "99READROOM"
[labels.tumour_place.meningioma]
title = "At the rim"
code = "rim"
scheme = "99READROOM"
[labels.tumour_place.pituitary]
title = "In the middle"
code = "middle"
scheme = "99READROOM"

[[stages]]
name = "tumour-place"
title = "Place"
operation = "measure"
model = "tumour-place"
head = "place"
asks = "tumour_place"
slices = "found"
after = ["tumour-boxes"]
"""


def features_row(folder: Path, model: FeatureModel = PLACE) -> dict[str, object]:
    """Write the files of a model to measure; return its row of the manifest."""
    file = folder / f"{NEW}-1.features.json"
    model_write(model, file)
    (folder / f"{NEW}-1.md").write_text(f"# {NEW}\n\nDrawn for a test.\n")
    return {
        "name": NEW, "version": "1", "kind": "measure", "architecture": "logistic regression on 2 features",
        "options": {"outline": "box"}, "file": file.name, "sha256": digest(file),
        "input": {"size": 160}, "outputs": ["place"], "labels": {"place": list(model.labels)},
        "temperature": {"place": 1.0}, "thresholds": {"place": 0.8}, "card": f"{NEW}-1.md",
    }  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What ships, with one new row in the weights list and one new pathway file."""
    weights, pathways = tmp_path_factory.mktemp("weights"), tmp_path_factory.mktemp("all") / "pathways"
    for file in configuration.weights_folder().iterdir():
        if file.is_file() and file.name != MANIFEST:
            (weights / file.name).symlink_to(file)
    listed = json.loads((configuration.weights_folder() / MANIFEST).read_text())
    listed["models"].append(features_row(weights))
    (weights / MANIFEST).write_text(json.dumps(listed))
    shutil.copytree(FOLDER, pathways, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (pathways / "mri-tumour-place.toml").write_text(PATHWAY)
    return weights, pathways


def test_the_whole_cascade_serves_it_beside_all_others(folders: tuple[Path, Path], tmp_path: Path) -> None:
    pixels = head_with(spot_at(24)).grey.repeat(2, axis=0).repeat(2, axis=1)
    file = dicom.saved(dicom.image(pixels, Modality="MR", BodyPartExamined="BRAIN"), tmp_path / "head.dcm")
    shipped = Analyst(configuration.weights_folder(), device="cpu").analyze([file])
    answer = Analyst(folders[0], pathways=folders[1], device="cpu").analyze([file])

    opinions = {one.stage: one for one in answer.findings[0].opinions}
    assert set(opinions) == {"tumour-features", "tumour-place"}
    assert (opinions["tumour-place"].label_title, opinions["tumour-place"].experimental) == (
        "At the rim",
        "Drawn for a test.",
    )
    assert [finding.urgency for finding in answer.findings] == [finding.urgency for finding in shipped.findings]
    assert (answer.outcome, answer.contradictions) == (shipped.outcome, shipped.contradictions)


def test_the_drawing_knows_the_new_step(folders: tuple[Path, Path]) -> None:
    drawn = {stage.name: stage for stage in pathways_drawn(*folders)}

    assert (drawn[NEW].operation, drawn[NEW].after, drawn[NEW].colours) == ("measure", ["tumour-boxes"], {})


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('slices = "found"', 'slices = "all"', "looks where something was found"),
        ('after = ["tumour-boxes"]', 'after = ["mri-region"]', "comes after no such stage"),
        ('model = "tumour-place"', 'model = "tumour-type"', "a model to classify"),
        ('operation = "measure"', 'operation = "assess"', "a model to measure"),
        ("[labels.tumour_place.pituitary]", "[labels.another.pituitary]", "may answer pituitary, not declared"),
        ('after = ["tumour-boxes"]', 'after = ["tumour-boxes"]\nbeside = "tumour-type"', "answers no such question"),
        ('after = ["tumour-boxes"]', 'after = ["tumour-boxes"]\nviews = ["closer"]', "states views"),
    ],
)
def test_a_pathway_by_features_that_cannot_work_is_refused(
    old: str, new: str, sentence: str, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    assert old in PATHWAY
    pathways = Path(shutil.copytree(folders[1], tmp_path / "pathways"))
    (pathways / "mri-tumour-place.toml").write_text(PATHWAY.replace(old, new, 1))

    with pytest.raises(PathwayError, match=sentence):
        Analyst(folders[0], pathways=pathways, device="cpu")


@pytest.fixture
def row(tmp_path: Path) -> ModelRow:
    """A model to measure, in a folder of its own."""
    return ModelRow.model_validate(features_row(tmp_path))


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda"])
def test_it_is_loaded_alike_for_every_device_with_the_points_of_the_manifest(
    row: ModelRow, tmp_path: Path, device: str
) -> None:
    moved = row.model_copy(update={"thresholds": {"place": 0.6}, "temperature": {"place": 2.0}})
    loaded = network_load(moved, tmp_path, device=device)

    assert isinstance(loaded, WeighedFeatures)
    assert loaded.model == PLACE.model_copy(update={"threshold": 0.6, "temperature": 2.0})
    logits = loaded.run(np.array([[0.3, 0.04], [0.1, 0.08]], np.float32))["place"]
    assert logits == pytest.approx(np.array([[-2, 3.2, -3], [0, -2.3, 2.5]]), abs=1e-5)


def test_a_changed_byte_other_labels_or_another_file_are_refused(row: ModelRow, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="other labels than the manifest"):
        served_on_cpu(row.model_copy(update={"labels": {"place": ["pituitary", "glioma"]}}), tmp_path)
    card = row.model_copy(update={"file": row.card, "sha256": digest(tmp_path / row.card)})
    with pytest.raises(WeightsError, match="cannot be read"):
        served_on_cpu(card, tmp_path)
    file = tmp_path / row.file
    file.write_text(file.read_text().replace("0.2", "0.3", 1))
    with pytest.raises(WeightsError, match="sha256 differs"):
        served_on_cpu(row, tmp_path)


def test_a_network_without_a_served_form_is_refused(row: ModelRow, tmp_path: Path) -> None:
    told = row.model_dump(mode="json", exclude_none=True) | {"kind": "detect"}
    (tmp_path / MANIFEST).write_text(json.dumps({"models": [told]}))

    with pytest.raises(WeightsError, match="manifest cannot be read"):
        manifest_read(tmp_path)


def test_what_ships_was_taught_in_the_boxes_of_the_detector_that_ships() -> None:
    rows = manifest_read(configuration.weights_folder())
    for shipped in (row for row in rows.values() if row.kind == "measure"):
        taught = (shipped.model_extra or {})["trained"]["outlined_by"]
        assert taught == [f"{name} {rows[name].version}" for name in (one.rpartition(" ")[0] for one in taught)]
