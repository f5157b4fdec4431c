"""A segmentation's voxels lie in the body where the outlined pixels lie, however the body was cut."""

import numpy as np
import pytest

from tests.phantoms import geometry
from tests.webapp.imaging.dicom_objects.conftest import Send, finding_outlined, made, run_answered, segmentation_of

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize("name", geometry.CUTS)
@pytest.mark.parametrize("form", ["single frames", "enhanced"])
def test_voxels_lie_where_the_outline_lies(name: str, form: str, sent: Send) -> None:
    cut = geometry.CUTS[name]
    series = sent(geometry.single_frames(cut) if form == "single frames" else geometry.enhanced(cut))
    run = run_answered(series)
    masks = cut.ball(radius=9)
    if form == "single frames":  # slices lie along the normal, whatever their number
        assert [one.instance_number for one in series.instances.all()] == list(range(1, len(masks) + 1))
    finding_outlined(run, masks)
    (ds,) = made(run)["SEG"]
    volume = segmentation_of(ds).get_volume(combine_segments=True)
    found = volume.map_indices_to_reference(np.argwhere(volume.array == 1))
    expected = cut.points()[masks]
    assert len(found) == len(expected) > 100
    assert np.allclose(_ordered(found), _ordered(expected), atol=1e-3)


def _ordered(points: np.ndarray) -> np.ndarray:
    rounded = np.round(points, 3)
    return rounded[np.lexsort(rounded.T)]
