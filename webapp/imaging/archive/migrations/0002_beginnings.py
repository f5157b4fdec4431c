"""Indexes by which PostgreSQL finds how a name or a number begins."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

#: Where text is collated by language, LIKE 'abc%' uses an index only if it was made with pattern operators.
PREFIX_INDEXES = {"patient_name_begins": "UPPER(name)", "patient_number_begins": "patient_id"}


def add_prefix_indexes(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:  # noqa: ARG001 - Django's signature
    """Create them; other databases need none."""
    if editor.connection.vendor == "postgresql":
        for name, column in PREFIX_INDEXES.items():
            editor.execute(f"CREATE INDEX {name} ON archive_patient ({column} varchar_pattern_ops)")


def remove_prefix_indexes(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:  # noqa: ARG001
    """Drop them."""
    if editor.connection.vendor == "postgresql":
        for name in PREFIX_INDEXES:
            editor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies: ClassVar = [("archive", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(add_prefix_indexes, remove_prefix_indexes)]
