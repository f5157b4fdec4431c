"""Marks on cuts through a volume: in the patient, in mm, and else as all marks are."""

import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from tests.phantoms import geometry
from tests.webapp import factories
from tests.webapp.imaging.annotations.test_annotations import put
from tests.webapp.imaging.dicom_objects.conftest import Send, sent  # noqa: F401 - a fixture
from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.mpr import frame_of_reference_of, is_flat, plane_words
from webapp.imaging.archive.models import Series
from webapp.reading.reviews.selectors import accepted, read_of
from webapp.reading.reviews.services import NextStep, ReviewInput, read_finish, review_finding
from webapp.reading.worklist.services import task_claim, task_require_two_readers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


@pytest.fixture
def volume(sent: Send) -> Series:  # noqa: F811
    """A volume of the main clinic that came in by the intake."""
    return sent(geometry.single_frames(geometry.Cut(shape=(5, 20, 24))))


def body(series: Series, **changed: Any) -> dict[str, Any]:
    """Return what the viewer sends of a new length on a coronal cut."""
    return {
        "series": str(series.pk),
        "frameOfReference": frame_of_reference_of(series),
        "normal": [0.0, -1.0, 0.0],
        "kind": "length",
        "points": [[-30.0, -12.5, 11.0], [-15.0, -12.5, 19.0]],
        "text": "",
        "figures": {"length": 17.0},
        "unit": "mm",
        **changed,
    }


def test_it_reads_as_it_was_sent_and_every_version_is_kept(clinician: Client, volume: Series) -> None:
    mark = uuid.uuid4()
    assert [put(clinician, body(volume), mark).status_code for _ in range(2)] == [201, 200]
    (listed,) = clinician.get(f"/api/studies/{volume.study_id}/annotations/").json()
    assert {name: listed[name] for name in body(volume)} == body(volume)
    assert not {"sop", "frame"} & set(listed)
    assert put(clinician, body(volume, text="node", version=1), mark).status_code == 200
    assert put(clinician, body(volume, text="late", version=1), mark).status_code == 409
    assert clinician.delete(f"/api/annotations/{mark}/?version=2").status_code == 204
    told = clinician.get(f"/api/annotations/{mark}/").json()
    assert [(one["text"], one["hidden"]) for one in told["history"]] == [("", False), ("node", False), ("node", True)]
    events = AuditEvent.objects.filter(study=volume.study_id, code__in=[Code.MARK_SAVED, Code.MARK_HIDDEN])
    assert [event.details for event in events.order_by("pk")] == [f"length {mark}, version {n}" for n in (1, 2, 3)]
    viewer = clinician.get(f"/api/studies/{volume.study_id}/viewer/").json()
    assert viewer["marks"] == []


def test_it_stays_on_its_cut_and_with_its_author(clinician: Client, admin: Client, volume: Series) -> None:
    mark = uuid.uuid4()
    put(clinician, body(volume), mark)
    elsewhere = body(volume, normal=[1.0, 0.0, 0.0], points=[[-30.0, -12.5, 11.0], [-30.0, -2.5, 19.0]], version=1)
    answer = put(clinician, elsewhere, mark)
    assert (answer.status_code, answer.json()["code"]) == (400, "annotation-moved")
    assert put(admin, body(volume, text="mine now", version=1), mark).status_code == 403


