"""What goes out and comes in. Fields are listed: a new column must not publish itself."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from curation.models import Dataset, DatasetVersion


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    conversation_count = serializers.IntegerField(read_only=True)  # all from for_listing()
    complete_count = serializers.IntegerField(read_only=True)
    version_count = serializers.IntegerField(read_only=True)
    target = serializers.IntegerField(read_only=True)

    class Meta:
        model = Dataset
        fields = (
            "slug", "title", "description", "shape", "languages", "licence", "created_at",
            "conversation_count", "complete_count", "version_count", "target",
        )  # fmt: skip


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


class RecipeSerializer(serializers.Serializer[Any]):
    """The shape of a recipe. An unknown key is refused: misspelt, it would select all."""

    categories = serializers.ListField(child=serializers.CharField(), required=False)
    languages = serializers.ListField(child=serializers.CharField(), required=False)
    best_replies = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    with_models = serializers.BooleanField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        known = self.fields
        unknown = sorted(set(data) - set(known)) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError(
                {name: f"A recipe knows only {', '.join(known)}." for name in unknown}
            )
        return super().to_internal_value(data)


class FreezeSerializer(serializers.Serializer[Any]):
    """Checks the shape of the request only; `versions.freeze` holds the rules."""

    dataset = serializers.SlugField()
    recipe = RecipeSerializer(required=False)


class FilterSerializer(serializers.Serializer[Any]):
    """?dataset= of the list of versions."""

    dataset = serializers.SlugField(required=False)


class SplitSerializer(serializers.Serializer[Any]):
    """?split= of a version's records."""

    split = serializers.ChoiceField(choices=["train", "held_out"], default="train")
