"""Findings of several studies that are one lesion, and how its size went."""

import itertools
import re
from datetime import date

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from tests.webapp import factories
from tests.webapp.refusals import codes_shown, refused
from webapp.foundation.accounts.models import Site
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Patient, Study
from webapp.imaging.inference.models import Finding, Run
from webapp.reading.followup.lesion_timeline import LEAST, LENGTH, MARGIN, Change, changes_of, timeline_positions
from webapp.reading.followup.models import Lesion, Sighting
from webapp.reading.followup.selectors import load_followup
from webapp.reading.followup.services import LinkRefusedError, finding_link, finding_unlink
from webapp.reading.worklist.models import SiteSettings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
FIRST, SECOND, ADJUDICATOR = date(2026, 1, 10), date(2026, 4, 10), date(2026, 7, 10)


def link_findings(*findings: Finding, name: str = "Left frontal") -> Lesion:
    """Say that findings are one lesion."""
    user, request = factories.clinician(), RequestFactory().post("/")
    lesion = finding_link(finding=findings[0], lesion=None, name=name, user=user, request=request).lesion
    for other in findings[1:]:
        finding_link(finding=other, lesion=lesion, user=user, request=request)
    return lesion


def study_of(finding: Finding) -> Study:
    """The study of a finding."""
    return finding.run.series.study


def page(client: Client, finding: Finding) -> str:
    """Return the follow-up page as one line of text."""
    answer = client.get(f"/studies/{study_of(finding).pk}/follow-up/")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def cells(text: str) -> list[list[str]]:
    """Return the rows of the lesion's table, without tags."""
    body = text[text.index('<article class="panel lesion"') :]
    rows = re.findall(r"<tr>(.*?)</tr>", body[body.index("<tbody>") : body.index("</tbody>")])
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


@pytest.fixture
def patient(db: None) -> Patient:  # noqa: ARG001
    """Somebody who comes again."""
    return factories.patient("Phantom^Petra")


def test_a_change_is_told_against_the_first_size_and_the_smallest_before() -> None:
    assert changes_of([20, 10, None, 15]) == [
        Change(None, None),
        Change(-0.5, -0.5),
        Change(None, None),
        Change(-0.25, 0.5),
    ]


def test_a_lesion_over_three_visits_has_its_sizes_its_changes_and_its_chart(
    patient: Patient, clinician: Client
) -> None:
    findings = [
        factories.visit(patient, on=day, radius=radius)
        for day, radius in ((SECOND, 5), (FIRST, 10), (ADJUDICATOR, 7.5))  # not in the order of their days
    ]
    link_findings(*findings)
    text = page(clinician, findings[2])
    first, second, third = cells(text)

    assert "n = 3 visits, 3 with a size in mm" in text
    assert (first[0], first[4], first[5]) == ("10 Jan 2026", "Baseline", "-")
    sizes = [float(row[1].split()[0]) for row in (first, second, third)]
    assert sizes == pytest.approx([20, 10, 15], abs=1.2)
    changes = [float(row[place].rstrip("%")) for row in (second, third) for place in (4, 5)]
    assert changes == pytest.approx(
        [100 * (sizes[now] / sizes[then] - 1) for now, then in ((1, 0), (1, 0), (2, 0), (2, 1))], abs=2
    )
    assert first[3].endswith("mL")
    assert text.count('<svg class="chart"') == 2  # diameters and volume
    assert "Left frontal: diameters. mm by Days since the first visit." in text


def test_pixels_are_never_compared_with_millimetres(patient: Patient, clinician: Client) -> None:
    findings = [
        factories.visit(patient, on=FIRST, spacing=None),
        factories.visit(patient, on=SECOND, radius=8),
        factories.visit(patient, on=ADJUDICATOR, spacing=None),
    ]
    link_findings(*findings)
    text = page(clinician, findings[0])
    first, second, third = cells(text)

    assert first[4] == third[4] == "Not compared: pixels, not millimetres."
    assert (second[4], third[5]) == ("Baseline", "-")
    assert first[1].endswith("px")
    assert "A chart needs two visits with a size in millimetres." in text
    assert '<svg class="chart"' not in text


def test_what_was_not_outlined_has_no_size_and_says_so(patient: Patient, clinician: Client) -> None:
    bare = factories.visit(patient, on=FIRST)
    Finding.objects.filter(pk=bare.pk).update(measures={})
    link_findings(bare)

    assert cells(page(clinician, bare))[0][4] == "Not compared: nothing was outlined."


def test_a_reader_links_names_and_unlinks_on_the_page(patient: Patient, clinician: Client) -> None:
    before, after = factories.visit(patient, on=FIRST), factories.visit(patient, on=SECOND)
    address = f"/studies/{study_of(after).pk}/follow-up"
    assert "No lesion is followed yet" in page(clinician, after)
    clinician.post(f"{address}/link/", {"finding": before.pk, "lesion": "", "name": "Cyst"})
    lesion = Lesion.objects.get()
    clinician.post(f"{address}/link/", {"finding": after.pk, "lesion": str(lesion.pk)})

    assert [one.finding for one in lesion.sightings.order_by("study__study_date")] == [before, after]
    assert "Every finding of these studies is linked" in page(clinician, after)
    for sighting in lesion.sightings.all():
        clinician.post(f"{address}/unlink/", {"sighting": sighting.pk})
    assert not Lesion.objects.exists()
    told = AuditEvent.objects.filter(code__in=[Code.LESION_LINKED, Code.LESION_UNLINKED]).order_by("pk")
    assert [event.code for event in told] == [Code.LESION_LINKED] * 2 + [Code.LESION_UNLINKED] * 2
    assert {event.study for event in told} == {study_of(before).pk, study_of(after).pk}


