"""The data of a study for the viewer, in a number of queries that does not grow with series or images."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from webapp.foundation.accounts.models import User
from webapp.imaging.annotations.selectors import annotation_list, serialize_annotation
from webapp.imaging.archive.models import Instance, Series, Study
from webapp.imaging.archive.presenters import person_of
from webapp.imaging.archive.priors import prior_list
from webapp.imaging.inference.cascade import load_cascade
from webapp.imaging.inference.presenters import OUTCOMES
from webapp.imaging.inference.series_rows import SeriesRow, series_rows
from webapp.imaging.inference.series_status import LIVE
from webapp.reading.reviews.selectors import (
    current_reviews,
    visible_outlines,
    visible_reads,
)
from webapp.reading.reviews.serializers import serialize_outline, serialize_review
from webapp.reading.study_page.selectors import FrameIndex
from webapp.reading.viewer.hanging_protocols import SeriesKind, hang_study, hanging_protocols, presets
from webapp.reading.viewer.serializers import RunAnswer, load_answers, serialize_findings, serialize_heat_maps
from workers.api import DrawnStage

#: Modalities of objects that describe other images (PS3.3 C.7.3.1.1.1).
RESULTS = frozenset({"SEG", "SR", "PR", "KO", "RTSTRUCT", "REG", "RWV"})
NO_IMAGE = {
    "SEG": "This is a segmentation: it is drawn over the series that it belongs to.",
    "SR": "This is a structured report: it holds words and measurements, no image.",
    "DOC": "This is a document, no image. It can be fetched by DICOMweb.",
    "RTSTRUCT": "These are contours for radiotherapy, which cannot be shown here yet. They can be fetched by DICOMweb.",
    "RTDOSE": "This is a dose distribution, which cannot be shown here yet. It can be fetched by DICOMweb.",
    "ECG": "This is a waveform, no image. It can be fetched by DICOMweb.",
}
HOLDS_NONE = "This series holds no image that can be shown. Its objects are kept and can be fetched by DICOMweb."
BLINDED = "Your site reads first: commit your read on the study's page, then the AI's answer is shown."
#: An image and its frame from 0.
Slice = tuple[Instance, int]


def viewer_payload(*, study: Study, user: User) -> dict[str, Any]:
    """Return the data of a study for the viewer, as JSON."""
    every = Series.objects.filter(study=study)
    # Result series that Readroom stored have no run of their own, and no row.
    rows = {row.series.pk: row for row in series_rows(every)}
    slices = _slices(study)
    reads = visible_reads(study=study, user=user)
    blinded = reads.is_blinded
    answers = {} if blinded else load_answers([row.run for row in rows.values() if row.run])
    declared = load_cascade().stages
    listed = [(one, rows.get(one.pk)) for one in every.order_by("series_number", "last_arrival_at")]
    described = [_describe(row) for one, row in listed if row and slices.get(one.pk)]
    priors = prior_list(
        study=study,
        user=user,
        modalities=frozenset(one.modality for one in described if one.modality),
        parts=frozenset(part for one in described for part in one.parts),
    )
    first = priors[0].study.pk if priors else None
    return {
        "study": _serialize_study(study),
        "dicomweb": "/dicomweb",
        "series": [
            _serialize_series(one, row, slices.get(one.pk, []), answers, declared, is_blinded=blinded)
            for one, row in listed
            if row or not blinded  # result series reveal the answer too
        ],
        "hanging": hang_study(series=described, prior=first, protocols=hanging_protocols()).serialize(),
        "presets": [preset.model_dump() for preset in presets()],
        "priors": [prior.told() for prior in priors],
        "marks": [
            serialize_annotation(now) for now in annotation_list(study=study) if now.mark.author_id not in reads.hidden
        ],
        "outlines": [serialize_outline(one) for one in visible_outlines(reads)],
        "reviews": [serialize_review(row) for row in current_reviews(reads.own)] if reads.own else [],
    }


def _slices(study: Study) -> Mapping[UUID, list[Slice]]:
    """Return every frame of every series in slice order, as `study_page.selectors.slices_of`: one query."""
    slices: dict[UUID, list[Slice]] = defaultdict(list)
    columns = ("series", "sop_instance_uid", "number_of_frames", "rows", "columns", "laterality")
    for image in Instance.objects.filter(series__study=study, has_pixels=True).only(*columns):
        slices[image.series_id] += [(image, frame) for frame in range(image.number_of_frames)]
    return slices


def _serialize_study(study: Study) -> dict[str, str]:
    person = person_of(study)
    return {
        "id": str(study.pk),
        "uid": study.study_instance_uid,
        "patientName": person.name,
        "patientId": person.number,
        "birthDate": person.born.isoformat() if person.born else "",
        "sex": person.sex,
        "date": study.study_date.isoformat() if study.study_date else "",
        "description": study.description,
        "accessionNumber": study.accession_number,
        "site": study.site.name,
    }


def _describe(row: SeriesRow) -> SeriesKind:
    """Return a series as hanging protocols match it, by its header and by the networks."""
    parts = {row.series.body_part.lower(), row.run.region.lower() if row.run else ""}
    modality = row.series.modality or (row.run.modality if row.run else "")
    return SeriesKind(row.series.pk, modality, frozenset(parts - {""}))


def _serialize_series(
    series: Series,
    row: SeriesRow | None,
    slices: Sequence[Slice],
    answers: Mapping[UUID, RunAnswer],
    declared: Sequence[DrawnStage],
    *,
    is_blinded: bool,
) -> dict[str, Any]:
    place: FrameIndex = {(image.pk, frame): index for index, (image, frame) in enumerate(slices)}
    answer = answers.get(row.run.pk, RunAnswer()) if row and row.run else RunAnswer()
    sides = {image.laterality for image, _ in slices}
    return {
        "id": str(series.pk),
        "uid": series.series_instance_uid,
        "number": series.series_number,
        "modality": series.modality,
        "description": series.description,
        "bodyPart": series.body_part,
        "laterality": sides.pop() if len(sides) == 1 else "",
        "kind": _kind(series, slices) if row else "result",
        "images": [
            {"sop": image.sop_instance_uid, "frame": frame + 1, "rows": image.rows, "columns": image.columns}
            for image, frame in slices
        ],
        "whyNotShown": "" if slices else NO_IMAGE.get(series.modality, HOLDS_NONE),
        "isOurs": row is None,
        "run": _serialize_run(row, is_blinded=is_blinded) if row and slices else None,
        # Where blinding hides the findings it hides their urgency.
        "urgency": row.run.urgency if row and row.run and answer.findings else 0,
        "findings": serialize_findings(answer, place, declared),
        "heats": serialize_heat_maps(answer, place),
    }


def _kind(series: Series, slices: Sequence[Slice]) -> str:
    if slices:
        return "picture" if series.is_picture else "images"
    return "result" if series.modality in RESULTS else "other"


def _serialize_run(row: SeriesRow, *, is_blinded: bool) -> dict[str, Any]:
    """Return the state of the analysis; `id` is null where no run was requested yet."""
    return {
        "id": str(row.run.pk) if row.run else None,
        "status": "blinded" if is_blinded else row.status.value,
        "words": BLINDED if is_blinded else OUTCOMES[row.status],
        "finished": row.status not in LIVE,
    }
