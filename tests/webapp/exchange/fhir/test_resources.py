"""Every resource is what FHIR R4 asks for: judged by fhir.resources (R4B, its nearest edition) and by R4's own rules.

R4B (4.3.0) differs from R4 (4.0.1) in none of the elements that are written here, except that `Device` has more of
them; elements that R4 does not know are refused below by name.
"""

from datetime import date
from typing import Any

import numpy as np
import pytest
from django.test import Client
from fhir.resources.R4B import get_fhir_model_class

from tests.webapp import factories
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding, Run

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite, pytest.mark.usefixtures("data_folder")]
JSON = "application/fhir+json"
#: What R4 requires (cardinality 1..) of the resources that are written, and all that is written at all.
REQUIRED = {
    "ImagingStudy": {"status", "subject"},
    "DiagnosticReport": {"status", "code"},
    "Observation": {"status", "code"},
    "Patient": set(),
    "Device": set(),
    "CapabilityStatement": {"status", "date", "kind", "fhirVersion", "format"},
    "Bundle": {"type"},
    "OperationOutcome": {"issue"},
}
WRITTEN = {
    "ImagingStudy": "contained identifier status modality subject started endpoint numberOfSeries numberOfInstances "
    "description series",
    "DiagnosticReport": "text identifier status category code subject effectiveDateTime issued resultsInterpreter "
    "imagingStudy result conclusion presentedForm",
    "Observation": "status category code subject effectiveDateTime issued valueCodeableConcept note bodySite device "
    "derivedFrom component",
    "Patient": "identifier name gender birthDate",
    "Device": "identifier status deviceName type version",
    "CapabilityStatement": "status date kind software implementation fhirVersion format rest",
}


@pytest.fixture
def finding() -> Finding:
    """A tumour found on the second of two slices of an MRI."""
    someone = factories.patient("Phantom^Petra Maria", birth_date=date(1961, 4, 9))
    study = factories.study(
        patient=someone, study_date=date(2026, 11, 20), description="MRI head", accession_number="A-2211"
    )
    series = factories.series_of(study, series_number=3, modality="MR", description="t1 tra")
    slices = [
        factories.slice_instance(series=series, pixels=np.zeros((8, 8), np.uint8), position=float(number))
        for number in range(2)
    ]
    run = factories.run_of(
        series, outcome="findings", region="brain", modality="MR", urgency=3, urgency_reason="Suspected tumour, 87%"
    )
    factories.stage(run, "tumour-boxes", "Tumours", model="tumour-detector", version="2", threshold=0.35)
    return factories.finding(run, instance=slices[1], index=1)


def got(browser: Client, address: str, status: int = 200, **headers: str) -> dict[str, Any]:
    """Get a resource and have it judged."""
    answer = browser.get(address, headers=headers)
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"].startswith(JSON)
    told: dict[str, Any] = answer.json()
    judged(told)
    for entry in told.get("entry", []):
        judged(entry["resource"])
        assert entry["fullUrl"].endswith(f"/fhir/{entry['resource']['resourceType']}/{entry['resource']['id']}")
    return told


def judged(resource: dict[str, Any]) -> None:
    """Hold a resource against fhir.resources and against R4."""
    kind = resource["resourceType"]
    get_fhir_model_class(kind).model_validate(resource)
    assert REQUIRED[kind] <= set(resource)
    assert _empty(resource) == []
    if kind in WRITTEN:
        assert set(resource) <= {"resourceType", "id", "meta", *WRITTEN[kind].split()}
    for series in resource.get("series", []):
        assert {"uid", "modality"} <= set(series)
        assert all({"uid", "sopClass"} <= set(one) for one in series.get("instance", []))


def _empty(told: Any, place: str = "") -> list[str]:
    """Return where something is empty: FHIR allows that nowhere."""
    if isinstance(told, dict):
        return [found for name, value in told.items() for found in _empty(value, f"{place}.{name}")]
    if isinstance(told, list):
        return [place] * (not told) + [found for value in told for found in _empty(value, place)]
    return [place] if told in ("", None) else []


def test_the_capability_statement_offers_what_is_there(clinician: Client) -> None:
    told = got(clinician, "/fhir/metadata")
    assert told["fhirVersion"] == "4.0.1"
    (rest,) = told["rest"]
    for offered in rest["resource"]:
        for parameter in offered["searchParam"]:
            got(clinician, f"/fhir/{offered['type']}?{parameter['name']}=4711")


