"""manage.py index_objects: index objects that were stored before indexes existed; wrap pictures as DICOM objects."""

from typing import Any

from django.core.management.base import BaseCommand

from webapp.imaging.archive.indexing import backfill_index, instances_unindexed
from workers.api import Refused


class Command(BaseCommand):
    """May be run at any time, repeatedly: instances with an index are skipped."""

    help = "Index the stored objects that have no index yet, so that they are served without being parsed"

    def handle(self, *args: Any, **options: Any) -> None:
        """Index the objects one by one; those that can no longer be read are listed by their digest."""
        indexed = 0
        for instance in instances_unindexed().order_by("pk").iterator(chunk_size=200):
            try:
                backfill_index(instance=instance)
                indexed += 1
            except (Refused, OSError) as error:
                reason = str(error) if isinstance(error, Refused) else "Its bytes cannot be read."
                self.stderr.write(f"{instance.sha256}: {reason}")
        self.stdout.write(f"{indexed} objects indexed, {instances_unindexed().count()} without an index.")
