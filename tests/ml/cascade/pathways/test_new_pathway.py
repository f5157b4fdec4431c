"""Adding a pathway touches one pathway file and the weights list, and the whole cascade serves it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.cascade.analyse import Analyst
from ml.cascade.pathways.declaration import PathwayError
from ml.cascade.pathways.load import FOLDER
from ml.cascade.summary import pathways_drawn
from ml.cascade.weights import MANIFEST
from ml.schemas import SeriesAnswer, StageAnswer
from tests.ml.cascade.pathways.tiny import tiny_classifier
from tests.phantoms import dicom
from workers import configuration

#: The model that is added; its like that ships is left out.
NEW = "head-haemorrhage"
HEAD_CT = """
name = "head-ct"
version = "1"
title = "Head CT"
when = { modality = ["CT"] }

[labels.haemorrhage.none]
title = "No haemorrhage seen"
code = "260385009"
scheme = "SCT"

[labels.haemorrhage.haemorrhage]
title = "Suspected haemorrhage"
code = "1386000"
scheme = "SCT"
meaning = "Intracranial hemorrhage (disorder)"
colour = "#ff6b81"
urgency = 3
strong = 0.5
sentence = "Slices suspicious of a haemorrhage"

[[stages]]
name = "head-bleeding"
title = "Haemorrhage"
operation = "assess"
model = "head-haemorrhage"
head = "haemorrhage"
asks = "haemorrhage"
slices = "all"
rule = "max"
persist = { mm = 5.0, slices = 2, above = 3 }
views = ["mirror", "closer", "darker"]
after = ["modality"]
"""
EXPERIMENTAL = HEAD_CT.replace("when =", 'experimental = true\nbecause = "One source only."\nwhen =')


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What ships but for head CT, with one new row in the weights list and one new pathway file."""
    weights, pathways = tmp_path_factory.mktemp("weights"), tmp_path_factory.mktemp("all") / "pathways"
    for file in configuration.weights_folder().iterdir():
        # A link to what the drawn network will be called would lead its files into what ships.
        if file.is_file() and file.name != MANIFEST and not file.name.startswith(NEW):
            (weights / file.name).symlink_to(file)
    listed = json.loads((configuration.weights_folder() / MANIFEST).read_text())
    labels, thresholds = ["none", "haemorrhage"], {"haemorrhage": 0.4}
    listed["models"] = [row for row in listed["models"] if row["name"] != NEW]
    listed["models"].append(
        tiny_classifier(weights, name=NEW, head="haemorrhage", labels=labels, thresholds=thresholds)
    )
    (weights / MANIFEST).write_text(json.dumps(listed))
    shutil.copytree(FOLDER, pathways, ignore=shutil.ignore_patterns("*.py", "__pycache__", "ct-head.toml"))
    (pathways / "head-ct.toml").write_text(HEAD_CT)
    return weights, pathways


@pytest.fixture(scope="module")
def analyst(folders: tuple[Path, Path]) -> Analyst:
    """The cascade with the new pathway in it."""
    return Analyst(folders[0], pathways=folders[1], device="cpu")


def rewritten(folders: tuple[Path, Path], folder: Path, text: str) -> Analyst:
    """Load the cascade with the new pathway file reading otherwise."""
    pathways = Path(shutil.copytree(folders[1], folder / "pathways"))
    (pathways / "head-ct.toml").write_text(text)
    return Analyst(folders[0], pathways=pathways, device="cpu")


def head(folder: Path, greys: list[int], *, spacing: float = 2.5) -> list[Path]:
    """Draw a CT series: a plain disc on black in each slice, as bright as asked, with one white and one black dot."""
    files = []
    for number, ds in enumerate(dicom.series(len(greys), SpacingBetweenSlices=spacing)):
        rows, columns = np.mgrid[:64, :64]
        slice_ = np.where(np.hypot(rows - 32, columns - 32) < 31, greys[number], 0).astype(np.uint8)
        slice_[:2, :] = 255  # The brightest grey is the same in all slices, so that none is stretched more.
        ds.PixelData, ds.Rows, ds.Columns = slice_.tobytes(), 64, 64
        ds.BitsAllocated = ds.BitsStored = 8
        ds.HighBit, ds.WindowCenter, ds.WindowWidth = 7, 128, 256
        files.append(dicom.saved(ds, folder / f"{number:02}.dcm"))
    return files


