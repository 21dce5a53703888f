"""Vectors of texts, in plain arrays, and the trigger that removes them with the words."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import curation.models.vectors

# Whatever takes back, erases or changes a text need not know of vectors. Numbers of real
# models do not shrink, so nothing is tried.
FORGOTTEN = """
ALTER TABLE curation_vector ALTER COLUMN numbers SET STORAGE EXTERNAL;
CREATE FUNCTION curation_forget_vector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM curation_vector WHERE message_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER curation_vector_withdrawn AFTER UPDATE OF state ON curation_message
FOR EACH ROW WHEN (NEW.state = 'withdrawn' AND OLD.state <> 'withdrawn')
EXECUTE FUNCTION curation_forget_vector();
CREATE TRIGGER curation_vector_changed AFTER UPDATE OF text, context ON curation_message
FOR EACH ROW WHEN (OLD.text <> NEW.text OR OLD.context <> NEW.context)
EXECUTE FUNCTION curation_forget_vector();
"""
REMEMBERED = """
DROP TRIGGER curation_vector_changed ON curation_message;
DROP TRIGGER curation_vector_withdrawn ON curation_message;
DROP FUNCTION curation_forget_vector();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0019_sessions"),
    ]

    operations = [
        migrations.CreateModel(
            name="EmbeddingModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("name", models.CharField(max_length=200, unique=True)),
                (
                    "dimensions",
                    models.PositiveSmallIntegerField(help_text="Numbers in a vector."),
                ),
                ("busy_until", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("dimensions__gte", 1)),
                        name="embeddingmodel_has_dimensions",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Vector",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="vector",
                        serialize=False,
                        to="curation.message",
                    ),
                ),
                (
                    "is_first",
                    models.BooleanField(
                        help_text="Whether it is a conversation's first prompt."
                    ),
                ),
                (
                    "numbers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=curation.models.vectors.RealField(), null=True, size=None
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="curation.dataset",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="vectors",
                        to="curation.embeddingmodel",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["model", "dataset", "is_first"], name="vector_by_dataset"
                    )
                ],
            },
        ),
        migrations.RunSQL(FORGOTTEN, REMEMBERED),
    ]
