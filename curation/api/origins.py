"""Versions, models and texts as JSON, with what is behind them and where they went."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from curation import lineage
from curation.api.nodes import STATES
from curation.models import DatasetVersion, ModelReport

Read = serializers.Serializer[Any]
WHERE_SEEN = "Where you may see the version."


class ModelSerializer(serializers.ModelSerializer[ModelReport]):
    dataset = serializers.SlugField(source="version.dataset.slug", read_only=True)
    version = serializers.CharField(source="version.digest", read_only=True)
    replaced_by = serializers.IntegerField(
        source="replaced_by_id", read_only=True, allow_null=True
    )

    class Meta:
        model = ModelReport
        fields = (
            "id", "name", "generator", "source", "method", "dataset", "version", "examples",
            "held_out_loss_before", "held_out_loss", "held_out_accuracy", "finished_at",
            "replaced_by",
        )  # fmt: skip


class FaredSerializer(Read):
    """Of n blind comparisons so many percent were won, between low and high at 95%."""

    n = serializers.IntegerField()
    share = serializers.IntegerField()
    low = serializers.IntegerField()
    high = serializers.IntegerField()


class LearnedSerializer(Read):
    model = ModelSerializer(source="report")
    people = FaredSerializer(help_text="Against answers of people.")
    models = FaredSerializer(help_text="Against answers of other models.")


class AgreedSerializer(Read):
    terms = serializers.CharField()
    licence = serializers.CharField()
    uses = serializers.ListField(child=serializers.CharField())
    people = serializers.IntegerField(help_text="Writers who had agreed to them.")


class GuidedSerializer(Read):
    number = serializers.IntegerField(help_text="Of the guideline.")
    texts = serializers.IntegerField(help_text="Written under it.")


class FactsSerializer(Read):
    """Counts and names of terms, never of people."""

    licence = serializers.CharField()
    languages = serializers.DictField(child=serializers.IntegerField())
    categories = serializers.DictField(child=serializers.IntegerField())
    origins = serializers.DictField(
        child=serializers.IntegerField(), help_text="Texts by person, model, import."
    )
    writers = serializers.IntegerField()
    reviewers = serializers.IntegerField()
    reviews = serializers.IntegerField()
    rankers = serializers.IntegerField()
    ballots = serializers.IntegerField()
    guidelines = GuidedSerializer(many=True)
    agreed = AgreedSerializer(many=True)
    without_consent = serializers.IntegerField(help_text="Writers with none on record.")
    recalled = serializers.IntegerField(help_text="Texts that were taken back since.")
    erased = serializers.IntegerField(help_text="Of these, with their words destroyed.")
    personal_data = serializers.IntegerField(help_text="Texts that may name somebody.")


class BehindSerializer(Read):
    """What is behind a version."""

    facts = FactsSerializer()
    not_allowed = serializers.ListField(
        child=serializers.CharField(),
        help_text="Uses that not everybody behind it agreed to.",
    )
    learned = LearnedSerializer(many=True)


class VersionOfSerializer(Read):
    """A version by its name, and by its digest where the person may see it."""

    dataset = serializers.CharField(source="version.dataset.title")
    number = serializers.IntegerField(source="version.number")
    digest = serializers.SerializerMethodField(help_text=WHERE_SEEN)

    def get_digest(self, found: Any) -> str | None:
        version: DatasetVersion = found.version
        return version.digest if version.dataset_id in self.context["seen"] else None


class InWeightsSerializer(VersionOfSerializer):
    examples = serializers.IntegerField()
    writers = serializers.IntegerField(source="facts.writers")
    recalled = serializers.IntegerField(source="facts.recalled")
    not_allowed = serializers.ListField(child=serializers.CharField())


class RecalledSerializer(Read):
    texts = serializers.IntegerField()
    erased = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True)


class BehindModelSerializer(BehindSerializer):
    """What is behind a model; `facts` are of the version that it was measured on."""

    versions = InWeightsSerializer(many=True, help_text="Its own first.")
    recalled = RecalledSerializer(help_text="That it may have learned from.")
    learned = LearnedSerializer(many=True, help_text="The model itself.")


class LearnerSerializer(Read):
    id = serializers.SerializerMethodField(help_text=WHERE_SEEN)
    name = serializers.CharField(source="report.name")
    replaced_by = serializers.CharField(
        source="replaced_by.name", allow_null=True, default=None
    )
    is_clean = serializers.BooleanField(help_text="What replaced it never saw this.")

    def get_id(self, learner: lineage.Learner) -> int | None:
        report, seen = learner.report, self.context["seen"]
        return report.pk if report.version.dataset_id in seen else None


class ReachedSerializer(VersionOfSerializer):
    frozen_at = serializers.DateTimeField(source="version.frozen_at")
    models = LearnerSerializer(many=True, help_text="That learned from it.")


class MadeSerializer(Read):
    id = serializers.CharField(source="message.address")
    state = serializers.ChoiceField(choices=STATES)


class WentSerializer(Read):
    """Where a text went, as far as the person may know."""

    state = serializers.ChoiceField(choices=STATES)
    made = MadeSerializer(many=True, help_text="Other words that were made of it.")
    versions = ReachedSerializer(many=True, source="reached", help_text="The newest first.")


class HoldingSerializer(VersionOfSerializer):
    """A version that holds texts of one's own."""

    answers = serializers.IntegerField()
    prompts = serializers.IntegerField()
    kept = serializers.IntegerField(help_text="Of both, held out: no model learns these.")
    learned = LearnedSerializer(many=True, source="models")


class HoldingsSerializer(Read):
    results = HoldingSerializer(many=True)


@extend_schema_serializer(many=False)
class CardsSerializer(Read):
    results = serializers.ListField(child=serializers.CharField(), help_text="Names.")
