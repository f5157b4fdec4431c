"""A signature binds user, meaning, time and the digests of images, models and text; nothing signed is changed."""

from collections.abc import Callable

import pytest
from axes.models import AccessAttempt
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

from tests.webapp import factories
from tests.webapp.reading.reporting.conftest import BLEEDING, TUMOUR, add_missed_finding, add_review, images_of, sign
from tests.webapp.refusals import refused
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.reauthentication import PasswordRefusedError
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.inference.models import Run, Stage
from webapp.reading.reporting.models import Discrepancy, Report, Signature
from webapp.reading.reporting.selectors import newest_report, signable_kinds, signed_reports
from webapp.reading.reporting.services import (
    ReportRefusedError,
    ReportText,
    discrepancy_acknowledge,
    report_save,
    report_sign,
)
from webapp.reading.reporting.signing import signature_verify
from webapp.reading.reviews.models import Read
from webapp.reading.reviews.services import NextStep, read_finish
from webapp.reading.worklist.models import ReadingTask
from webapp.reading.worklist.services import task_claim, task_require_two_readers
from workers import storage

pytestmark = pytest.mark.both_databases


def newest_signed(study: Study) -> Report:
    report = newest_report(study)
    assert report is not None
    return report


def test_signing_the_final_report_finishes_the_read_and_binds_images_models_and_text(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    add_review(study, reader, "agree", 1)
    outcome = sign(study, reader, request_of, impression="Tumour of the left side.")
    assert outcome.then == NextStep.DONE
    report = newest_signed(study)
    assert (report.number, report.kind, ReadingTask.objects.get(study=study).state) == (1, "final", "done")
    signature = report.signature
    assert signature.meaning == "I have read the images and answer for this report."
    assert signature.digests["images"] == {one.sop_instance_uid: one.sha256 for one in images_of(study)}
    (models,) = signature.digests["models"].values()
    assert models == {"cascade": "c" * 64, "images": Run.objects.get().input_digest, "models": ["tumour-detector 2"]}
    assert signature_verify(signature).holds
    event = AuditEvent.objects.get(code__contains="report signed")
    assert signature.digest in event.details
    assert "Petra" not in event.details


def test_the_database_itself_keeps_what_is_signed(study: Study, reader: User, request_of: HttpRequest) -> None:
    sign(study, reader, request_of, impression="Normal.")
    report, signature = newest_signed(study), Signature.objects.get()
    attempts: list[Callable[[], int]] = [
        lambda: Report.objects.filter(pk=report.pk).update(free_text="Other"),
        lambda: Report.objects.filter(pk=report.pk).update(state="draft", number=None),
        lambda: Signature.objects.filter(pk=signature.pk).update(meaning="Nothing"),
        lambda: Signature.objects.filter(pk=signature.pk).delete()[0],
    ]
    for attempt in attempts:
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            attempt()
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM reporting_report")
    assert signature_verify(Signature.objects.get()).holds


def test_a_signed_report_is_not_saved_over(study: Study, reader: User, request_of: HttpRequest) -> None:
    draft = report_save(study=study, user=reader, text=ReportText({"impression": "Normal."}), edit=0)
    sign(study, reader, request_of, impression="Normal.")
    with refused("signed-meanwhile", ReportRefusedError):
        report_save(study=study, user=reader, text=ReportText({"impression": "Fracture."}), edit=draft.edit)
    assert newest_signed(study).sections[-1]["text"] == "Normal."


def test_verifying_says_in_words_what_changed(study: Study, reader: User, request_of: HttpRequest) -> None:
    sign(study, reader, request_of, impression="Normal.")
    first, second, third = images_of(study)
    Instance.objects.filter(pk=first.pk).update(sha256="0" * 64)
    storage.object_path(second.sha256).write_bytes(b"something else")
    Instance.objects.filter(pk=third.pk).update(sop_instance_uid="1.2.3")
    Stage.objects.update(version="3")
    verified = signature_verify(Signature.objects.get())
    assert verified.changed == (
        "1 image that was signed is not here any more.",
        "1 image is not the one that was signed.",
        "The stored bytes of 1 image are damaged or missing.",
        "1 answer of the AI is not by the models that were signed for.",
    )
    assert verified.later == ("1 image came after it was signed; it says nothing of it.",)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"meaning": "I looked at it."}, "Who signed, what it meant, when"),
        ({"digest": "0" * 64}, "The audit trail does not know this signature."),
    ],
)
def test_a_signature_that_somebody_rewrote_is_told(
    study: Study, reader: User, request_of: HttpRequest, change: dict[str, str], sentence: str
) -> None:
    sign(study, reader, request_of, impression="Normal.")
    forged = Signature.objects.get()
    for name, value in change.items():
        setattr(forged, name, value)
    assert any(sentence in told for told in signature_verify(forged).changed)
    forged = Signature.objects.get()
    forged.report.free_text = "No."
    assert signature_verify(forged).changed == ("The text is not the one that was signed.",)


