"""What goes out and comes in. Fields are listed: a new column must not publish itself."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from curation.formats import recipe as recipes
from curation.models import Dataset, DatasetVersion, Freezing
from curation.rest.strict import Strict


class VersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    dataset = serializers.SlugRelatedField[Dataset](slug_field="slug", read_only=True)

    class Meta:
        model = DatasetVersion
        fields = (
            "digest", "dataset", "number", "train_count", "held_out_count", "frozen_at",
            "recipe",
        )  # fmt: skip


class VersionDetailSerializer(VersionSerializer):
    class Meta(VersionSerializer.Meta):
        fields = (*VersionSerializer.Meta.fields, "manifest")  # type: ignore[assignment]


class RecipeSerializer(Strict):
    """The shape of a recipe. A key misspelt would select all."""

    categories = serializers.ListField(child=serializers.CharField(), required=False)
    languages = serializers.ListField(child=serializers.CharField(), required=False)
    best_replies = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    with_models = serializers.BooleanField(required=False)
    states = serializers.MultipleChoiceField(
        choices=recipes.CONVERSATION_STATES, required=False
    )
    statuses = serializers.MultipleChoiceField(choices=recipes.STATUSES, required=False)
    reviews_from = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    agreement_from = serializers.IntegerField(min_value=-100, max_value=100, required=False)
    rating_from = serializers.IntegerField(min_value=0, max_value=70, required=False)
    cap_per_author = serializers.IntegerField(
        min_value=0, max_value=1_000_000, required=False
    )
    duplicates = serializers.ChoiceField(choices=recipes.DUPLICATES, required=False)
    contested = serializers.ChoiceField(choices=recipes.CONTESTED, required=False)
    pairs = serializers.ChoiceField(choices=recipes.PAIRS, required=False, allow_blank=True)
    edits = serializers.BooleanField(required=False)
    weights = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=recipes.WEIGHT_AT_MOST),
        required=False,
    )

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        return {k: sorted(v) if isinstance(v, set) else v for k, v in found.items()}


class FreezeSerializer(Strict):
    """Checks the shape of the request only; `versions.freeze` holds the rules."""

    dataset = serializers.SlugField()
    recipe = RecipeSerializer(required=False)


class FilterSerializer(Strict):
    """?dataset= of the list of versions."""

    dataset = serializers.SlugField(required=False)


class SplitSerializer(Strict):
    """?split= of a version's records."""

    split = serializers.ChoiceField(choices=["train", "held_out"], default="train")


class FreezingSerializer(serializers.ModelSerializer[Freezing]):
    """A version in the making; `version` is its digest once it is there."""

    dataset = serializers.SlugRelatedField[Dataset](slug_field="slug", read_only=True)
    version = serializers.SlugRelatedField[DatasetVersion](
        slug_field="digest", read_only=True
    )

    class Meta:
        model = Freezing
        fields = ("id", "dataset", "state", "seen", "of", "taken", "why", "version")


class SinceSerializer(Strict):
    """?since= of what differs between two versions."""

    since = serializers.RegexField(r"^[0-9a-f]{64}$")


class VersionFileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Empty for the manifest, which has the rest.")


class VersionFilesSerializer(serializers.Serializer[Any]):
    results = VersionFileSerializer(many=True)
