"""The index of an instance: kept at intake, made later for what was stored before there was one."""

import zlib

from django.db import transaction
from django.db.models import QuerySet

from webapp.studies.frames import frames_packed
from webapp.studies.models import Instance, InstanceIndex, Study
from workers import api, storage


def index_keep(*, instance: Instance, index: api.ObjectIndex) -> InstanceIndex:
    """Keep the index of an instance; one that somebody else kept meanwhile stays."""
    columns = {
        "transfer_syntax_uid": index.transfer_syntax_uid,
        "is_part10": index.is_part10,
        "header": zlib.compress(index.header.encode(), 6),
        "frame_count": len(index.frames),
        "frames": frames_packed(index.frames),
        "bulk": index.bulk,
    }
    return InstanceIndex.objects.get_or_create(instance=instance, defaults=columns)[0]


def instances_unindexed() -> QuerySet[Instance]:
    """Return the DICOM objects that have no index yet; pictures without a header need none."""
    return Instance.objects.filter(index=None, series__is_picture=False).select_related("series__study")


def instance_index(instance: Instance) -> InstanceIndex:
    """Return the index of an instance, making it first where it was stored before there was one.

    Raises
    ------
    workers.api.Refused
        If the stored object cannot be read any more.
    """
    try:
        return instance.index
    except InstanceIndex.DoesNotExist:
        return index_fill(instance=instance)


def index_fill(*, instance: Instance) -> InstanceIndex:
    """Read a stored object again, apart, and keep its index and what its study did not know; raises `Refused`."""
    found = api.inspect(storage.object_path(instance.sha256))
    if found.index is None:
        raise api.Refused("This is a picture without a header; it has no index.")
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
        return index_keep(instance=instance, index=found.index)
