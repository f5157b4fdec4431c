"""A cascade that cannot work is refused when it loads, with a sentence that names the place."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ml.cascade.pathways.declaration import PathwayError
from ml.cascade.pathways.load import FOLDER, Cascade, cascade_load
from ml.cascade.weights import ModelRow, manifest_read
from workers import configuration

WEIGHTS = configuration.weights_folder()
Edit = Callable[[Path], None]


@pytest.fixture
def models() -> dict[str, ModelRow]:
    """The manifest that ships."""
    return manifest_read(WEIGHTS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped declarations, to be broken."""
    return Path(shutil.copytree(FOLDER, tmp_path / "pathways", ignore=shutil.ignore_patterns("*.py", "__pycache__")))


def replaced(file: str, old: str, new: str) -> Edit:
    """Return an edit of one declaration; it fails where there is nothing to replace."""

    def edit(folder: Path) -> None:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1))

    return edit


BROKEN = {
    "is no TOML": (replaced("mri.toml", "[[stages]]", "[[stages"), "mri.toml"),
    "misspells a key": (replaced("mri.toml", "witness", "witnes"), "witnes"),
    "names an unknown operation": (replaced("mri.toml", '"classify"', '"guess"'), "operation"),
    "names a stage twice": (replaced("mri.toml", '"mri-region"', '"modality"'), "Two stages are called modality"),
    "comes after nobody": (replaced("mri.toml", '["modality"]', '["modalty"]'), "comes after modalty"),
    "goes in a circle": (replaced("general.toml", 'after = ["gate"]', 'after = ["mri-region"]'), "circle"),
    "needs a model that is not shipped": (replaced("mri.toml", '"sorter"', '"oracle"'), "the model oracle"),
    "classifies with a detector": (replaced("mri.toml", '"sorter"', '"tumour-detector"'), "a model to detect"),
    "reads a head that is not there": (
        replaced("mri.toml", '"mr_region"\nasks', '"xr_view"\nasks'),
        "the head xr_view",
    ),
    "waits for what nobody answers": (replaced("mri-brain.toml", '["brain"]', '["liver"]'), "region = liver"),
    "looks where nothing was found": (
        replaced("mri-brain.toml", '["tumour-boxes"]', '["mri-region"]'),
        "no such stage",
    ),
    "finds what has no meaning for others": (
        replaced("xray-chest.toml", 'meaning = "Pneumonia"\n', ""),
        "states the meaning of its code",
    ),
    "answers a label without a code": (
        replaced("labels.toml", "[questions.mr_region.knee]", "[questions.x.knee]"),
        "knee",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_declaration_that_cannot_work_is_refused(name: str, models: dict[str, ModelRow], folder: Path) -> None:
    edit, sentence = BROKEN[name]
    edit(folder)

    with pytest.raises(PathwayError, match=sentence):
        cascade_load(models, folder=folder)


def test_the_shipped_cascade_loads_in_an_order_that_can_run(models: dict[str, ModelRow]) -> None:
    met: set[str] = set()
    for step in cascade_load(models).steps:
        assert set(step.stage.after) <= met
        met.add(step.stage.name)
    assert {"gate", "modality", "xray-part", "mri-region", "plane", "tumour-outline", "fracture-boxes"} <= met


@pytest.mark.parametrize(
    "edit",
    [
        replaced("labels.toml", "urgency = 3", "urgency = 2"),
        replaced("mri-brain.toml", 'version = "1"', 'version = "2"'),
        replaced("labels.toml", '"ANKLE", "JOINT"', '"ANKLE"'),
    ],
)
def test_any_change_of_a_declaration_changes_the_digest(edit: Edit, models: dict[str, ModelRow], folder: Path) -> None:
    before = cascade_load(models, folder=folder).digest
    edit(folder)

    assert cascade_load(models, folder=folder).digest != before


def test_other_weights_change_the_digest(models: dict[str, ModelRow]) -> None:
    others = {**models, "sorter": models["sorter"].model_copy(update={"sha256": "0" * 64})}

    assert cascade_load(others).digest != cascade_load(models).digest


def test_a_new_part_is_one_pathway_file(models: dict[str, ModelRow], folder: Path) -> None:
    (folder / "mri-knee.toml").write_text(
        'name = "mri-knee"\nversion = "1"\ntitle = "Knee MRI"\nwhen = { modality = ["MR"], region = ["knee"] }\n'
        '[[stages]]\nname = "knee-boxes"\ntitle = "Knee detector"\noperation = "detect"\nmodel = "tumour-detector"\n'
        'head = "tumour"\nfinds = "tumour"\nslices = "all"\nafter = ["mri-region"]\n'
    )

    cascade: Cascade = cascade_load(models, folder=folder)

    assert "knee-boxes" in {step.stage.name for step in cascade.steps}
