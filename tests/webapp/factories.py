"""Rows with real bytes behind them: sites, people, series, and runs in every state."""

import hashlib
import io
import itertools
import uuid
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.http import HttpRequest
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import CTImageStorage, generate_uid

from ml.cascade.drawing import heat_map_png, mask_png
from ml.cascade.measurements.feature_descriptions import MEANINGS, title_of
from ml.cascade.measurements.lesion import lesion_measured
from ml.cascade.measurements.stack import Stack
from ml.dicomio.calibration import UNCALIBRATED, FrameGrid
from tests.phantoms import dicom, pictures
from webapp.foundation.accounts.models import Site, User
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.mpr import frame_of_reference_of
from webapp.imaging.archive.models import Instance, Patient, Series, Study
from webapp.imaging.inference.models import Finding, Run, RunEvent, Stage
from webapp.reading.followup.models import Registration
from webapp.reading.reporting.models import Report
from webapp.reading.reporting.signing import signature_create
from webapp.reading.reviews.segmentation_services import OutlineInput, outline_save
from webapp.reading.reviews.selectors import Outline
from webapp.reading.worklist.models import ReadingTask
from webapp.reading.worklist.services import task_claim
from workers import storage
from workers.contracts import LaidPictures, OpinionAnswer, ReasonAnswer, RegistrationAnswer
from workers.storage import Attempt

Pixels = NDArray[np.uint8]
PASSWORD = "phantom-password"
_numbers = itertools.count(1)


def site(name: str = "Main clinic") -> Site:
    """Return the site of that name."""
    return Site.objects.get_or_create(name=name)[0]


def person(username: str, *, role: str = User.Role.CLINICIAN, at: Site | None = None) -> User:
    """Return a user who can sign in with PASSWORD."""
    user, made = User.objects.get_or_create(username=username, defaults={"role": role, "site": at or site()})
    if made:
        user.set_password(PASSWORD)
        user.save()
    return user


def clinician(username: str = "clinician", *, at: Site | None = None) -> User:
    """Return a clinician."""
    return person(username, at=at)


def senior(username: str = "senior", *, at: Site | None = None) -> User:
    """Return a senior reader."""
    return person(username, role=User.Role.SENIOR, at=at)


def auditor(*, at: Site | None = None) -> User:
    """Return an auditor."""
    return person("auditor", role=User.Role.AUDITOR, at=at)


def admin(*, at: Site | None = None) -> User:
    """Return an administrator."""
    return person("admin", role=User.Role.ADMIN, at=at)


def stored(content: bytes) -> str:
    """Store bytes as intake does and return their digest."""
    digest = hashlib.sha256(content).hexdigest()
    with storage.written_whole(storage.object_path(digest)) as unfinished:
        unfinished.write_bytes(content)
    return digest


def study(*, patient: Patient | None = None, at: Site | None = None, **fields: Any) -> Study:
    """Make a study."""
    home = patient.site if patient else at or site()
    uploader = clinician(f"uploader-{home.pk}", at=home)
    return Study.objects.create(
        site=home, patient=patient, study_instance_uid=generate_uid(), uploaded_by=uploader, **fields
    )


def visit(
    someone: Patient,
    *,
    on: date | None,
    radius: float = 10,
    spacing: tuple[float, float] | None = (1.0, 1.0),
    label: str = "Suspected brain tumour",
) -> Finding:
    """Make a study of a patient on a day, with one finding: a disc on each of three slices, 3 mm apart."""
    series = series_of(study(patient=someone, study_date=on, description="MRI head"), modality="MR")
    disc = np.hypot(*(np.indices((64, 64)) - 31.5)) <= radius
    slices = [
        slice_instance(series=series, pixels=np.where(disc, 200, 40).astype(np.uint8), position=3.0 * number)
        for number in range(3)
    ]
    run = run_of(series, outcome="findings", modality="MR", region="brain")
    told = measures(np.stack([disc] * 3), spacing=spacing)
    return finding(run, instance=slices[1], index=1, measures=told, label_title=label)


