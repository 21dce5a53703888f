from django.db import migrations


def go_on_as_before(apps, schema_editor):
    """What methods that go on from a run did by themselves is written down now."""
    schedules = apps.get_model("trainer", "Schedule").objects
    schedules.filter(method__in=["dpo", "unpaired"]).update(start="newest")


class Migration(migrations.Migration):
    dependencies = [
        ("trainer", "0014_remains"),
    ]

    operations = [
        migrations.RunPython(go_on_as_before, migrations.RunPython.noop),
    ]
