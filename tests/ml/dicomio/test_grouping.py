"""Paths become series in slice order; what cannot be analysed stands beside them with its reason."""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from ml.dicomio import subprocess_reader
from ml.dicomio.errors import Refused
from ml.dicomio.grouping import series_grouped
from ml.dicomio.series import facts_read, slices_read, slices_stream
from tests.phantoms import dicom, pictures
from tests.phantoms.hostile import KINDS


def laid(folder: Path, count: int, **elements: Any) -> list[Path]:
    """Save a series under shuffled names; return its paths in slice order."""
    folder.mkdir(exist_ok=True)
    names = [f"{number:03}.dcm" for number in range(count)]
    random.Random(5).shuffle(names)
    drawn = dicom.series(count, **elements)
    return [dicom.saved(ds, folder / name) for ds, name in zip(drawn, names, strict=True)]


def test_slices_are_sorted_by_position_whatever_their_names(tmp_path: Path) -> None:
    in_order = laid(tmp_path / "a", 9)
    (series,) = series_grouped([tmp_path])
    assert series.paths == tuple(in_order)
    assert (series.status, series.reason) == ("readable", None)


def test_without_positions_the_instance_number_decides_and_then_the_uid(tmp_path: Path) -> None:
    in_order = laid(tmp_path / "a", 12, ImagePositionPatient=None)
    assert series_grouped([tmp_path])[0].paths == tuple(in_order)
    study = laid(tmp_path / "b", 5, ImagePositionPatient=None, InstanceNumber=None)
    uids = [path for _, path in sorted((dicom_uid(path), path) for path in study)]
    assert series_grouped([tmp_path / "b"])[0].paths == tuple(uids)


def dicom_uid(path: Path) -> str:
    """Return a file's SOPInstanceUID."""
    data = path.read_bytes()
    start = data.index(b"\x08\x00\x18\x00UI") + 8
    return data[start : start + int.from_bytes(data[start - 2 : start], "little")].rstrip(b"\x00").decode()


def test_series_and_pictures_in_the_order_met(tmp_path: Path) -> None:
    first, picture, second = laid(tmp_path / "a", 3), pictures.png(tmp_path / "m.png"), laid(tmp_path / "z", 2)
    grouped = series_grouped([tmp_path / "z", picture, tmp_path])
    assert [set(series.paths) for series in grouped] == [set(second), {picture}, set(first)]


def test_a_file_reached_twice_counts_once(tmp_path: Path) -> None:
    path = pictures.jpeg(tmp_path / "a.jpg")
    (tmp_path / "link.jpg").symlink_to(path)
    (tmp_path / "round").symlink_to(tmp_path)
    assert len(series_grouped([path, tmp_path, path])) == 1


def test_copies_count_once_and_other_versions_are_a_series_of_their_own(tmp_path: Path) -> None:
    ds = dicom.image()
    first, copy = dicom.saved(ds, tmp_path / "1"), dicom.saved(ds, tmp_path / "2")
    ds.StudyDescription = "sent again after a correction"
    version = dicom.saved(ds, tmp_path / "3")
    told = {series.paths[0]: series.status for series in series_grouped([tmp_path])}
    assert told == {first: "readable", copy: "not_analysed", version: "readable"}


def test_objects_without_an_image_and_bad_paths_get_their_reason(tmp_path: Path) -> None:
    report = dicom.saved(dicom.report(), tmp_path / "report.dcm")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    told = {
        series.paths[0]: (series.status, series.reason)
        for series in series_grouped([report, tmp_path / "nowhere", tmp_path / "pipe", tmp_path / "a.zip"])
    }
    unpack = "This is a zip archive; unpack it and give the folder, or upload it in the browser."
    assert told == {
        report: ("not_analysed", "The DICOM object holds no image."),
        tmp_path / "nowhere": ("refused", "There is no such file or folder."),
        tmp_path / "pipe": ("refused", "This is not an ordinary file."),
        tmp_path / "a.zip": ("refused", unpack),
    }


def test_a_folder_full_of_bad_files_hides_nothing_and_hurts_no_good_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess_reader, "SECONDS_PER_ANSWER", 2.0)
    bad = {kind.make(tmp_path / kind.name): kind for kind in KINDS if kind.name != "elements_without_number"}  # slow
    good = laid(tmp_path / "good", 4)
    grouped = series_grouped([tmp_path])
    assert tuple(good) in {series.paths for series in grouped}
    answered = {series.paths[0]: series for series in grouped}
    assert bad.keys() <= answered.keys()
    for path in bad.keys() - {path for path, kind in bad.items() if kind.stored}:
        series = answered[path]
        if series.status == "readable":  # Only its pixels are bad, which grouping does not look at.
            aside: dict[Path, str] = {}
            assert slices_read(series.paths, aside=aside) == []
            assert aside.keys() == {path}


def test_slices_come_in_order_with_their_frames(tmp_path: Path) -> None:
    in_order = laid(tmp_path / "a", 4)
    slices = slices_read(in_order)
    assert [picture.path for picture in slices] == in_order
    sizes = [int((picture.grey > 150).sum()) for picture in slices]
    assert sizes == sorted(sizes)  # the drawn disc grows from slice to slice
    assert {picture.colour_share for picture in slices} == {0.0}
    assert facts_read(in_order[0]).words == {"modality": "CT", "plane": "axial"}


def test_frames_are_slices_too_and_colour_is_measured(tmp_path: Path) -> None:
    path = dicom.saved(dicom.image(pictures.tinted(pictures.disc())[None].repeat(3, axis=0)), tmp_path / "cine")
    assert [(picture.frame, picture.colour_share > 0.05) for picture in slices_stream([path])] == [
        (0, True),
        (1, True),
        (2, True),
    ]


def test_a_bad_file_ends_the_reading_or_is_set_aside(tmp_path: Path) -> None:
    good, bad = pictures.png(tmp_path / "good.png"), tmp_path / "bad.png"
    bad.write_bytes(good.read_bytes()[:-40])
    with pytest.raises(Refused, match="damaged or cut short"):
        slices_read([bad, good])
    aside: dict[Path, str] = {}
    assert [picture.path for picture in slices_read([bad, good], aside=aside)] == [good]
    assert aside == {bad: "The picture is damaged or cut short."}
    assert facts_read(good).words == {}