def test_a_wrong_password_signs_nothing_loses_nothing_and_counts(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    for _ in range(4):
        with refused("password-wrong", PasswordRefusedError):
            sign(study, reader, request_of, password="guess", impression="Tumour.")
    with refused("locked", PasswordRefusedError):
        sign(study, reader, request_of, password="guess", impression="Tumour.")
    with refused("locked", PasswordRefusedError):
        sign(study, reader, request_of, impression="Tumour.")
    assert not Signature.objects.exists()
    assert Report.objects.get().sections[-1]["text"] == "Tumour."
    assert AuditEvent.objects.filter(code__contains="report signed", success=False).count() == 6
    assert not [attempt for attempt in AccessAttempt.objects.all() if "Tumour" in str(attempt.post_data)]


def test_who_may_sign_what(study: Study, reader: User, request_of: HttpRequest) -> None:
    other = factories.clinician("other")
    assert signable_kinds(study=study, user=reader) == ["final", "preliminary"]
    assert signable_kinds(study=study, user=other) == []
    assert signable_kinds(study=study, user=factories.clinician("far", at=factories.site("Elsewhere"))) == []
    with refused("not-yours-final", ReportRefusedError):
        sign(study, other, request_of, impression="Normal.")
    sign(study, reader, request_of, "preliminary", impression="Normal, so far.")
    assert ReadingTask.objects.get(study=study).state == ReadingTask.State.CLAIMED
    assert newest_signed(study).kind == "preliminary"
    sign(study, reader, request_of, impression="Normal.")
    assert signable_kinds(study=study, user=other) == ["addendum"]
    with refused("not-yours-final", ReportRefusedError):
        sign(study, reader, request_of, addendum="More.")


def test_an_addendum_supersedes_and_keeps_the_report_word_for_word(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    other = factories.clinician("other")
    sign(study, reader, request_of, "preliminary", impression="Probably normal.")
    sign(study, reader, request_of, impression="Normal.")
    final = newest_signed(study)
    sign(study, other, request_of, "addendum", addendum="The surgeon was told.")
    addendum = newest_signed(study)
    assert (addendum.number, addendum.kind, addendum.supersedes) == (3, "addendum", final)
    assert addendum.sections[:-1] == final.sections
    assert addendum.sections[-1] == {"key": "addendum-1", "title": "Addendum", "text": "The surgeon was told."}
    assert [one.number for one in signed_reports(study)] == [3, 2, 1]
    assert all(signature_verify(one).holds for one in Signature.objects.all())
    sign(study, reader, request_of, "addendum", addendum="And again.")
    assert [section["title"] for section in newest_signed(study).sections[-2:]] == ["Addendum", "Addendum 2"]


def test_what_was_signed_meanwhile_is_looked_at_first(study: Study, reader: User, request_of: HttpRequest) -> None:
    sign(study, reader, request_of, impression="Normal.")
    two = factories.clinician("two")
    given = {
        "study": study, "kind": "addendum", "password": factories.PASSWORD,
        "text": ReportText({"addendum": "More."}), "edit": 0, "base": 1, "request": request_of,
    }  # fmt: skip
    report_sign(user=reader, **given)  # type: ignore[arg-type]
    with refused("newer-version", ReportRefusedError):
        report_sign(user=two, **given)  # type: ignore[arg-type]


def test_the_same_text_sent_twice_is_signed_once_and_answered_alike(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    saved = report_save(study=study, user=reader, text=ReportText({"impression": "Normal."}), edit=0)
    final = {
        "study": study, "user": reader, "kind": "final", "password": factories.PASSWORD,
        "text": ReportText({"impression": "Normal."}), "edit": saved.edit, "base": 0, "request": request_of,
    }  # fmt: skip
    added = final | {"kind": "addendum", "text": ReportText({"addendum": "More."}), "edit": 0, "base": 1}
    for given, number in ((final, 1), (added, 2)):
        first, again = (report_sign(**given) for _ in range(2))  # type: ignore[arg-type]
        assert first == again
        assert first.report == newest_signed(study)
        assert newest_signed(study).number == number
    assert Signature.objects.count() == AuditEvent.objects.filter(code__contains="report signed").count() == 2
    with refused("newer-version", ReportRefusedError):
        report_sign(**added | {"text": ReportText({"addendum": "Other."})})  # type: ignore[arg-type]


def test_an_empty_report_and_one_that_names_what_was_disowned_are_not_signed(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    with refused("empty-report", ReportRefusedError):
        sign(study, reader, request_of)
    add_review(study, reader, "agree", 1)
    line = "Suspected brain tumour (slice 2)."
    add_review(study, reader, "disagree", 1, reasons=["artefact"])
    with refused("disowned-line", ReportRefusedError):
        sign(study, reader, request_of, findings=line)
    assert ReadingTask.objects.get(study=study).state == ReadingTask.State.CLAIMED
    assert not Read.objects.get().finished_at


def test_of_two_readers_the_one_who_concludes_signs(study: Study, reader: User, request_of: HttpRequest) -> None:
    task_require_two_readers(task=study.task, user=reader)
    assert signable_kinds(study=study, user=reader) == ["final"]
    add_review(study, reader, "agree", 1)
    with refused("findings-open", ReportRefusedError):
        sign(study, reader, request_of, impression="Tumour.")
    add_review(study, reader, "agree", 2)
    outcome = sign(study, reader, request_of, impression="Tumour.")
    assert (outcome.report, outcome.then) == (None, NextStep.SECOND)
    assert not Signature.objects.exists()
    two = factories.clinician("two")
    task_claim(task=ReadingTask.objects.get(study=study), user=two)
    for number in (1, 2):
        add_review(study, two, "agree", number)
    outcome = sign(study, two, request_of, impression="Tumour and bleeding.")
    assert outcome.then == NextStep.DONE
    assert newest_signed(study).author == two


def test_what_is_read_and_left_unsigned_a_senior_concludes_in_their_own_words(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    for number in (1, 2):
        add_review(study, reader, "agree", number)
    read_finish(study=study, user=reader)
    assert signable_kinds(study=study, user=factories.clinician("two")) == []
    senior = factories.senior()
    assert signable_kinds(study=study, user=senior) == ["final"]
    sign(study, senior, request_of, impression="Tumour and bleeding, as the colleague read.")
    assert (newest_signed(study).author, newest_signed(study).statements) == (senior, [])
    assert signable_kinds(study=study, user=reader) == ["addendum"]


def test_where_two_differ_the_third_signs(study: Study, reader: User, request_of: HttpRequest) -> None:
    task_require_two_readers(task=study.task, user=reader)
    readers = [reader, factories.clinician("two"), factories.admin()]
    told = []
    for user, word in zip(readers, ("agree", "disagree", "agree"), strict=True):
        task_claim(task=ReadingTask.objects.get(study=study), user=user)
        for number in (1, 2):
            add_review(study, user, word, number, reasons=["normal"] if word == "disagree" else [])
        told.append(sign(study, user, request_of, impression="As seen.").then)
    assert told == [NextStep.SECOND, NextStep.ADJUDICATOR, NextStep.DONE]
    assert newest_signed(study).author == readers[-1]


def test_ai_and_report_are_compared_both_ways_and_somebody_else_acknowledges(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    add_review(study, reader, "agree", 1)
    add_review(study, reader, "disagree", 2, reasons=["artefact"])
    add_missed_finding(study, reader, "Fracture")
    sign(study, reader, request_of, "preliminary", impression="So far.")
    assert not Discrepancy.objects.exists()
    sign(study, reader, request_of, impression="Tumour, fracture.")
    ours, theirs = Discrepancy.objects.order_by("direction")
    assert (ours.direction, theirs.direction) == ("ai", "report")
    assert ours.sentence == "Suspected bleeding (slice 2): 87%. The reader disagreed: Artefact."
    assert theirs.sentence == "Fracture (slice 3). The AI marked nothing there."
    with refused("not-adjudicator", ReportRefusedError):
        discrepancy_acknowledge(discrepancy=ours, user=factories.clinician("two"), note="Seen.", request=None)
    with refused("own-report", ReportRefusedError):
        discrepancy_acknowledge(discrepancy=ours, user=reader, note="Seen.", request=None)
    boss = factories.admin()
    with refused("no-note", ReportRefusedError):
        discrepancy_acknowledge(discrepancy=ours, user=boss, note=" ", request=None)
    discrepancy_acknowledge(discrepancy=ours, user=boss, note="Beam hardening.", request=None)
    with refused("acknowledged-meanwhile", ReportRefusedError):
        discrepancy_acknowledge(discrepancy=ours, user=boss, note="Again.", request=None)
    row = Discrepancy.objects.get(pk=ours.pk)
    assert (row.acknowledged_by, row.note) == (boss, "Beam hardening.")
    sign(study, reader, request_of, "addendum", addendum="Nothing new.")
    assert Discrepancy.objects.count() == 2


def test_a_finding_under_another_name_and_an_abnormal_report_beside_a_silent_ai_differ(
    study: Study, reader: User, request_of: HttpRequest
) -> None:
    add_review(study, reader, "edit", 1, label_title="Meningioma")
    sign(study, reader, request_of, impression="Meningioma.")
    told = list(Discrepancy.objects.values_list("sentence", flat=True))
    assert told == [
        f"{TUMOUR} (slice 2): 87%. The report calls it Meningioma.",
        f"{BLEEDING} (slice 2): 87%. The reader did not comment on it.",
    ]
    quiet = factories.series_of(factories.study(patient=factories.patient()), modality="CT").study
    factories.run_of(quiet.series.get(), outcome="negative")
    task_claim(task=quiet.task, user=reader)
    report_save(study=quiet, user=reader, text=ReportText({"impression": "Fracture."}, is_abnormal=True), edit=0)
    sign(quiet, reader, request_of)
    (row,) = Discrepancy.objects.filter(study=quiet)
    assert (row.direction, row.sentence) == (
        "report", "The report calls the study abnormal; the AI marked nothing."
    )  # fmt: skip
