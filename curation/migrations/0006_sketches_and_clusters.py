import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# The planner takes every seventh row for alike, whatever the statistics say. It would read
# the whole table, or walk another index until the limit is met: 2.5 s of a million rows.
# A function that only has bitmaps to choose from is the one way that needs no transaction.
LOOKALIKES = """
CREATE FUNCTION curation_lookalikes(
    wanted integer[], of_dataset bigint, same_key text, alive text[]
)
RETURNS TABLE (message_id bigint, signature bytea)
LANGUAGE sql STABLE
SET enable_seqscan = off
SET enable_indexscan = off
SET enable_indexonlyscan = off
SET max_parallel_workers_per_gather = 0
SET jit = off
AS $$
    (
        SELECT message.id, NULL::bytea
        FROM curation_conversation conversation
        JOIN curation_message message ON message.conversation_id = conversation.id
        WHERE conversation.dataset_id = of_dataset
            AND conversation.prompt_key = same_key
            AND message.parent_id IS NULL
            AND message.state = ANY (alive)
        LIMIT 20
    )
    UNION ALL
    (
        SELECT near.message_id, near.signature
        FROM (
            SELECT sketch.message_id, sketch.signature, sketch.bands
            FROM curation_sketch sketch
            WHERE sketch.bands && wanted AND sketch.dataset_id = of_dataset
            LIMIT 300
        ) near
        ORDER BY (
            SELECT count(*)
            FROM unnest(near.bands, wanted) AS pair (theirs, asked)
            WHERE theirs = asked
        ) DESC, near.message_id
        LIMIT 100
    )
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("curation", "0005_words_of_prompts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sketch",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sketch",
                        serialize=False,
                        to="curation.message",
                    ),
                ),
                (
                    "bands",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None
                    ),
                ),
                ("signature", models.BinaryField(max_length=512)),
                ("version", models.PositiveSmallIntegerField()),
                (
                    "dataset",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="curation.dataset",
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["bands"], name="sketch_by_band"
                    ),
                    models.Index(fields=["version"], name="sketch_by_version"),
                ],
            },
        ),
        migrations.RunSQL(
            LOOKALIKES,
            "DROP FUNCTION curation_lookalikes(integer[], bigint, text, text[]);",
        ),
        # What found near-duplicates before.
        migrations.RemoveIndex(model_name="message", name="message_prompt_words"),
        migrations.AddField(
            model_name="finding",
            name="other",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="curation.message",
            ),
        ),
        migrations.CreateModel(
            name="Cluster",
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
                ("found_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clusters",
                        to="curation.dataset",
                    ),
                ),
                (
                    "head",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="headed_cluster",
                        to="curation.message",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClusterMember",
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
                (
                    "likeness",
                    models.FloatField(
                        help_text="0 to 1: the share of runs that both have."
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("merged", "A duplicate"),
                            ("dismissed", "Not a duplicate"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cluster",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="curation.cluster",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cluster_memberships",
                        to="curation.message",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("cluster", "message"), name="clustermember_once_per_cluster"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("likeness__gte", 0), ("likeness__lte", 1)),
                        name="clustermember_likeness_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at", None),
                                ("decided_by", None),
                                ("state", "open"),
                            ),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="clustermember_decided_all_or_nothing",
                    ),
                ],
            },
        ),
    ]
