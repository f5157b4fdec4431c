"""A finding with an outline, for the tests of reviews."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.webapp import factories
from webapp.imaging.inference.models import Finding
from webapp.reading.worklist.services import task_claim

SIDE = 20


def square(left: int, top: int, side: int = 8) -> NDArray[np.bool_]:
    """Return a square in an image of SIDE x SIDE, (rows, columns)."""
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + side, left : left + side] = True
    return mask


@pytest.fixture
def finding() -> Finding:
    """What the AI outlined on the first of two slices of a study that the clinician has in hand."""
    series = factories.series_of(factories.study(patient=factories.patient()), modality="CT")
    images = [
        factories.slice_instance(series=series, pixels=np.zeros((SIDE, SIDE), np.uint8), position=float(at))
        for at in range(2)
    ]
    run = factories.run_of(series, outcome="findings")
    factories.stage(run, "tumour-boxes", "Tumours", model="tumour-detector")
    task_claim(task=series.study.task, user=factories.clinician())
    return factories.finding(run, instance=images[0], box=[2, 2, 10, 10], mask=square(2, 2))