def arrived(study: Study, *, minutes: float) -> None:
    """Let a study have arrived so long ago, and its task wait since."""
    since = timezone.now() - timedelta(minutes=minutes)
    Study.objects.filter(pk=study.pk).update(arrived_at=since)
    ReadingTask.objects.filter(study=study).update(waiting_since=since)


def patient(name: str = "Phantom^Petra", *, at: Site | None = None, **fields: Any) -> Patient:
    """Make a person with a number of their own."""
    given = {"birth_date": date(1961, 4, 9), "sex": "F", **fields}
    number = f"PH-{Patient.objects.count() + 1:05}"
    return Patient.objects.create(site=at or site(), patient_id=number, name=name, **given)


def series_of(study: Study, **fields: Any) -> Series:
    """Make a series that nothing has arrived for yet."""
    return Series.objects.create(
        study=study, series_instance_uid=generate_uid(), **{"last_arrival_at": timezone.now(), **fields}
    )


def picture_instance(*, series: Series, pixels: Pixels | None = None) -> Instance:
    """Add a stored PNG to a series; each disc drawn by default is another one."""
    number = next(_numbers)
    drawn = pictures.disc(seed=number) if pixels is None else pixels
    buffer = io.BytesIO()
    Image.fromarray(drawn).save(buffer, format="PNG")
    return _instance(series, buffer.getvalue(), drawn, instance_number=number)


def picture_series(*, pixels: Pixels | None = None, at: Site | None = None) -> Series:
    """Make a study that is one picture without a header."""
    made = series_of(study(at=at), is_picture=True)
    picture_instance(series=made, pixels=pixels)
    return made


def slice_instance(*, series: Series, pixels: Pixels, position: float, **elements: Any) -> Instance:
    """Add a stored DICOM slice to a series."""
    buffer, uid = io.BytesIO(), generate_uid()
    # Its file is named as its row: a viewer finds headers by that.
    named = {"SOPInstanceUID": uid, "SeriesInstanceUID": series.series_instance_uid}
    named["StudyInstanceUID"] = series.study.study_instance_uid
    ds = dicom.image(pixels, **{"WindowCenter": 128, "WindowWidth": 256, **named, **elements})
    ds.file_meta.MediaStorageSOPInstanceUID = uid
    ds.save_as(buffer, enforce_file_format=True)
    fields = {"position": position, "sop_class_uid": CTImageStorage, "sop_instance_uid": uid}
    return _instance(series, buffer.getvalue(), pixels, **fields)


def report_instance(*, series: Series) -> Instance:
    """Add an object without an image to a series."""
    buffer = io.BytesIO()
    dicom.report().save_as(buffer, enforce_file_format=True)
    return _instance(series, buffer.getvalue(), None, has_pixels=False)


def _instance(series: Series, content: bytes, pixels: Pixels | None, **fields: Any) -> Instance:
    digest = stored(content)
    rows, columns = pixels.shape[:2] if pixels is not None else (0, 0)
    return Instance.objects.create(
        series=series,
        site=series.study.site,
        sha256=digest,
        original_sha256=digest,
        file_size=len(content),
        rows=rows,
        columns=columns,
        **{"sop_instance_uid": generate_uid(), **fields},
    )


def run_of(series: Series, *, state: str = Run.State.DONE, at: datetime | None = None, **fields: Any) -> Run:
    """Make a run in a state, as housekeeping leaves it, with its events; the series is then owed none."""
    Series.objects.filter(pk=series.pk).update(analysis_requested_at=series.last_arrival_at)
    over = timezone.now() if state in {Run.State.DONE, Run.State.QUARANTINED} else None
    given = {
        "finished_at": over,
        "cascade_digest": "c" * 64,
        "input_digest": f"{next(_numbers):064x}",
        "attempt": 1,
        **fields,
    }
    run = Run.objects.create(series=series, state=state, **given)
    moves = {
        Run.State.QUEUED: [],
        Run.State.DISPATCHED: [("ring", "queued", "rung")],
        Run.State.RUNNING: [("ring", "queued", "rung"), ("start", "rung", "running")],
        Run.State.DONE: [("ring", "queued", "rung"), ("start", "rung", "running"), ("finish", "running", "done")],
        Run.State.QUARANTINED: [("ring", "queued", "rung"), ("give_up", "rung", "quarantined")],
    }[Run.State(state)]
    for event, from_state, to_state in moves:
        RunEvent.objects.create(run=run, event=event, from_state=from_state, to_state=to_state, attempt=1)
    if at is not None:
        Run.objects.filter(pk=run.pk).update(created_at=at)
    return run


