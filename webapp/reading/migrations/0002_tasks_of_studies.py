"""Every study that is there already gets its task, raised to what its runs said."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Max


def tasks_made(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    studies, tasks = apps.get_model("studies", "Study").objects, apps.get_model("reading", "Task")
    runs = apps.get_model("runs", "Run").objects
    said = dict(runs.values_list("series__study").annotate(top=Max("urgency")).order_by())
    reasons = dict(
        runs.filter(urgency__gt=0).order_by("urgency", "created_at").values_list("series__study", "urgency_reason")
    )
    made = (
        tasks(
            study_id=study,
            site_id=site,
            waiting_since=arrived_at,
            ai_urgency=said.get(study) or 0,
            ai_reason=reasons.get(study, ""),
            # As `rank_of` had it for a routine task when this was written.
            rank={3: 1, 2: 3, 1: 4}.get(said.get(study) or 0, 5),
        )
        for study, site, arrived_at in studies.values_list("pk", "site", "arrived_at").iterator()
    )
    tasks.objects.bulk_create(made, batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [
        ("reading", "0001_tasks"),
        ("runs", "0003_experimental_and_ranges"),
        ("studies", "0002_object_index"),
    ]

    operations = [migrations.RunPython(tasks_made, migrations.RunPython.noop)]