def test_a_stranger_learns_nothing_of_it(clinician: Client, stranger: Client, volume: Series) -> None:
    mark = uuid.uuid4()
    put(clinician, body(volume), mark)
    answers = [
        put(stranger, body(volume), uuid.uuid4()),
        put(stranger, body(volume), mark),
        stranger.get(f"/api/annotations/{mark}/"),
        stranger.delete(f"/api/annotations/{mark}/?version=1"),
        put(stranger, {**body(volume), "series": str(uuid.uuid4())}, uuid.uuid4()),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert Annotation.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"frameOfReference": "1.2.3"}, "The images of this series do not lie in this frame of reference."),
        ({"normal": [0.0, -0.9, 0.0]}, "The normal of a cut has the length 1."),
        ({"points": [[0, 0, 0], [0, 5, 0]]}, "The points do not lie in the plane of the cut."),
        ({"points": [[0, 0], [5, 0, 0]]}, "points: Ensure this field has at least 3 elements."),
        ({"points": [[0, 0, 0], [2e4, 0, 0]]}, "points: Ensure this value is less than or equal to 10000."),
        ({"unit": "px"}, "Measurements on a reformatted plane are in millimetres."),
        ({"kind": "box", "points": [[0, 0, 0], [5, 0, 5]]}, 'kind: "box" is not a valid choice.'),
        ({"kind": "angle"}, "Angle takes 3 points."),
    ],
)
def test_what_is_no_mark_on_a_cut_is_refused_in_words(
    changed: dict[str, Any], sentence: str, clinician: Client, volume: Series
) -> None:
    answer = put(clinician, body(volume, **changed), uuid.uuid4())
    assert (answer.status_code, answer.json()["detail"]) == (400, sentence)
    assert not Annotation.objects.exists()


def test_a_picture_has_no_place_in_the_patient(clinician: Client) -> None:
    picture = factories.picture_series()
    answer = put(clinician, body(picture, frameOfReference="1.2.3"), uuid.uuid4())
    assert (answer.status_code, "frame of reference" in answer.json()["detail"]) == (400, True)


def test_a_mark_lies_on_an_image_or_on_a_cut_and_the_database_knows(volume: Series) -> None:
    common = {"series": volume, "kind": "length", "author": factories.clinician(), "version": 1}
    both = {"instance": volume.instances.first(), "frame": 1, "frame_of_reference": "1.2", "normal": [0, 0, 1]}
    for wrong in ({}, both, {"frame_of_reference": "1.2"}):
        with pytest.raises((IntegrityError, ValidationError)), transaction.atomic():
            Annotation.objects.create(pk=uuid.uuid4(), **common, **wrong)


def test_planes_are_called_as_radiologists_call_them() -> None:
    assert plane_words([0, -1, 0]) == "coronal reformat"
    assert plane_words([0.999, 0.03, 0]) == "sagittal reformat"
    assert plane_words([0, 0.3, -0.954]) == "oblique axial reformat"
    assert is_flat([[0, 0, 5.0], [9, 9, 5.05]], [0, 0, 1])
    assert not is_flat([[0, 0, 5.0], [9, 9, 5.2]], [0, 0, 1])


def drawn(series: Series, reader: User) -> Annotation:
    """Draw a rectangle on a coronal cut."""
    corners = [[x, -12.5, z] for z in (19.0, 11.0) for x in (-30.0, -15.0)]
    return factories.cut_mark(series, author=reader, kind=Annotation.Kind.RECTANGLE, points=corners).mark


def test_a_second_reader_is_blind_to_it_and_the_two_are_not_compared_by_place(volume: Series) -> None:
    first, second = factories.clinician(), factories.senior()
    study = volume.study
    task_claim(task=study.task, user=first)
    task_require_two_readers(task=study.task, user=first)
    review_finding(
        study=study, user=first, review=ReviewInput("missed", mark=drawn(volume, first).pk, label_title="Node")
    )
    assert read_finish(study=study, user=first) == NextStep.SECOND
    study = type(study).objects.get(pk=study.pk)
    task_claim(task=study.task, user=second)
    client = Client()
    client.force_login(second)
    assert client.get(f"/api/studies/{study.pk}/annotations/").json() == []
    review_finding(
        study=study, user=second, review=ReviewInput("missed", mark=drawn(volume, second).pk, label_title="Node")
    )
    assert read_finish(study=study, user=second) == NextStep.ADJUDICATOR
    read = read_of(study=study, user=second)
    assert read is not None
    (one,) = accepted(read)
    assert (one.is_on_cut, one.box) == (True, None)
    assert AnnotationVersion.objects.count() == 2
