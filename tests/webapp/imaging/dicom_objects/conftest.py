"""Series that came in by the intake, runs that answered them, and the objects that were made of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import FileDataset

from ml.cascade.drawing import mask_png
from tests.phantoms import dicom
from tests.webapp import factories
from webapp.foundation.outbox.services import work_due
from webapp.imaging.archive.ingest import ingest_file
from webapp.imaging.archive.models import Instance, Series
from webapp.imaging.dicom_objects.models import ResultSet
from webapp.imaging.dicom_objects.services import RESULTS, request_results
from webapp.imaging.inference.models import Finding, FindingRegion, Run
from workers import storage

Masks = NDArray[np.bool_]
Send = Callable[[list[FileDataset]], Series]


@pytest.fixture
def sent(db: None, data_folder: Path, tmp_path: Path) -> Send:  # noqa: ARG001
    """Send objects of one series; each must be taken."""

    def send(objects: list[FileDataset]) -> Series:
        for number, ds in enumerate(objects):
            path = dicom.saved(ds, tmp_path / f"sent-{number}.dcm")
            (filed,) = ingest_file(path=path, name="sent", user=factories.clinician())
            assert filed.status == "stored", filed.reason
        return Series.objects.get(series_instance_uid=objects[0].SeriesInstanceUID)

    return send


def run_answered(series: Series, **fields: Any) -> Run:
    """Make a finished run that is owed its objects."""
    given: dict[str, Any] = {"outcome": Run.Outcome.NEGATIVE, "modality": "MR", "region": "brain", **fields}
    run = factories.run_of(series, **given)
    factories.stage(
        run, "tumour-boxes", "Tumour detector", model="tumour-detector", version="2", threshold=0.31, probability=0.87
    )
    factories.stage(run, "tumour-outline", "Tumour outline", model="tumour-segmenter", version="2", threshold=0.5)
    request_results(run=run)
    return run


def finding_outlined(run: Run, masks: Masks, *, outlined: bool = True, **fields: Any) -> Finding:
    """Add a finding marked on each slice where its mask (slices, rows, columns) is not empty."""
    slices = [(one, frame) for one in run.series.instances.all() for frame in range(one.number_of_frames)]
    marked = [number for number, mask in enumerate(masks) if mask.any()]
    middle = marked[len(marked) // 2]
    given: dict[str, Any] = {
        "frame": slices[middle][1],
        "box": box_of(masks[middle]),
        "code": "108369006",
        "code_scheme": "SCT",
        "code_meaning": "Neoplasm",
        "colour": "#ff9f43",
        "outlined_by": "tumour-outline" if outlined else "",
        **fields,
    }
    row = factories.finding(run, instance=slices[middle][0], index=middle, **given)
    Run.objects.filter(pk=run.pk).update(outcome=Run.Outcome.FINDINGS)
    for number in marked:
        name = f"finding-{row.order}-slice-{number + 1}-mask.png" if outlined else ""
        if outlined:
            mask_png(masks[number], factories.answer_folder(run) / name)
        instance, frame = slices[number]
        FindingRegion.objects.create(
            finding=row, slice=number, instance=instance, frame=frame, box=box_of(masks[number]), mask=name
        )
    return row


def box_of(mask: Masks) -> list[float]:
    """Return the box round a mask, [x0, y0, x1, y1]."""
    rows, columns = np.nonzero(mask)
    return [float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)]


def made(run: Run) -> dict[str, list[pydicom.FileDataset]]:
    """Let housekeeping make the objects of the run and read them, by kind, from where they are stored."""
    assert work_due(RESULTS) == 1
    results = ResultSet.objects.get(run=run)
    assert results.state == ResultSet.State.DONE, results.reason
    return {row.kind: [read(instance) for instance in row.series.instances.all()] for row in results.series.all()}


def read(instance: Instance) -> pydicom.FileDataset:
    """Read a stored object."""
    return pydicom.dcmread(storage.object_path(instance.sha256))


def segmentation_of(ds: pydicom.FileDataset) -> hd.seg.Segmentation:
    """Have highdicom read a segmentation."""
    return hd.seg.Segmentation.from_dataset(ds)
