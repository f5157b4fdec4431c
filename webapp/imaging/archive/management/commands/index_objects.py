"""manage.py index_objects: the index of objects that were stored before there was one; pictures become objects."""

from typing import Any

from django.core.management.base import BaseCommand

from webapp.imaging.archive.indexing import backfill_index, instances_unindexed
from workers.api import Refused


class Command(BaseCommand):
    """May be run at any time and again: what has an index is left alone."""

    help = "Index the stored objects that have no index yet, so that they are served without being parsed"

    def handle(self, *args: Any, **options: Any) -> None:
        """Index one object after the other; those that cannot be read any more are named by their digest."""
        indexed = 0
        for instance in instances_unindexed().order_by("pk").iterator(chunk_size=200):
            try:
                backfill_index(instance=instance)
                indexed += 1
            except (Refused, OSError) as error:
                reason = str(error) if isinstance(error, Refused) else "Its bytes cannot be read."
                self.stderr.write(f"{instance.sha256}: {reason}")
        self.stdout.write(f"{indexed} objects indexed, {instances_unindexed().count()} without an index.")
