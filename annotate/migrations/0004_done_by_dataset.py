from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotate", "0003_fill_slots")]

    operations = [
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("state", "done")),
                fields=["dataset", "done_at"],
                name="assignment_done",
            ),
        ),
    ]
