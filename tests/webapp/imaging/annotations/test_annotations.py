"""Marks: sent twice they are one, changed by their author alone, every version kept, nothing overwritten unseen."""

import uuid
from typing import Any

import pytest
from django.test import Client

from tests.webapp import factories
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.archive.models import Instance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]

JSON = "application/json"


@pytest.fixture
def image() -> Instance:
    """A picture of the main clinic that can be drawn on."""
    return factories.picture_series().instances.get()


def body(image: Instance, **changed: Any) -> dict[str, Any]:
    """Return what the viewer sends of a new length."""
    return {
        "series": str(image.series_id),
        "sop": image.sop_instance_uid,
        "frame": 1,
        "kind": "length",
        "points": [[10.5, 20.0], [30.0, 40.25]],
        "text": "",
        "figures": {"length": 28.1},
        "unit": "px",
        **changed,
    }


def put(client: Client, sent: dict[str, Any], mark: uuid.UUID) -> Any:
    """Send a mark."""
    return client.put(f"/api/marks/{mark}/", sent, content_type=JSON)


def test_a_mark_sent_twice_is_one_and_reads_as_it_was_sent(clinician: Client, image: Instance) -> None:
    mark = uuid.uuid4()
    first, second = (put(clinician, body(image), mark) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    (listed,) = clinician.get(f"/api/studies/{image.series.study_id}/marks/").json()
    assert {name: listed[name] for name in body(image)} == body(image)
    assert (listed["id"], listed["version"], listed["author"]) == (str(mark), 1, "clinician")
    assert AnnotationVersion.objects.count() == 1
    events = AuditEvent.objects.filter(code=Code.MARK_SAVED, study=image.series.study_id)
    assert [event.details for event in events] == [f"length {mark}, version 1"]


def test_every_version_is_kept_also_of_a_mark_taken_away_and_brought_back(clinician: Client, image: Instance) -> None:
    mark = uuid.uuid4()
    put(clinician, body(image), mark)
    put(clinician, body(image, text="lesion", version=1), mark)
    for _ in range(2):  # Taken away twice is taken away once.
        assert clinician.delete(f"/api/marks/{mark}/?version=2").status_code == 204
    assert clinician.get(f"/api/studies/{image.series.study_id}/marks/").json() == []
    assert put(clinician, body(image, text="after all", version=3), mark).status_code == 200
    told = clinician.get(f"/api/marks/{mark}/").json()
    assert [(one["version"], one["text"], one["hidden"]) for one in told["history"]] == [
        (1, "", False),
        (2, "lesion", False),
        (3, "lesion", True),
        (4, "after all", False),
    ]
    assert AuditEvent.objects.filter(code=Code.MARK_HIDDEN).count() == 1


def test_a_change_of_what_was_not_seen_is_refused_with_the_mark_as_it_is(clinician: Client, image: Instance) -> None:
    mark = uuid.uuid4()
    put(clinician, body(image), mark)
    put(clinician, body(image, text="on one screen", version=1), mark)
    answer = put(clinician, body(image, text="on the other", version=1), mark)
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("This annotation was changed in another window meanwhile.")
    assert (answer.json()["mark"]["text"], answer.json()["mark"]["version"]) == ("on one screen", 2)
    assert clinician.delete(f"/api/marks/{mark}/?version=1").status_code == 409
    # The answer to what was written got lost: sent again, it is no conflict.
    assert put(clinician, body(image, text="on one screen", version=1), mark).json()["version"] == 2


def test_nobody_changes_a_mark_of_somebody_else(clinician: Client, admin: Client, image: Instance) -> None:
    mark = uuid.uuid4()
    put(clinician, body(image), mark)
    for answer in (
        put(admin, body(image, text="mine now", version=1), mark),
        admin.delete(f"/api/marks/{mark}/?version=1"),
    ):
        assert answer.status_code == 403
        assert answer.json()["detail"].startswith("This annotation belongs to another user")
    assert AuditEvent.objects.filter(code=Code.ACCESS_REFUSED, actor="admin").count() == 2
    assert AnnotationVersion.objects.get().text == ""


def test_a_stranger_learns_nothing_of_marks_and_images(clinician: Client, stranger: Client, image: Instance) -> None:
    mark = uuid.uuid4()
    put(clinician, body(image), mark)
    unknown = put(stranger, body(image, sop="1.2.3"), uuid.uuid4())
    hidden = [
        put(stranger, body(image), uuid.uuid4()),
        put(stranger, body(image), mark),
        stranger.get(f"/api/marks/{mark}/"),
        stranger.delete(f"/api/marks/{mark}/?version=1"),
        stranger.delete(f"/api/marks/{uuid.uuid4()}/?version=1"),
    ]
    assert {(answer.status_code, answer.content) for answer in hidden} == {(404, unknown.content)}
    assert Annotation.objects.count() == 1
    assert AuditEvent.objects.filter(code=Code.ACCESS_REFUSED, actor="stranger").count() == 4


def test_without_a_session_or_in_somebody_elses_nothing_is_saved(admin: Client, image: Instance) -> None:
    author = str(factories.clinician().pk)
    answers = [put(browser, body(image, authorId=author), uuid.uuid4()) for browser in (Client(), admin)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (401, "not_authenticated"),
        (403, "somebody_else"),
    ]
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"points": [[1, 2]]}, "Length takes 2 points."),
        ({"points": [[1, 2], [3, 4, 5]]}, "points: Ensure this field has no more than 2 elements."),
        ({"points": [[1, 2], [3, "x"]]}, "points: A valid number is required."),
        ({"points": [[1, 2], [3, 1e9]]}, "points: Ensure this value is less than or equal to 65535."),
        ({"kind": "arrow"}, 'kind: "arrow" is not a valid choice.'),
        ({"figures": {"a b": 1}}, "figures: At most 16 figures, named by one short word each."),
        ({"text": "x" * 501}, "text: Ensure this field has no more than 500 characters."),
        ({"unit": "inch"}, 'unit: "inch" is not a valid choice.'),
        ({"frame": 2}, "The image has no such frame."),
    ],
)
def test_what_is_no_mark_is_refused_in_words(
    changed: dict[str, Any], sentence: str, clinician: Client, image: Instance
) -> None:
    answer = put(clinician, body(image, **changed), uuid.uuid4())
    assert (answer.status_code, answer.json()["detail"]) == (400, sentence)
    assert not Annotation.objects.exists()


def test_bodies_that_are_too_large_or_nested_without_measure_are_refused(clinician: Client, image: Instance) -> None:
    address = f"/api/marks/{uuid.uuid4()}/"
    large = clinician.put(address, body(image, text="x" * 20_000), content_type=JSON)
    nested = clinician.put(address, "[" * 9_000, content_type=JSON)
    assert (large.status_code, nested.status_code) == (413, 400)
    assert nested.json()["detail"]


def test_a_mark_stays_on_its_image(clinician: Client, image: Instance) -> None:
    mark = uuid.uuid4()
    put(clinician, body(image), mark)
    other = factories.picture_instance(series=image.series)
    answer = put(clinician, body(other, version=1), mark)
    assert (answer.status_code, answer.json()["detail"][:30]) == (400, "An annotation keeps its image,")
