"""Where the same first words stand already: see `sides_of` in actions/conversations.py."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("curation", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="prompt_key",
            field=models.CharField(blank=True, editable=False, max_length=32),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["dataset", "prompt_key"], name="conversation_by_prompt"
            ),
        ),
    ]
