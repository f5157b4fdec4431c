import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def series_told(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:  # noqa: ARG001
    """Write down of each mark the series of its image."""
    of_image = apps.get_model("studies", "Instance").objects.filter(pk=OuterRef("instance")).values("series")[:1]
    apps.get_model("marks", "Mark").objects.filter(series=None).update(series=Subquery(of_image))


class Migration(migrations.Migration):
    """Marks on cuts through a volume beside those on images. What there is lies on images."""

    dependencies = [
        ("marks", "0002_outlines"),
        ("studies", "0004_found_by_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="mark",
            name="frame_of_reference",
            field=models.CharField(
                blank=True,
                default="",
                help_text="of a mark on a cut: Frame of Reference UID (PS3.3 C.7.4.1)",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="mark",
            name="normal",
            field=models.JSONField(
                help_text="of the cut: [x, y, z], of length 1, to the left, back and head", null=True
            ),
        ),
        migrations.AddField(
            model_name="mark",
            name="series",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="marks",
                to="studies.series",
            ),
        ),
        migrations.AlterField(
            model_name="mark",
            name="frame",
            field=models.PositiveIntegerField(help_text="from 1, as DICOM counts; none on a cut", null=True),
        ),
        migrations.AlterField(
            model_name="mark",
            name="instance",
            field=models.ForeignKey(
                help_text="none on a cut",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="marks",
                to="studies.instance",
            ),
        ),
        migrations.AlterField(
            model_name="markversion",
            name="points",
            field=models.JSONField(
                help_text="[[x, y], ...] in pixels, the centre of the first being 0, 0; on a cut [[x, y, z], ...] in mm"
            ),
        ),
        # Last: PostgreSQL alters no table whose rows this transaction has changed.
        migrations.RunPython(series_told, migrations.RunPython.noop),
    ]
