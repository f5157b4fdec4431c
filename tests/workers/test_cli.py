"""`manage.py analyze`: the same cascade without the web, as somebody types it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from tests.phantoms.dicom import saved, series

ROOT = Path(__file__).resolve().parents[2]
STATED = {"path", "paths", "status", "reason", "modality", "region", "plane", "findings", "stages"}


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Type a command and wait for it."""
    command = [sys.executable, "manage.py", "analyze", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The JSON of one command over a CT, an MR, noise and a text file, by file name."""
    folder = tmp_path_factory.mktemp("analyze")
    noise = np.random.default_rng(3).integers(0, 256, (200, 200), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    (folder / "letter.txt").write_text("Dear colleague")
    files = [Path(str(get_testdata_file(name))) for name in ("CT_small.dcm", "MR_small.dcm")]
    done = analyze(*files, folder / "noise.png", folder / "letter.txt", "--json", folder / "answers.json")
    assert done.returncode == 0, done.stderr
    assert "Research use, not for diagnosis" in done.stdout
    told: list[dict[str, Any]] = json.loads((folder / "answers.json").read_text())
    return {Path(answer["path"]).name: answer for answer in told}


def test_every_path_is_answered_in_the_stated_form(answers: dict[str, dict[str, Any]]) -> None:
    assert set(answers) == {"CT_small.dcm", "MR_small.dcm", "noise.png", "letter.txt"}
    for answer in answers.values():
        assert set(answer) >= STATED
        assert answer["paths"][0] == answer["path"]
        for stage in answer["stages"]:
            assert set(stage) >= {"name", "status", "model", "version", "label", "probability", "ms", "reason"}
            assert stage["status"] != "not_run" or stage["reason"]


@pytest.mark.parametrize(("name", "modality"), [("CT_small.dcm", "CT"), ("MR_small.dcm", "MR")])
def test_a_header_that_states_the_modality_is_followed(
    name: str, modality: str, answers: dict[str, dict[str, Any]]
) -> None:
    assert answers[name]["modality"] == modality
    assert answers[name]["plane"] == "axial"


def test_noise_is_not_analysed_and_says_why(answers: dict[str, dict[str, Any]]) -> None:
    noise = answers["noise.png"]

    assert (noise["status"], noise["modality"], noise["findings"]) == ("not_analysed", None, [])
    assert "does not look like a medical image" in noise["reason"]
    assert [stage["status"] for stage in noise["stages"][1:]] == ["not_run"] * (len(noise["stages"]) - 1)


def test_a_file_that_cannot_be_read_is_refused_and_the_rest_answered(answers: dict[str, dict[str, Any]]) -> None:
    assert answers["letter.txt"]["status"] == "refused"
    assert answers["letter.txt"]["reason"].startswith("This is neither a DICOM file nor")


@pytest.mark.parametrize("words", [[], ["--json"], ["x.png", "--jsn", "y"], ["x.png", "--json", "/no/such/folder/y"]])
def test_wrong_usage_ends_with_two(words: list[str]) -> None:
    assert analyze(*words).returncode == 2


def test_a_series_is_answered_together_in_slice_order(tmp_path: Path) -> None:
    # Named against their order, so that only their positions can tell it.
    files = [saved(ds, tmp_path / f"{20 - number:02}.dcm") for number, ds in enumerate(series(20))]
    done = analyze(tmp_path, "--json", tmp_path.parent / f"{tmp_path.name}.json")

    assert done.returncode == 0, done.stderr
    (told,) = json.loads((tmp_path.parent / f"{tmp_path.name}.json").read_text())
    assert told["paths"] == [str(path) for path in files]
    assert (told["modality"], told["plane"]) == ("CT", "axial")
