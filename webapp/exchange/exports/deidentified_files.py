"""De-identifies the objects of studies one by one, for an archive of folders with a manifest."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db.models import QuerySet

from webapp.imaging.archive.models import Instance, Series, Study
from webapp.imaging.archive.pseudonyms import person_key, pseudonym_secret
from webapp.reading.reviews.blinding import read_first_studies
from workers import api, storage

COLUMNS = ("file", "person", "study", "series", "instance", "kind", "modality", "frames", "blacked_out", "sha256")


@dataclass(frozen=True)
class ExportedObject:
    """One object: its de-identified file (valid until the next is requested) and name, or why it was not exported."""

    instance: Instance
    name: str = ""
    path: Path | None = None
    told: api.Told | None = None
    refused: str = ""


def objects_of(studies: Sequence[Study]) -> list[Instance]:
    """Return the exportable objects of studies, in the order in which they are exported."""
    found = objects_open(studies).select_related("series__study__patient")
    order = {study.pk: number for number, study in enumerate(studies)}
    rows = sorted(found, key=lambda one: (order[one.series.study_id], _place(one.series), str(one.series_id)))
    return list(rows)


def objects_open(studies: Sequence[Study]) -> QuerySet[Instance]:
    """Return the objects of studies that may be exported now.

    Results that Readroom stored are left out while their study must still be read without AI: the user who downloads
    the export might be its reader.
    """
    objects = Instance.objects.filter(series__study__in=studies)
    return objects.exclude(series__result__isnull=False, series__study__in=read_first_studies())


def deidentify_objects(instances: Sequence[Instance], *, name: str, options: api.Options) -> Iterator[ExportedObject]:
    """De-identify objects, one at a time.

    Yields
    ------
    ExportedObject
        One for each object. Folders and files are numbered in order of export, which reveals nothing about the
        originals.
    """
    studies: dict[str, int] = {}
    series: dict[tuple[str, str], int] = {}
    secret, scratch = pseudonym_secret(name), storage.temporary()
    try:
        for number, instance in enumerate(instances, start=1):
            if instance.series.is_picture:
                yield ExportedObject(
                    instance, refused="Pictures without a header are not exported: their pixels may show a name."
                )
                continue
            asked = api.Asked(secret=secret, person=person_key(instance.series.study), options=options)
            try:
                told = api.deidentify(storage.object_path(instance.sha256), asked=asked, out=scratch)
            except api.Refused as refused:
                yield ExportedObject(instance, refused=str(refused))
                continue
            study = studies.setdefault(told.study, len(studies) + 1)
            own = series.setdefault((told.study, told.series), len(series) + 1)
            file = f"{told.person}/study-{study:03}/series-{own:04}/{number:06}.dcm"
            yield ExportedObject(instance, name=file, path=scratch, told=told)
    finally:
        scratch.unlink(missing_ok=True)


def manifest_row(left: ExportedObject) -> list[str | int]:
    """Return the row of the manifest for an exported object."""
    assert left.told is not None
    assert left.path is not None
    with left.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    told = left.told
    return [left.name, told.person, told.study, told.series, told.instance, told.sop_class, told.modality, told.frames,
            "yes" if told.blacked else "no", digest]  # fmt: skip


def write_manifest(rows: Sequence[Sequence[str | int]]) -> str:
    """Return the manifest as CSV."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([COLUMNS, *rows])
    return buffer.getvalue()


def _place(series: Series) -> int:
    return series.series_number if series.series_number is not None else 1 << 31