def stage(run: Run, name: str, title: str, **fields: Any) -> Stage:
    """Add what a stage said."""
    given = {"pathway": "general", "status": Stage.Status.DONE, "model": "sorter", "version": "1", **fields}
    if given["status"] == Stage.Status.NOT_RUN:
        given |= {"model": "", "version": ""}
    return Stage.objects.create(run=run, name=name, title=title, order=run.stages.count(), **given)


def finding(
    run: Run, *, instance: Instance, index: int = 0, mask: NDArray[np.bool_] | None = None, **fields: Any
) -> Finding:
    """Add a finding, with its mask drawn where one is given."""
    number = run.findings.count() + 1
    given = {
        "stage": "tumour-boxes",
        "label": "tumour",
        "label_title": "Suspected brain tumour",
        "probability": 0.87,
        "sentence": "Area suspicious of a tumour.",
        "first_slice": index,
        "last_slice": index,
        "box": [20.0, 20.0, 60.0, 60.0],
        **fields,
    }
    if mask is not None:
        given["mask"] = f"finding-{number}-mask.png"
        mask_png(mask, answer_folder(run) / given["mask"])
    return Finding.objects.create(run=run, order=number, slice=index, instance=instance, **given)


def opinion(**fields: Any) -> dict[str, Any]:
    """Return a second opinion as a worker tells it: sure of a meningioma, by four numbers."""
    pulls = (("off_centre", 0.36, 0.2, 1.4), ("skewness", -1.3, -0.33, 1.1), ("brightness", 1.24, 0.65, 0.6),
             ("ring_spread", 0.41, 0.69, -0.4))  # fmt: skip
    reasons = [
        ReasonAnswer(
            name=name, title=title_of(name), meaning=MEANINGS[name], value=value, usual=usual, contribution=pull
        )
        for name, value, usual, pull in pulls
    ]
    given = {
        "stage": "tumour-features", "title": "Kind, by features", "model": "tumour-kind-boxes", "version": "1",
        "label": "meningioma", "label_title": "Meningioma", "likeliest": "meningioma", "likeliest_title": "Meningioma",
        "probability": 0.96, "threshold": 0.93, "rather_than": "Glioma", "base": 0.7, "reasons": reasons,
        "why": "Meningioma rather than Glioma: off centre +1.4, skewness +1.1, brightness +0.6.",
        "measured": "an ellipse in the box on slice 13", "experimental": "Weighs numbers of two sets of one origin.",
        "beside": "Kind of tumour (tumour-type) says Meningioma too.", **fields,
    }  # fmt: skip
    return OpinionAnswer.model_validate(given).model_dump(mode="json")


def registration_of(follow_up: Series, *, prior: Series | None = None, **fields: Any) -> Registration:
    """Make a registration that is done, of one slice, with its pictures."""
    answer = RegistrationAnswer(
        dice=0.96, nmi=1.31, correlation=0.97, least_dice=0.8, least_nmi=1.15,
        rotation_degrees=(1.0, -2.0, 3.0), shift_mm=(4.0, 0.0, -1.0),
        slices=[LaidPictures(slice=0, fused="fused-1.png", checkerboard="checkerboard-1.png")],
    )  # fmt: skip
    given = {"state": Registration.State.DONE, "attempt": 1, "answer": answer.model_dump(mode="json"), **fields}
    other = prior or series_of(study(at=follow_up.study.site))
    made = Registration.objects.create(
        prior=other, follow_up=follow_up, requested_by=follow_up.study.uploaded_by, finished_at=timezone.now(), **given
    )
    out = Attempt(made.pk, made.attempt).out
    out.mkdir(parents=True, exist_ok=True)
    for name in ("fused-1.png", "checkerboard-1.png"):
        Image.fromarray(pictures.disc(seed=7)).save(out / name)
    return made


