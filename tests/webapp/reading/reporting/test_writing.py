"""What a report begins with, and that nothing typed is lost or overwritten."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.http import HttpRequest

from tests.webapp import factories
from tests.webapp.reading.reporting.conftest import BLEEDING, TUMOUR, add_missed_finding, add_review, images_of, sign
from tests.webapp.refusals import refused
from webapp.foundation.accounts.models import User
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.models import Finding
from webapp.reading.reporting.models import Report
from webapp.reading.reporting.report_templates import (
    GENERAL,
    StudyKind,
    TemplateError,
    load_templates,
    template_for,
    templates,
)
from webapp.reading.reporting.selectors import draft_of, load_editor, rejected_lines_in, report_line
from webapp.reading.reporting.services import (
    LONGEST,
    ChangedMeanwhileError,
    ReportRefusedError,
    ReportText,
    report_fill,
    report_save,
)
from webapp.reading.reviews.selectors import read_of
from workers import api

TUMOUR_LINE = f"{TUMOUR} (slice 2)."


def section_texts(study: Study, user: User) -> dict[str, str]:
    form = load_editor(study=study, user=user)
    return {section["key"]: section["text"] for section in form.sections}


def test_a_report_begins_with_headers_and_accepted_findings_only(study: Study, reader: User) -> None:
    add_review(study, reader, "agree", 1)
    add_review(study, reader, "disagree", 2, reasons=["artefact"])
    add_missed_finding(study, reader, "Fracture")
    first, other = images_of(study)[0], factories.clinician("other")
    factories.mark(first, author=reader, figures={"length": 23.44}, unit="mm")
    factories.mark(first, author=other, figures={"length": 9.0}, unit="mm")
    told = section_texts(study, reader)
    assert told["technique"] == "CT of head. 1 series, 3 images: Head 5 mm (3)."
    assert told["comparison"] == "No prior study here."
    assert told["findings"].splitlines() == [TUMOUR_LINE, "Fracture (slice 3).", "Length (slice 1): 23.4 mm."]
    assert told["question"] == told["impression"] == ""
    assert not Report.objects.exists()


def test_an_earlier_study_is_named(study: Study, reader: User) -> None:
    before = factories.study(patient=study.patient, description="CT head", study_date=date(2025, 3, 1))
    Study.objects.filter(pk=study.pk).update(study_date=date(2026, 3, 1))
    series = factories.series_of(before, modality="CT")
    factories.slice_instance(series=series, pixels=np.zeros((8, 8), np.uint8), position=0.0)
    assert section_texts(Study.objects.get(pk=study.pk), reader)["comparison"] == "CT head, 01 Mar 2025."


def test_pixels_are_told_from_millimetres(study: Study, reader: User) -> None:
    factories.mark(images_of(study)[0], author=reader, figures={"length": 120.3}, text="Node")
    assert section_texts(study, reader)["findings"] == "Node (slice 1): 120.3 px (not calibrated)."


def test_an_accepted_outline_says_how_large_it_is_and_leaves_with_its_acceptance(study: Study, reader: User) -> None:
    measures = factories.measures(np.ones((1, 8, 8), np.bool_), spacing=(0.5, 0.5))
    Finding.objects.filter(label_title=TUMOUR).update(measures=measures)
    add_review(study, reader, "agree", 1)
    told = section_texts(study, reader)["findings"]
    assert told == f"{TUMOUR_LINE[:-1]}: longest 5.3 mm x 5.3 mm, area 16 mm\N{SUPERSCRIPT TWO} by the AI's outline."
    add_review(study, reader, "disagree", 1, reasons=["artefact"])
    assert rejected_lines_in(read=read_of(study=study, user=reader), text=told) == [told]


def test_filling_again_adds_what_is_missing_and_touches_nothing_typed(study: Study, reader: User) -> None:
    add_review(study, reader, "agree", 1)
    typed = f"Large {TUMOUR.lower()} of the left side, SLICE 2, with oedema.\nSkull intact."
    draft = report_save(study=study, user=reader, text=ReportText({"findings": typed}, template="ct-head"), edit=0)
    add_review(study, reader, "agree", 2)
    text = ReportText({"findings": typed, "impression": "Tumour."}, "Beside.", template="ct-head")
    filled, count = report_fill(study=study, user=reader, text=text, edit=draft.edit)
    said = {section["key"]: section["text"] for section in filled.sections}
    assert count == 1
    assert said["findings"] == f"{typed}\n{BLEEDING} (slice 2)."
    assert (said["impression"], filled.free_text) == ("Tumour.", "Beside.")
    again, count = report_fill(study=study, user=reader, text=ReportText(said, "Beside.", template="ct-head"), edit=2)
    assert (count, again.edit) == (0, 2)


def test_of_two_windows_the_older_one_overwrites_nothing(study: Study, reader: User) -> None:
    first = report_save(study=study, user=reader, text=ReportText({"impression": "Normal."}), edit=0)
    second = report_save(study=study, user=reader, text=ReportText({"impression": "Tumour."}), edit=first.edit)
    assert report_save(study=study, user=reader, text=ReportText({"impression": "Tumour."}), edit=0).edit == second.edit
    with pytest.raises(ChangedMeanwhileError) as caught:
        report_save(study=study, user=reader, text=ReportText({"impression": "Fracture."}), edit=first.edit)
    assert caught.value.now.sections[-1]["text"] == "Tumour."
    assert section_texts(study, reader)["impression"] == "Tumour."


def test_a_text_is_kept_as_it_was_typed_or_not_at_all(study: Study, reader: User) -> None:
    given = ReportText({"impression": "One\r\ntwo\x00\x0b", "nonsense": "Lost?"}, "Free", is_abnormal=True)
    saved = report_save(study=study, user=reader, text=given, edit=0)
    assert (saved.sections[-1]["text"], saved.free_text, saved.is_abnormal) == ("One\ntwo", "Free", True)
    with refused("too-long", ReportRefusedError):
        report_save(study=study, user=reader, text=ReportText({"impression": "x" * (LONGEST + 1)}), edit=1)


def test_another_template_keeps_what_was_written_under_headings_that_it_does_not_have(
    study: Study, reader: User
) -> None:
    breast = ReportText({"recommendation": "Biopsy."}, template="us-breast")
    draft = report_save(study=study, user=reader, text=breast, edit=0)
    after = report_save(
        study=study, user=reader, text=ReportText({"recommendation": "Biopsy."}, template="ct-head"), edit=draft.edit
    )
    assert after.sections[-1] == {"key": "recommendation", "title": "Recommendation", "text": "Biopsy."}
    assert after.template == "ct-head"


def test_a_draft_is_its_authors_alone(study: Study, reader: User) -> None:
    other = factories.clinician("other")
    report_save(study=study, user=reader, text=ReportText({"impression": "Normal."}), edit=0)
    assert draft_of(study=study, user=other) is None
    assert section_texts(study, other)["impression"] == ""
    assert report_line(study=study, user=other).others_write
    assert not report_line(study=study, user=reader).others_write


def test_a_draft_that_a_colleagues_final_report_overtook_goes_on_as_an_addendum(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    other = factories.clinician("other")
    report_save(study=study, user=other, text=ReportText({"impression": "Look again."}, "Beside."), edit=0)
    sign(study, reader, request_of, impression="Normal.")
    form = load_editor(study=Study.objects.get(pk=study.pk), user=other)
    assert form.is_addendum
    assert form.sections[0]["text"] == "Impression: Look again.\nBeside."


def test_templates_are_found_by_pathway_then_by_modality() -> None:
    def template_name(*pathways: str, modality: str = "") -> str:
        return template_for(StudyKind(frozenset(pathways), frozenset({modality})), templates()).name

    assert template_name("general", "ct", "ct-head", modality="CT") == "ct-head"
    assert template_name("general", "us-breast", modality="US") == "us-breast"
    assert template_name(modality="CT") == "ct"
    assert template_name(modality="US") == template_name() == "general"


def test_templates_name_pathways_that_there_are() -> None:
    declared = {stage.pathway for stage in api.pathways_drawn()}
    asked = {name for template in templates() for name in template.when.pathways}
    assert asked <= declared


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name = 3", "one.toml, name"),
        ("nonsense", "one.toml cannot be read"),
        (
            'name = "general"\nversion = "1"\ntitle = "T"\nrank = 1\n[[sections]]\nkey = "a"\ntitle = "A"',
            "general stands",
        ),
        (
            'name = "x"\nversion = "1"\ntitle = "T"\nrank = 1\n' + '[[sections]]\nkey = "a"\ntitle = "A"\n' * 2,
            "section a stands there twice",
        ),
        ('name = "x"\nversion = "1"\ntitle = "T"\nrank = 1\nsections = []', "one.toml, sections"),
    ],
)
def test_a_template_that_cannot_be_used_is_told_by_its_file(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "one.toml").write_text(content)
    with pytest.raises(TemplateError, match=sentence):
        load_templates(tmp_path)
    assert template_for(StudyKind(), ()) is GENERAL