def test_a_study(clinician: Client, finding: Finding) -> None:
    study = finding.run.series.study
    told = got(clinician, f"/fhir/ImagingStudy/{study.pk}")
    assert told["identifier"][0] == {"system": "urn:dicom:uid", "value": f"urn:oid:{study.study_instance_uid}"}
    assert told["identifier"][1]["value"] == "A-2211"
    assert (told["numberOfSeries"], told["numberOfInstances"], told["started"]) == (1, 2, "2026-11-20")
    assert told["modality"][0]["code"] == "MR"
    assert told["contained"][0]["address"] == "http://testserver/dicomweb"
    uids = {one["uid"] for one in told["series"][0]["instance"]}
    assert uids == set(finding.run.series.instances.values_list("sop_instance_uid", flat=True))
    patient = got(clinician, f"/fhir/{told['subject']['reference']}")
    assert patient["name"] == [{"family": "Phantom", "given": ["Petra", "Maria"]}]
    assert (patient["gender"], patient["birthDate"]) == ("female", "1961-04-09")


def test_a_header_that_fhir_would_not_have_is_told_as_fhir_has_it(clinician: Client) -> None:
    study = factories.study(patient=factories.patient("^"), description=" ")
    for modality in (" M  R ", " "):
        factories.series_of(study, series_number=-1, modality=modality, description="\x0b")
    told = got(clinician, f"/fhir/ImagingStudy/{study.pk}")
    assert [one["code"] for one in told["modality"]] == ["M R", "OT"]
    assert all("number" not in series for series in told["series"])
    assert "name" not in got(clinician, f"/fhir/{told['subject']['reference']}")


def test_an_answer_is_preliminary_and_says_that_a_machine_made_it(clinician: Client, finding: Finding) -> None:
    report = got(clinician, f"/fhir/DiagnosticReport/{finding.run.pk}")
    assert report["status"] == "preliminary"
    assert report["conclusion"].startswith("Suspected tumour, 87%. Made by a machine")
    (result,) = report["result"]
    told = got(clinician, f"/fhir/{result['reference']}")
    assert told["status"] == "preliminary"
    assert told["code"]["text"] == "Suspected brain tumour"
    assert told["bodySite"]["coding"][1] == {"system": "http://snomed.info/sct", "code": "12738006"}
    assert [(one["code"]["text"], one["valueQuantity"]["value"]) for one in told["component"]] == [
        ("Probability", 0.87),
        ("Threshold of the model", 0.35),
    ]
    assert told["derivedFrom"] == report["imagingStudy"]
    device = got(clinician, f"/fhir/{told['device']['reference']}")
    assert device["version"] == [{"value": "2"}]


def test_a_second_opinion_is_a_component_with_its_own_model_and_no_finding_of_its_own(
    clinician: Client, finding: Finding
) -> None:
    factories.stage(finding.run, "tumour-features", "Kind, by features", model="tumour-kind-boxes", version="1")
    code = {"value": "4711", "scheme": "SCT", "meaning": "Meningioma"}
    finding.opinions = [factories.opinion(code=code, disagrees=True, beside="The two disagree.")]
    finding.save()
    assert got(clinician, "/fhir/Observation")["total"] == 1
    told = got(clinician, f"/fhir/Observation/{finding.pk}")
    _, _, opinion, sure = told["component"]
    assert opinion["code"]["text"] == "Kind, by features: second opinion of tumour-kind-boxes 1"
    assert [one["code"] for one in opinion["valueCodeableConcept"]["coding"]] == ["meningioma", "4711"]
    assert (sure["valueQuantity"]["value"], sure["code"]["text"][:12]) == (0.96, "Probability,")
    assert told["valueCodeableConcept"] == {"text": "Suspected"}
    (note,) = [one["text"] for one in told["note"] if one["text"].startswith("Second opinion")]
    for words in (
        "Meningioma, 96",
        "off centre +1.4",
        "The two disagree.",
        "Experimental: ",
        "does not affect priority.",
    ):
        assert words in note
    assert got(clinician, "/fhir/Device?device-name=tumour-kind")["total"] == 1


@pytest.mark.parametrize(
    ("likeliest", "code", "title"), [("meningioma", "asked-unknown", "Unsure"), (None, "not-performed", "Not measured")]
)
def test_an_opinion_that_abstains_has_no_value_but_a_reason(
    clinician: Client, finding: Finding, likeliest: str | None, code: str, title: str
) -> None:
    reason = "It is unlike everything that was measured in the teaching pictures."
    finding.opinions = [
        factories.opinion(label=None, label_title=title, likeliest=likeliest, probability=None, reason=reason)
    ]
    finding.save()
    told = got(clinician, f"/fhir/Observation/{finding.pk}")
    *_, opinion = told["component"]
    assert len(told["component"]) == 3
    assert "valueCodeableConcept" not in opinion
    assert (opinion["dataAbsentReason"]["coding"][0]["code"], opinion["dataAbsentReason"]["text"]) == (code, reason)
    assert any(f"no answer. {reason}" in one["text"] for one in told["note"])