def test_a_finding_is_one_lesion_and_a_lesion_one_finding_a_study(patient: Patient) -> None:
    finding = factories.visit(patient, on=FIRST)
    beside = factories.finding(finding.run, instance=finding.instance)
    lesion = link_findings(finding)
    other = factories.visit(factories.patient("Other^Otto"), on=FIRST)
    user, request = factories.clinician(), RequestFactory().post("/")

    for wrong, of, code in (
        (finding, None, "linked-already"),
        (beside, lesion, "linked-already"),
        (other, lesion, "other-patient"),
    ):
        with refused(code, LinkRefusedError):
            finding_link(finding=wrong, lesion=of, user=user, request=request)
    assert list(Lesion.objects.all()) == [lesion]
    assert Sighting.objects.count() == 1


def test_what_is_unlinked_twice_is_unlinked_once(patient: Patient) -> None:
    sighting = link_findings(factories.visit(patient, on=FIRST)).sightings.get()
    for _ in range(2):
        finding_unlink(sighting=sighting, user=factories.clinician(), request=RequestFactory().post("/"))

    assert AuditEvent.objects.filter(code=Code.LESION_UNLINKED).count() == 1


def test_nobody_links_a_finding_of_another_patient_through_a_study_that_they_may_see(
    patient: Patient, clinician: Client, elsewhere: Site
) -> None:
    mine = factories.visit(patient, on=FIRST)
    theirs = factories.visit(factories.patient("Fremd^Frieda", at=elsewhere), on=FIRST)
    answer = clinician.post(f"/studies/{study_of(mine).pk}/follow-up/link/", {"finding": theirs.pk}, follow=True)

    assert codes_shown(answer) == ["changed-meanwhile"]
    assert not Sighting.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"finding": "x"}, {"finding": "9" * 30}, {"lesion": "nonsense"}])
def test_nonsense_is_answered_with_a_sentence(sent: dict[str, str], patient: Patient, clinician: Client) -> None:
    finding = factories.visit(patient, on=FIRST)
    for what in ("link", "unlink"):
        given = {"finding": str(finding.pk), **sent} if "lesion" in sent else sent
        answer = clinician.post(f"/studies/{study_of(finding).pk}/follow-up/{what}/", given, follow=True)
        assert codes_shown(answer) == ["changed-meanwhile"]


def test_the_study_page_leads_to_it_where_there_is_an_earlier_study(patient: Patient, clinician: Client) -> None:
    only = factories.visit(patient, on=FIRST)
    assert "follow-up/" not in clinician.get(f"/studies/{study_of(only).pk}/").content.decode()
    factories.visit(patient, on=SECOND)

    assert "Follow-up: 2 studies" in clinician.get(f"/studies/{study_of(only).pk}/").content.decode()


def test_a_superseded_answer_keeps_its_link_and_says_so(patient: Patient, clinician: Client) -> None:
    finding = factories.visit(patient, on=FIRST)
    link_findings(finding)
    factories.run_of(finding.run.series, outcome=Run.Outcome.NEGATIVE)

    assert "From a superseded result" in page(clinician, finding)


def test_a_picture_of_nobody_has_nothing_to_follow(clinician: Client) -> None:
    series = factories.picture_series()
    text = clinician.get(f"/studies/{series.study_id}/follow-up/").content.decode()

    assert "It names no patient" in text


def test_visits_lie_apart_as_their_days_and_never_on_top_of_each_other() -> None:
    places = timeline_positions([FIRST, FIRST, SECOND, ADJUDICATOR, ADJUDICATOR])

    assert (places[0], places[-1]) == (MARGIN, LENGTH - MARGIN)
    assert min(later - former for former, later in itertools.pairwise(places)) >= LEAST - 1e-9
    assert places[2] == pytest.approx(MARGIN + (LENGTH - 2 * MARGIN) * 90 / 181)
    assert timeline_positions([FIRST]) == [MARGIN]
    assert timeline_positions([]) == []


def test_the_page_takes_as_many_queries_for_ten_visits_as_for_two(patient: Patient) -> None:
    counted = []
    for days in (range(1, 3), range(3, 11)):
        findings = [factories.visit(patient, on=date(2026, 1, day)) for day in days]
        link_findings(*findings[1:])
        with CaptureQueriesContext(connection) as asked:
            load_followup(study=study_of(findings[0]), user=factories.clinician())
        counted.append(len(asked) - 1)  # one to find the user

    assert counted[0] == counted[1] <= 8


def test_what_the_ai_says_stays_out_until_the_reader_has_committed(patient: Patient, clinician: Client) -> None:
    finding = factories.visit(patient, on=FIRST, label="Suspected cyst")
    link_findings(factories.visit(patient, on=SECOND))
    SiteSettings.objects.update_or_create(site=patient.site, defaults={"read_first": True})
    text = page(clinician, finding)

    assert "Suspected cyst" not in text
    assert "Left frontal" not in text
