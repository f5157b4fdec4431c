"""The index of an instance: created at ingest, or later for an instance stored before indexes existed.

A picture (PNG, JPEG, TIFF) that was stored before pictures were wrapped as DICOM objects is wrapped then, as it would
be at ingest today.
"""

import zlib
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from webapp.imaging.archive.frame_offsets import pack_frame_offsets
from webapp.imaging.archive.models import Instance, InstanceIndex, Series, Study
from webapp.imaging.archive.object_store import digest_picture, store_bytes
from workers import api, storage


def build_index(*, instance: Instance, index: api.ObjectIndex) -> InstanceIndex:
    """Create the index of a new instance."""
    return InstanceIndex.objects.create(instance=instance, **_columns(index))


def save_index(*, instance: Instance, index: api.ObjectIndex) -> InstanceIndex:
    """Create the index of an instance, or return the one that another process created meanwhile."""
    return InstanceIndex.objects.get_or_create(instance=instance, defaults=_columns(index))[0]


def _columns(index: api.ObjectIndex) -> dict[str, Any]:
    return {
        "transfer_syntax_uid": index.transfer_syntax_uid,
        "is_part10": index.is_part10,
        "header": zlib.compress(index.header.encode(), 6),
        "frame_count": len(index.frames),
        "frames": pack_frame_offsets(index.frames),
        "bulk": index.bulk,
    }


def instances_unindexed() -> QuerySet[Instance]:
    """Return the instances without an index."""
    return Instance.objects.filter(index=None).select_related("series__study")


def instance_index(instance: Instance) -> InstanceIndex:
    """Return the index of an instance, creating it if the instance was stored before indexes existed.

    Raises
    ------
    workers.api.Refused
        If the stored object can no longer be read.
    """
    try:
        return instance.index
    except InstanceIndex.DoesNotExist:
        return backfill_index(instance=instance)


def backfill_index(*, instance: Instance) -> InstanceIndex:
    """Create the index of a stored object and fill in the blank fields of its study from its header.

    Raises
    ------
    workers.api.Refused
        If the reader process can no longer read the stored object.
    """
    wrapped = storage.temporary()
    try:
        found = api.inspect(storage.object_path(instance.sha256), wrapped=wrapped)
        if found.kind == "picture":
            return _picture_fill(instance, found, wrapped)
    finally:
        wrapped.unlink(missing_ok=True)
    study = instance.series.study
    stated = {
        "study_id": found.study_id,
        "study_time": found.study_time,
        "referring_physician": found.referring_physician,
    }
    blanks = {field: value for field, value in stated.items() if value and not getattr(study, field)}
    with transaction.atomic():
        if blanks:
            Study.objects.filter(pk=study.pk).update(**blanks)
        return _kept(instance, found)


def _picture_fill(instance: Instance, found: api.Inspection, wrapped: Path) -> InstanceIndex:
    """Replace a stored picture by its wrapped DICOM object; the picture's original bytes stay in the store."""
    weighed = digest_picture(wrapped, original_sha256=instance.original_sha256)
    instance.sha256, instance.file_size = weighed.sha256, wrapped.stat().st_size
    instance.sop_class_uid, instance.instance_number = found.sop_class_uid, found.instance_number
    with store_bytes(weighed), transaction.atomic():
        instance.save(update_fields=["sha256", "file_size", "sop_class_uid", "instance_number"])
        Series.objects.filter(pk=instance.series_id, modality="").update(modality=found.modality)
        return _kept(instance, found)


def _kept(instance: Instance, found: api.Inspection) -> InstanceIndex:
    if found.index is None:
        raise api.Refused("The object has no index.")
    return save_index(instance=instance, index=found.index)
