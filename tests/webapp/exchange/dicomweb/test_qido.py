"""Searching: what matches, what is told, how far one answer goes, and what it costs."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydicom.uid import CTImageStorage, MRImageStorage, SecondaryCaptureImageStorage, generate_uid

from tests.phantoms import dicom, pictures
from tests.webapp.exchange.dicomweb.answers import ROOT, series_address, uids, value
from tests.webapp.exchange.dicomweb.conftest import Sender
from tests.webapp.exchange.dicomweb.plans import plan_of, walks
from webapp.foundation.audit import services
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Patient, Study
from webapp.imaging.archive.table_statistics import refresh_statistics

pytestmark = pytest.mark.both_databases

NAME, NUMBER, DATE, STUDY, INSTANCE = "00100010", "00100020", "00080020", "0020000D", "00080018"


def found(sender: Sender, where: str, **query: Any) -> list[dict[str, Any]]:
    """Search and return the data sets."""
    answer = sender.browser.get(f"{ROOT}/{where}", query)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/dicom+json"), answer.content
    told: list[dict[str, Any]] = answer.json()
    return told


def person(name: str, number: str, **elements: Any) -> Any:
    """Return an image of a person."""
    return dicom.image(PatientName=name, PatientID=number, PatientBirthDate="19610409", **elements)


@pytest.fixture
def people(sender: Sender) -> Sender:
    """Three studies of three people."""
    sender.send(
        person(
            "Phantom^Petra", "PH-1", StudyDate="20240101", StudyTime="101500", StudyDescription="Brain", StudyID="7"
        ),
        person("Phantom^Paul^Otto", "PH-2", StudyDate="20240301", StudyTime="0930", AccessionNumber="A_1"),
        person("Müller^Änne=山田^太郎", "XX-3", StudyDate="20240302", SpecificCharacterSet="ISO_IR 192"),
    )
    return sender


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, {"PH-1", "PH-2", "XX-3"}),
        ({"PatientID": "PH-1"}, {"PH-1"}),
        ({"00100020": "PH-1"}, {"PH-1"}),
        ({"PatientID": "PH-?"}, {"PH-1", "PH-2"}),
        ({"PatientID": "*-3"}, {"XX-3"}),
        ({"PatientID": "ph-1"}, set()),
        ({"PatientID": ""}, {"PH-1", "PH-2", "XX-3"}),
        ({"PatientName": "phantom^*"}, {"PH-1", "PH-2"}),
        ({"PatientName": "Phantom"}, set()),
        ({"PatientName": "paul pha", "fuzzymatching": "true"}, {"PH-2"}),
        ({"PatientName": "Otto", "fuzzymatching": "true"}, {"PH-2"}),
        ({"PatientName": "tto", "fuzzymatching": "true"}, set()),
        ({"PatientName": "山田", "fuzzymatching": "true"}, {"XX-3"}),
        ({"StudyDate": "20240301"}, {"PH-2"}),
        ({"StudyDate": "20240102-20240301"}, {"PH-2"}),
        ({"StudyDate": "-20240301"}, {"PH-1", "PH-2"}),
        ({"StudyDate": "20240301-"}, {"PH-2", "XX-3"}),
        ({"StudyDate": "20240301-20240301"}, {"PH-2"}),
        ({"PatientName": "phantom^pe*"}, {"PH-1"}),
        ({"PatientName": "M?LLER*"}, {"XX-3"}),
        ({"PatientName": "PHANTOM^PAUL^OTTO"}, {"PH-2"}),
        ({"StudyTime": "09-10"}, {"PH-1", "PH-2"}),
        ({"StudyTime": "1000-1015"}, {"PH-1"}),
        ({"StudyTime": "-0959"}, {"PH-2"}),
        ({"AccessionNumber": "A_?"}, {"PH-2"}),
        ({"AccessionNumber": "A_*", "PatientID": "PH-1"}, set()),
        ({"ModalitiesInStudy": "CT"}, {"PH-1", "PH-2", "XX-3"}),
        ({"ModalitiesInStudy": "MR,US"}, set()),
        ({"StudyID": "7"}, {"PH-1"}),
        ({"PatientBirthDate": "19610409"}, {"PH-1", "PH-2", "XX-3"}),
    ],
)
def test_studies_match(people: Sender, query: dict[str, str], numbers: set[str]) -> None:
    assert {value(told, NUMBER) for told in found(people, "studies", **query)} == numbers


def test_studies_are_found_by_a_list_of_uids(people: Sender) -> None:
    every = [value(told, STUDY) for told in found(people, "studies")]
    for sign in (",", "\\"):
        told = found(people, "studies", StudyInstanceUID=sign.join([*every[:2], "1.2.3"]))
        assert [value(one, STUDY) for one in told] == every[:2]


def test_what_is_told_of_a_study(people: Sender) -> None:
    (told,) = found(people, "studies", PatientID="PH-1")
    assert told[NAME] == {"vr": "PN", "Value": [{"Alphabetic": "Phantom^Petra"}]}
    assert told[DATE] == {"vr": "DA", "Value": ["20240101"]}
    assert told["00080061"] == {"vr": "CS", "Value": ["CT"]}
    assert told["00201206"] == told["00201208"] == {"vr": "IS", "Value": [1]}
    assert told["00080050"] == {"vr": "SH"}
    assert value(told, "00081190") == f"http://testserver{ROOT}/studies/{value(told, STUDY)}"
    (written,) = found(people, "studies", PatientID="XX-3")
    assert value(written, NAME) == {"Alphabetic": "Müller^Änne", "Ideographic": "山田^太郎"}


def test_series_and_instances_of_a_study(sender: Sender) -> None:
    study = generate_uid()
    ct = dicom.series(3, StudyInstanceUID=study, SeriesNumber=2, SeriesDescription="thin")
    mr = dicom.image(StudyInstanceUID=study, sop_class=MRImageStorage, Modality="MR", SeriesNumber=1)
    sender.send(*ct, mr, dicom.image())
    (told,) = found(sender, "studies", StudyInstanceUID=study)
    assert told["00080061"]["Value"] == ["CT", "MR"]
    assert (value(told, "00201206"), value(told, "00201208")) == (2, 4)
    series = found(sender, f"studies/{study}/series")
    assert [(value(one, "00080060"), value(one, "00201209")) for one in series] == [("MR", 1), ("CT", 3)]
    assert NAME not in series[0]
    (thin,) = found(sender, f"studies/{study}/series", SeriesDescription="th*")
    assert value(thin, "0020000E") == ct[0].SeriesInstanceUID
    slices = found(sender, series_address(ct[0]).removeprefix(f"{ROOT}/") + "/instances")
    assert [value(one, INSTANCE) for one in slices] == [ds.SOPInstanceUID for ds in ct]
    assert (value(slices[0], "00280010"), value(slices[0], "00280011")) == (96, 80)
    assert len(found(sender, f"studies/{study}/instances")) == 4
    assert len(found(sender, f"studies/{study}/instances", SOPClassUID=CTImageStorage)) == 3
    everywhere = found(sender, "instances", Modality="CT")
    assert (len(everywhere), value(everywhere[0], NAME)) == (4, {"Alphabetic": dicom.CANARY})
    assert len(found(sender, "series")) == 3


def test_fields_that_are_asked_for_are_told(sender: Sender) -> None:
    ds = dicom.image(SliceThickness="2.5", ManufacturerModelName="Drawn")
    sender.send(ds)
    where = series_address(ds).removeprefix(f"{ROOT}/") + "/instances"
    (plain,) = found(sender, where)
    assert "00180050" not in plain
    (told,) = found(sender, where, includefield="SliceThickness,PatientName")
    assert (value(told, "00180050"), value(told, NAME)) == (2.5, {"Alphabetic": dicom.CANARY})
    assert "00081090" not in told
    (everything,) = found(sender, where, includefield="all")
    assert value(everything, "00081090") == "Drawn"
    assert everything["7FE00010"]["BulkDataURI"].startswith("http://testserver/dicomweb/studies/")


def test_pages_join_without_gap_and_say_that_there_is_more(sender: Sender) -> None:
    objects = dicom.series(5)
    sender.send(*objects)
    met: list[str] = []
    for offset in (0, 2, 4):
        answer = sender.browser.get(f"{ROOT}/instances", {"limit": 2, "offset": offset})
        met += [value(told, INSTANCE) for told in answer.json()]
        assert answer.headers.get("Warning", "").startswith("299 ") == (offset < 4)
    assert met == [ds.SOPInstanceUID for ds in objects]
    assert found(sender, "instances", limit=0) == found(sender, "instances", offset=9) == []


@pytest.mark.parametrize("where", ["studies", "series", "instances"])
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"PatientID": "PH-*"}, 6),
        ({"PatientID": "PH-1*"}, 1),
        ({"PatientID": "*-1"}, 1),
        ({"PatientID": "ph*"}, 0),
        ({"AccessionNumber": "A_?", "PatientName": "PHANTOM^*"}, 6),
        ({"PatientName": "phantom^*", "PatientID": "PH-[*"}, 0),
    ],
)
def test_a_beginning_is_found_in_the_order_of_all(
    sender: Sender, where: str, query: dict[str, str], count: int
) -> None:
    sender.send(*(person(f"Phantom^{n}", f"PH-{n}", AccessionNumber=f"A_{n}") for n in range(6)), dicom.image())
    every = [value(told, NUMBER) for told in found(sender, where)]
    pages = [found(sender, where, limit=4, offset=offset, **query) for offset in (0, 4)]
    met = [value(told, NUMBER) for page in pages for told in page]
    assert len(met) == count
    assert met == [number for number in every if number in met]


def test_pages_and_beginnings_are_found_in_an_index(sender: Sender) -> None:
    site = sender.user.site
    people = Patient.objects.bulk_create(
        Patient(site=site, patient_id=f"PH-{number}", name=f"Phantom{number}^P") for number in range(400)
    )
    Study.objects.bulk_create(
        Study(
            site=site,
            patient=one,
            study_instance_uid=f"1.2.{one.pk}",
            accession_number=f"A-{one.pk}",
            uploaded_by=sender.user,
        )
        for one in people
    )
    refresh_statistics()

    def plan(**query: Any) -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            found(sender, "studies", **query)
        return plan_of(next(one["sql"] for one in asked if '"archive_patient"."name"' in one["sql"]))

    every: list[dict[str, Any]] = [
        {"limit": 25, "offset": 99_900},
        {"PatientID": "PH-39*"},
        {"PatientName": "phantom39*"},
        {"AccessionNumber": "A-1"},
    ]
    if connection.vendor == "postgresql":  # which of its indexes it takes, it chooses by its own statistics
        assert {str(query): walked for query in every if (walked := walks(plan(**query)))} == {}
        return
    deep, number, name, accession = (plan(**query) for query in every)
    assert any("USING COVERING INDEX archive_stu_site_id" in step for step in deep)
    assert any("(patient_id>? AND patient_id<?)" in step for step in number)
    assert any("INDEX patient_name_in_capitals (<expr>>? AND <expr><?)" in step for step in name)
    assert any("(accession_number=?)" in step for step in accession)


@pytest.mark.parametrize(
    "query",
    [
        {"NoSuchAttribute": "1"},
        {"ffffffff": "1"},
        {"PixelData": "1"},
        {"NumberOfStudyRelatedSeries": "1"},
        {"SOPInstanceUID": "1.2"},
        {"StudyInstanceUID": "../etc"},
        {"StudyDate": "yesterday"},
        {"StudyTime": "noon"},
        {"limit": "-1"},
        {"limit": "many"},
        {"offset": "9" * 30},
        {"fuzzymatching": "perhaps"},
        {"includefield": "nothing such"},
    ],
)
def test_what_cannot_be_searched_for_is_refused(sender: Sender, query: dict[str, str]) -> None:
    answer = sender.browser.get(f"{ROOT}/studies", query)
    assert (answer.status_code, list(answer.json())) == (400, ["detail", "code"])


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), ("*/*", 200), ("application/xml", 406)])
def test_json_is_what_is_told(sender: Sender, accept: str, status: int) -> None:
    assert sender.browser.get(f"{ROOT}/studies", headers={"Accept": accept}).status_code == status
    xml = 'multipart/related; type="application/dicom+xml"'
    assert sender.browser.get(f"{ROOT}/studies", headers={"Accept": xml}).status_code == 406


def test_a_picture_is_found_as_what_it_became(sender: Sender, tmp_path: Path) -> None:
    sender.send(pictures.png(tmp_path / "a.png"))
    (study,), (series,), (instance,) = (found(sender, where) for where in ("studies", "series", "instances"))
    assert (study[NAME], study[NUMBER], value(study, "00080061")) == ({"vr": "PN"}, {"vr": "LO"}, "OT")
    assert (value(series, "00080060"), value(instance, "00080016")) == ("OT", SecondaryCaptureImageStorage)


def test_somebody_without_a_number_is_told_without_one(sender: Sender) -> None:
    sender.send(dicom.image(PatientID=None))
    (told,) = found(sender, "studies")
    assert told[NUMBER] == {"vr": "LO"}


def test_the_own_site_alone_is_searched(sender: Sender, elsewhere_sender: Sender) -> None:
    own, other = dicom.image(), dicom.image()
    sender.send(own)
    elsewhere_sender.send(other)
    assert {value(told, INSTANCE) for told in found(sender, "instances")} == uids([own])
    hidden = sender.browser.get(f"{ROOT}/studies/{other.StudyInstanceUID}/series")
    missing = sender.browser.get(f"{ROOT}/studies/1.2.3/series")
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (404, hidden.content)
    assert AuditEvent.objects.filter(code=Code.ACCESS_REFUSED).count() == 1


@pytest.mark.parametrize("where", ["studies", "series", "instances"])
@pytest.mark.parametrize("count", [1, 12])
def test_a_search_costs_the_same_whatever_its_size(
    sender: Sender, where: str, count: int, django_capture_on_commit_callbacks: Any
) -> None:
    for number in range(count):
        sender.send(dicom.image(PatientID=f"PH-{number}", PatientName=f"Phantom^{number}"))
    with django_capture_on_commit_callbacks(execute=True):
        found(sender, where)  # the first look is written to the audit trail, and remembered
    with CaptureQueriesContext(connection) as asked:
        assert len(found(sender, where, includefield="all", PatientName="phantom*")) == count
    services._noted.clear()
    assert len(asked) <= 5  # session, user, page, counts of studies and of series: whatever is told


def test_a_search_is_one_event_a_look_and_names_nobody(sender: Sender) -> None:
    sender.send(dicom.image())
    for _ in range(3):
        found(sender, "studies", PatientName=dicom.CANARY)
    (event,) = AuditEvent.objects.filter(code=Code.OBJECTS_SEARCHED)
    assert (event.actor, event.details) == (sender.user.username, "")
