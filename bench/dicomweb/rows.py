"""A data folder of ours made ready: tables, a site, a token, and studies drawn straight into the database.

``READROOM_DATA=folder python -m bench.dicomweb.rows COUNT`` prints the token.
"""

import os
import sys
from typing import Any

import django
from django.core.management import call_command
from django.db import connection
from django.db.models import Model

SITE, USER = "Bench", "bench"
#: Names and days repeat, as they do in life.
NAMES, DAYS = 5_000, 9_000


def main() -> None:
    """Make the folder ready."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
    django.setup()
    call_command("migrate", verbosity=0)
    print(made(int(sys.argv[1])))


def made(count: int) -> str:
    """Draw so many studies and return a token."""
    from django.utils import timezone  # noqa: PLC0415 - models exist only after the setup

    from webapp.foundation.accounts.models import Site, User  # noqa: PLC0415
    from webapp.foundation.accounts.tokens import token_make  # noqa: PLC0415
    from webapp.imaging.archive.models import Instance, Patient, Series, Study  # noqa: PLC0415
    from webapp.imaging.archive.table_statistics import refresh_statistics  # noqa: PLC0415
    from webapp.reading.worklist.models import ReadingTask  # noqa: PLC0415

    site = Site.objects.create(name=SITE)
    user = User.objects.create(username=USER, site=site)
    if count:
        patient = Patient.objects.create(site=site, patient_id="B0", name="Phantom^Bench", sex="O")
        study = Study.objects.create(site=site, patient=patient, study_instance_uid="1.2.0", uploaded_by=user)
        series = Series.objects.create(
            study=study, series_instance_uid="1.3.0", modality="CT", last_arrival_at=timezone.now()
        )
        digests = dict.fromkeys(("sha256", "original_sha256"), "0" * 64)
        instance = Instance.objects.create(series=series, site=site, sop_instance_uid="1.4.0", file_size=1, **digests)
        # As many as there are, each with a patient, a series and an object: copies of these rows, numbered.
        _copied(
            patient, count, id="n.i + 1", patient_id="'B' || n.i", name=f"'Phantom' || (n.i % {NAMES}) || '^P' || n.i"
        )
        _copied(
            study,
            count,
            id="printf('%032x', n.i)",
            patient_id="n.i + 1",
            study_instance_uid="'1.2.' || n.i",
            accession_number="'A' || n.i",
            study_date=f"date('2001-01-01', '+' || (n.i * 7 % {DAYS}) || ' days')",
            arrived_at="datetime('2026-01-01', '+' || n.i || ' seconds')",
        )
        _copied(
            series,
            count,
            id="printf('%032x', n.i)",
            study_id="printf('%032x', n.i)",
            series_instance_uid="'1.3.' || n.i",
        )
        _copied(
            instance,
            count,
            id="printf('%032x', n.i)",
            series_id="printf('%032x', n.i)",
            sop_instance_uid="'1.4.' || n.i",
            sha256="printf('%064x', n.i)",
            original_sha256="printf('%064x', n.i)",
        )
        _copied(
            ReadingTask.objects.get(study=study),
            count,
            id="n.i + 1",
            study_id="printf('%032x', n.i)",
            waiting_since="datetime('2026-01-01', '+' || n.i || ' seconds')",
        )
    refresh_statistics()
    return token_make(user=user, name="bench")[1]


def _copied(row: Model, count: int, **columns: str) -> None:
    """Copy a row so many times, with other expressions for some of its columns (SQLite)."""
    fields: list[Any] = list(row._meta.concrete_fields)
    names = [field.column for field in fields]
    wanted = ", ".join(columns.get(name, f'seed."{name}"') for name in names)
    key = fields[names.index("id")].get_db_prep_value(row.pk, connection)
    quoted = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "  # noqa: S608 - our own words
            f'INSERT INTO "{row._meta.db_table}" ({quoted}) SELECT {wanted} FROM n, "{row._meta.db_table}" seed '
            f"WHERE seed.id = %s",
            [count - 1, key],
        )


if __name__ == "__main__":
    main()