@pytest.mark.parametrize(
    ("state", "outcome", "status"),
    [
        (Run.State.QUEUED, "", "registered"),
        (Run.State.RUNNING, "", "registered"),
        (Run.State.DONE, "negative", "preliminary"),
        (Run.State.DONE, "not_analysed", "cancelled"),
        (Run.State.QUARANTINED, "failed", "cancelled"),
    ],
)
def test_no_state_of_a_run_is_ever_final(
    clinician: Client, finding: Finding, state: str, outcome: str, status: str
) -> None:
    run = factories.run_of(finding.run.series, state=state, outcome=outcome)
    assert got(clinician, f"/fhir/DiagnosticReport/{run.pk}")["status"] == status


def test_searches_find_by_uid_number_patient_and_study(clinician: Client, finding: Finding) -> None:
    study = finding.run.series.study
    factories.series_of(factories.study(patient=factories.patient()), modality="CT")
    patient = study.patient
    assert patient is not None
    hits = {
        f"ImagingStudy?identifier=urn:dicom:uid|urn:oid:{study.study_instance_uid}": 1,
        f"ImagingStudy?identifier={study.study_instance_uid}": 1,
        "ImagingStudy?identifier=A-2211": 1,
        "ImagingStudy?identifier=http://elsewhere|A-2211": 0,
        f"ImagingStudy?patient=Patient/{patient.pk}": 1,
        "ImagingStudy": 2,
        f"DiagnosticReport?patient={patient.pk}": 1,
        f"DiagnosticReport?imaging-study=ImagingStudy/{study.pk}": 1,
        f"DiagnosticReport?identifier=urn:uuid:{finding.run.pk}": 1,
        f"Observation?derived-from={study.pk}": 1,
        f"Patient?identifier={patient.patient_id}": 1,
        f"Patient?identifier=urn:readroom:site:{patient.site_id}:patient|{patient.patient_id}": 1,
        f"Patient?identifier=urn:readroom:site:{patient.site_id + 1}:patient|{patient.patient_id}": 0,
        "Device?device-name=tumour": 1,
        "Device?_id=tumour-detector.2": 1,
    }
    found = {address: got(clinician, f"/fhir/{address}")["total"] for address in hits}
    assert found == hits


def test_pages_follow_each_other(clinician: Client) -> None:
    someone = factories.patient()
    for _ in range(5):
        factories.study(patient=someone)
    address, seen = f"/fhir/ImagingStudy?patient={someone.pk}&_count=2", []
    while address:
        page = got(clinician, address)
        assert page["total"] == 5
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    assert sorted(seen) == sorted(str(study.pk) for study in Study.objects.all())


def test_what_is_unchanged_is_not_sent_again(clinician: Client, finding: Finding) -> None:
    address = f"/fhir/Observation/{finding.pk}"
    tag = clinician.get(address).headers["ETag"]
    assert clinician.get(address, headers={"If-None-Match": tag}).status_code == 304
    Finding.objects.update(probability=0.5)
    assert clinician.get(address, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("ImagingStudy?gender=female", 400, "not searched by gender"),
        ("ImagingStudy?_count=many", 400, "whole number"),
        ("ImagingStudy?_format=xml", 400, "Only JSON"),
        ("ImagingStudy?identifier=urn:dicom:uid|", 400, "must name a value"),
        ("ImagingStudy/4711", 404, ""),
        ("Patient/99999999999999999999", 404, ""),
    ],
)
def test_refusals_are_operation_outcomes(clinician: Client, address: str, status: int, said: str) -> None:
    told = got(clinician, f"/fhir/{address}", status)
    assert said in told["issue"][0]["diagnostics"]


def test_other_media_types_methods_and_people_are_refused_alike(clinician: Client) -> None:
    got(clinician, "/fhir/metadata", 406, Accept="application/fhir+xml")
    got(Client(), "/fhir/ImagingStudy", 401)
    judged(clinician.delete("/fhir/ImagingStudy").json())
    assert clinician.get("/fhir/metadata", headers={"Accept": "application/json"}).status_code == 200


def test_a_stranger_finds_nothing(stranger: Client, finding: Finding) -> None:
    for kind in ("ImagingStudy", "DiagnosticReport", "Observation", "Patient"):
        assert got(stranger, f"/fhir/{kind}")["total"] == 0
    got(stranger, f"/fhir/Observation/{finding.pk}", 404)
