import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Every mark has a series, and lies on an image or on a cut."""

    dependencies = [("marks", "0003_cuts")]

    operations = [
        migrations.AlterField(
            model_name="mark",
            name="series",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="studies.series"
            ),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("frame__isnull", False),
                        ("frame_of_reference", ""),
                        ("instance__isnull", False),
                        ("normal__isnull", True),
                    ),
                    models.Q(
                        ("frame__isnull", True),
                        ("instance__isnull", True),
                        ("normal__isnull", False),
                        models.Q(("frame_of_reference", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="mark_lies_on_image_or_cut",
            ),
        ),
    ]
