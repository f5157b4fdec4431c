from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0005_measures'),
    ]

    operations = [
        migrations.AddField(
            model_name='finding',
            name='opinions',
            field=models.JSONField(default=list, help_text='by other roads, each as `workers.contracts.OpinionAnswer`'),
        ),
    ]
