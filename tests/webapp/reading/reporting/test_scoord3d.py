"""What a reader measured on a cut through a volume: told in the report by size and plane, and leaves as SCOORD3D."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from django.http import HttpRequest
from pydicom import FileDataset
from pydicom.sr.codedict import codes
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from tests.phantoms import dicom, geometry
from tests.webapp import factories
from tests.webapp.imaging.dicom_objects.conftest import Send, sent  # noqa: F401 - a fixture
from tests.webapp.reading.reporting.conftest import sign
from tests.webapp.reading.reporting.test_documents import objects_of
from webapp.foundation.accounts.models import User
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.archive.models import Series
from webapp.reading.reporting.accepted_findings import prefill_lines
from webapp.reading.reviews.selectors import read_of
from webapp.reading.reviews.services import ReviewInput, review_finding
from webapp.reading.worklist.services import task_claim

pytestmark = pytest.mark.sqlite

#: Corners of 15 x 8 mm on a coronal plane as a viewer names them: line by line.
CORNERS = [[-30.0, -12.5, 19.0], [-15.0, -12.5, 19.0], [-30.0, -12.5, 11.0], [-15.0, -12.5, 11.0]]
#: Ends of axes of 8 and 15 mm, the shorter first, as a viewer names them.
AXES = [[-20.0, -12.5, 11.0], [-20.0, -12.5, 19.0], [-27.5, -12.5, 15.0], [-12.5, -12.5, 15.0]]


@pytest.fixture
def volume(sent: Send) -> Series:  # noqa: F811
    """A volume that came in by the intake."""
    return sent(geometry.single_frames(geometry.Cut(shape=(5, 20, 24))))


@pytest.fixture
def signer(volume: Series) -> User:
    """Who has it in hand."""
    user = factories.clinician()
    User.objects.filter(pk=user.pk).update(first_name="Claire", last_name="Moreau")
    task_claim(task=volume.study.task, user=user)
    return User.objects.get(pk=user.pk)


def add_missed_finding(volume: Series, user: User, title: str, **drawn: Any) -> AnnotationVersion:
    """Annotation on a coronal cut what the AI missed."""
    mark = factories.cut_mark(volume, author=user, **drawn)
    review_finding(study=volume.study, user=user, review=ReviewInput("missed", mark=mark.mark_id, label_title=title))
    return mark


def parse_report(ds: FileDataset) -> hd.sr.MeasurementReport:
    """Read a structured report back."""
    report = hd.sr.Comprehensive3DSR.from_dataset(ds).content
    assert isinstance(report, hd.sr.MeasurementReport)
    return report


def groups_by_title(groups: Iterable[Any]) -> dict[str, Any]:
    """Return the groups of findings by what was found, the summary left out."""
    return {group.finding_type.meaning: group for group in groups if group.finding_type}


def test_a_report_begins_with_size_and_plane(volume: Series, signer: User) -> None:
    factories.cut_mark(volume, author=signer, figures={"length": 17.0})
    add_missed_finding(
        volume, signer, "Node", kind=Annotation.Kind.RECTANGLE, points=CORNERS, figures={"area": 120.0, "mean": 31.0}
    )
    lines = prefill_lines(study=volume.study, user=signer, read=read_of(study=volume.study, user=signer))
    assert [line.line for line in lines] == [
        "Node (coronal reformat): area 120.0 mm², mean 31.0.",
        "Length (coronal reformat): 17.0 mm.",
    ]


def test_lines_leave_as_measurements_with_their_places(volume: Series, signer: User, request_of: HttpRequest) -> None:
    length = add_missed_finding(volume, signer, "Node", figures={"length": 17.0})
    bent = [[-30.0, -12.5, 11.0], [-30.0, -12.5, 19.0], [-15.0, -12.5, 19.0]]
    angle = add_missed_finding(volume, signer, "Kink", kind=Annotation.Kind.ANGLE, points=bent, figures={"angle": 90.0})
    sign(volume.study, signer, request_of, impression="Node and kink.")
    ds = objects_of(volume.study)["SR"]
    assert ds.SOPClassUID == Comprehensive3DSRStorage
    groups = groups_by_title(parse_report(ds).get_image_measurement_groups())
    expected = (
        ("Node", codes.SCT.Length, 17.0, codes.UCUM.Millimeter, length),
        ("Kink", codes.SCT.Angle, 90.0, codes.UCUM.Degree, angle),
    )
    for title, what, value, unit, mark in expected:
        (measured,) = groups[title].get_measurements(what)
        assert (measured.value, measured.unit) == (value, unit)
        (places,) = measured.referenced_coordinates
        assert isinstance(places, hd.sr.Scoord3DContentItem)
        assert places.graphic_type == hd.sr.GraphicTypeValues3D.POLYLINE
        assert places.frame_of_reference_uid == mark.mark.frame_of_reference
        np.testing.assert_allclose(places.value, mark.points, atol=1e-4)


def test_regions_leave_where_they_lie_in_the_patient(volume: Series, signer: User, request_of: HttpRequest) -> None:
    add_missed_finding(volume, signer, "Node", kind=Annotation.Kind.RECTANGLE, points=CORNERS, figures={"area": 120.0})
    add_missed_finding(volume, signer, "Cyst", kind=Annotation.Kind.ELLIPSE, points=AXES, figures={"area": 94.2})
    add_missed_finding(volume, signer, "Dot", kind=Annotation.Kind.PROBE, points=[AXES[0]], figures={"value": 12.0})
    sign(volume.study, signer, request_of, impression="Node, cyst and dot.")
    groups = groups_by_title(parse_report(objects_of(volume.study)["SR"]).get_planar_roi_measurement_groups())
    drawn = {title: (group.roi.graphic_type.value, group.roi.value) for title, group in groups.items()}
    round_it = np.array(CORNERS)[[0, 1, 3, 2, 0]]
    expected: dict[str, tuple[str, Any]] = {
        "Node": ("POLYGON", round_it),
        "Cyst": ("ELLIPSE", AXES[2:] + AXES[:2]),
        "Dot": ("POINT", [AXES[0]]),
    }
    assert drawn.keys() == expected.keys()
    for title, (graphic, places) in expected.items():
        assert drawn[title][0] == graphic
        np.testing.assert_allclose(drawn[title][1], places, atol=1e-4)
    (area,) = groups["Node"].get_measurements(codes.SCT.Area)
    assert (area.value, area.unit) == (120.0, codes.UCUM.SquareMillimeter)


def test_tools_of_others_find_no_error(volume: Series, signer: User, request_of: HttpRequest, tmp_path: Path) -> None:
    add_missed_finding(volume, signer, "Node", figures={"length": 17.0})
    add_missed_finding(volume, signer, "Cyst", kind=Annotation.Kind.ELLIPSE, points=AXES, figures={"area": 94.2})
    sign(volume.study, signer, request_of, impression="Node and cyst.")
    path = dicom.saved(objects_of(volume.study)["SR"], tmp_path / "SR")
    said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False).stderr
    assert [line for line in said.splitlines() if line.startswith("Error")] == []


def test_a_report_without_places_in_the_patient_stays_one_that_every_reader_shows(
    volume: Series, signer: User, request_of: HttpRequest
) -> None:
    factories.cut_mark(volume, author=signer, figures={"length": 17.0})  # measured, and said of nothing
    sign(volume.study, signer, request_of, impression="Normal.")
    assert objects_of(volume.study)["SR"].SOPClassUID == ComprehensiveSRStorage