def head_stage(answer: SeriesAnswer) -> StageAnswer:
    return next(stage for stage in answer.stages if stage.name == "head-bleeding")


def test_a_finding_without_a_box_is_told_with_its_slices_and_its_heat_map(analyst: Analyst, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    answer = analyst.analyze(head(tmp_path, [40, 40, 40, 150, 150, 140, 40, 40]), out=out)
    (finding,), stage = answer.findings, head_stage(answer)

    assert (answer.status, answer.outcome) == ("done", "findings")
    assert (finding.label, finding.box, finding.mask, finding.urgency) == ("haemorrhage", None, None, 3)
    assert (finding.first_slice, finding.last_slice) == (3, 5)
    assert finding.slice in {3, 4}
    assert finding.sentence.startswith("Slices suspicious of a haemorrhage, whole slices were judged, slices 4 to 6")
    with Image.open(out / str(finding.heat_map)) as heat_map:
        assert heat_map.size == (64, 64)
    assert (stage.label, stage.threshold, stage.views) == ("haemorrhage", 0.4, 4)
    assert stage.probability_low is not None
    assert stage.probability_high is not None
    assert stage.probability_low < float(stage.probability or 0) <= stage.probability_high


def test_one_bright_slice_alone_is_no_finding_in_a_series(analyst: Analyst, tmp_path: Path) -> None:
    answer = analyst.analyze(head(tmp_path, [40, 40, 40, 150, 40, 40, 40, 40]))
    stage = head_stage(answer)

    assert (answer.outcome, answer.findings) == ("negative", [])
    assert (stage.label, stage.label_title) == (None, "Nothing found")
    assert 0 < float(stage.probability or 0) < 0.4
    assert "under the threshold of 40%" in str(stage.reason)


def test_thick_slices_need_no_neighbour(analyst: Analyst, tmp_path: Path) -> None:
    answer = analyst.analyze(head(tmp_path, [40, 40, 40, 150, 40, 40, 40, 40], spacing=5.0))

    assert [finding.first_slice for finding in answer.findings] == [3]


def test_an_experimental_pathway_says_so_and_raises_nothing_high(folders: tuple[Path, Path], tmp_path: Path) -> None:
    answer = rewritten(folders, tmp_path, EXPERIMENTAL).analyze(head(tmp_path, [150, 150, 150, 150]))
    (finding,) = answer.findings

    assert (finding.urgency, finding.experimental) == (1, "One source only.")
    assert {stage.experimental for stage in answer.stages if stage.pathway == "head-ct"} == {"One source only."}
    assert {stage.experimental for stage in answer.stages if stage.pathway == "general"} == {""}


def test_the_drawing_knows_the_new_step_with_its_colour(folders: tuple[Path, Path]) -> None:
    drawn = {stage.name: stage for stage in pathways_drawn(*folders)}

    assert drawn["head-bleeding"].colours == {"haemorrhage": "#ff6b81"}
    assert (drawn["head-bleeding"].finds, drawn["tumour-boxes"].colours) == ("", {"tumour": "#ff9f43"})


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[labels.haemorrhage.none]", "[labels.modality.CT]", "declares modality CT, which is declared already"),
        ('rule = "max"', 'rule = "mean"', "the rule max looks at all slices"),
        ('"mirror"', '"upside-down"', "head-ct.toml"),
        ('operation = "assess"', 'operation = "classify"', "states rule, which a stage that does classify ignores"),
        ("when =", "experimental = true\nwhen =", "says `because`"),
        ('after = ["modality"]', 'after = ["modality"]\nwitness = "part"', "states witness"),
        ('slices = "all"\nrule = "max"', 'slices = "found"', "comes after no such stage"),
    ],
)
def test_a_new_pathway_that_cannot_work_is_refused(
    old: str, new: str, sentence: str, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    assert old in HEAD_CT

    with pytest.raises(PathwayError, match=sentence):
        rewritten(folders, tmp_path, HEAD_CT.replace(old, new, 1))