def measures(
    masks: NDArray[np.bool_], *, spacing: tuple[float, float] | None = None, gap: float = 3.0
) -> dict[str, Any]:
    """Measure drawn masks (slices, rows, columns) as a worker does; pixels where no spacing is given."""
    told = [
        FrameGrid(spacing, is_calibrated=True, note="", position=gap * number) if spacing else UNCALIBRATED
        for number in range(len(masks))
    ]
    greys = np.full(masks.shape, 180, np.uint8)
    return lesion_measured(Stack(masks, greys, told)).model_dump(mode="json")


def mark(
    instance: Instance, *, author: User | None = None, kind: str = Annotation.Kind.LENGTH, **fields: Any
) -> AnnotationVersion:
    """Draw a mark on an image and return its only version."""
    drawn = Annotation.objects.create(
        pk=uuid.uuid4(),
        series=instance.series,
        instance=instance,
        frame=1,
        kind=kind,
        author=author or clinician(),
        version=1,
    )
    given = {"points": [[10.0, 10.0], [40.0, 50.0]], "unit": AnnotationVersion.Unit.PX, **fields}
    return AnnotationVersion.objects.create(mark=drawn, version=1, **given)


def cut_mark(series: Series, *, author: User, kind: str = Annotation.Kind.LENGTH, **fields: Any) -> AnnotationVersion:
    """Draw a mark on a coronal cut through a volume and return its only version; places are mm in the patient."""
    drawn = Annotation.objects.create(
        pk=uuid.uuid4(),
        series=series,
        frame_of_reference=frame_of_reference_of(series),
        normal=[0.0, -1.0, 0.0],
        kind=kind,
        author=author,
        version=1,
    )
    given = {"points": [[-30.0, -12.5, 11.0], [-15.0, -12.5, 19.0]], "unit": AnnotationVersion.Unit.MM, **fields}
    return AnnotationVersion.objects.create(mark=drawn, version=1, **given)


def outline(
    instance: Instance,
    *,
    author: User,
    mask: NDArray[np.bool_] | None = None,
    finding: Finding | None = None,
    missed: uuid.UUID | None = None,
) -> Outline:
    """Take a study in hand and outline a finding, or "Fracture" where none is named; by default its whole image.

    By an empty mask it is said that there is nothing to outline; `missed` is what was outlined on another image.
    """
    task_claim(task=ReadingTask.objects.get(study=instance.series.study), user=author)
    drawn = np.ones((instance.rows, instance.columns), bool) if mask is None else mask
    words: dict[str, Any] = {"finding": finding.pk} if finding else {"label_title": "Fracture"}
    sent = OutlineInput(instance, 1, runs(drawn), **words, missed=missed, is_empty=not drawn.any())
    return outline_save(mark=uuid.uuid4(), outline=sent, base_version=0, user=author, request=HttpRequest())[0]


def runs(mask: NDArray[np.bool_]) -> list[int]:
    """Return a mask, shape (rows, columns), as a browser sends it: how much lies outside, inside, outside, ..."""
    lengths = [(value, len(list(same))) for value, same in itertools.groupby(mask.ravel().tolist())]
    return [*([0] if lengths[0][0] else []), *(length for _value, length in lengths)]


def report_signed(study: Study, *, by: User | None = None, **fields: Any) -> Report:
    """Make a signed final report, with the signature that its text and images have now."""
    signer = by or clinician()
    given = {
        "kind": Report.Kind.FINAL,
        "number": 1,
        "state": Report.State.SIGNED,
        "template": "general",
        "template_version": "1",
        "sections": [{"key": "impression", "title": "Impression", "text": "Normal."}],
        "updated_at": timezone.now(),
        **fields,
    }
    made = Report.objects.create(study=study, author=signer, **given)
    signature_create(report=made, user=signer, meaning="I have read the images.", at=timezone.now())
    return made


def heat_map(run: Run, name: str, values: NDArray[np.float32]) -> str:
    """Draw a heat map beside a run's answer and return its name."""
    heat_map_png(values, answer_folder(run) / name)
    return name


def answer_folder(run: Run) -> Path:
    """Return the folder of a run's answer, made when it is not there."""
    folder = Attempt(run.pk, run.attempt).out
    folder.mkdir(parents=True, exist_ok=True)
    return folder
