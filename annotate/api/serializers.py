"""A task as a program sees it: what its page shows, and no more."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from annotate.models import Assignment
from curation.rest.strict import Strict

Read = serializers.Serializer[Any]


class TaskCategorySerializer(Read):
    slug = serializers.SlugField()
    name = serializers.CharField()
    brief = serializers.CharField(help_text="What writers are told of it.")


class TaskGuidelineSerializer(Read):
    number = serializers.IntegerField()
    text = serializers.CharField(help_text="Markdown.")


class TurnSerializer(Read):
    """Something that was said. By whom is not."""

    role = serializers.ChoiceField(choices=["prompter", "assistant"])
    text = serializers.CharField(help_text="Markdown.")
    # As in label below: the metaclass takes fields away before they hide anything.
    context = serializers.CharField(  # type: ignore[assignment]
        help_text="The passage that it stands on, or nothing."
    )
    language = serializers.CharField()


class SubjectSerializer(TurnSerializer):
    id = serializers.CharField(source="address")


class AnswerSerializer(Read):
    """In the order in which this person is to see them. Names of authors are masked."""

    letter = serializers.CharField()
    text = serializers.CharField()
    language = serializers.CharField()


class TaskFindingSerializer(Read):
    advice = serializers.CharField()
    marked = serializers.ListField(
        child=serializers.CharField(), help_text="The words that it is about, if any."
    )


class LabelSerializer(Read):
    name = serializers.CharField()
    value = serializers.CharField()


class VerdictSerializer(Read):
    """What a reviewer said, where a disagreement is to be settled. Nobody is named."""

    verdict = serializers.CharField()
    reason = serializers.CharField()
    note = serializers.CharField()
    labels = LabelSerializer(many=True)


class ReasonSerializer(Read):
    """Why a better answer is asked for."""

    quality = serializers.FloatField(
        allow_null=True, help_text="Mean of the labels, from 1 to 5."
    )
    rated_by = serializers.IntegerField()
    none_good = serializers.IntegerField(
        help_text="How many said that no answer to the prompt is good."
    )


class ChoiceSerializer(Read):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class FieldSerializer(Read):
    """One field that a submission takes."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField()
    type = serializers.ChoiceField(choices=["text", "choice", "boolean", "integer"])
    is_required = serializers.BooleanField()
    choices = ChoiceSerializer(many=True)
    starts_with = serializers.CharField(help_text="What it holds before a change.")
    question = serializers.CharField(required=False, help_text="Of a label: what it asks.")
    low = serializers.CharField(required=False, help_text="Of a label: what 1 means.")
    high = serializers.CharField(required=False, help_text="Of a label: what 5 means.")


class DraftSerializer(Read):
    fields_kept = serializers.DictField(child=serializers.CharField())
    saved_at = serializers.DateTimeField()


class HeldSerializer(serializers.ModelSerializer[Assignment]):
    """A task that the person holds, in short."""

    id = serializers.CharField(source="address", read_only=True)
    dataset = serializers.SlugField(source="dataset.slug", read_only=True)
    category = TaskCategorySerializer(read_only=True, allow_null=True)

    class Meta:
        model = Assignment
        fields = ("id", "kind", "dataset", "category", "language", "lease_until")


class TaskSerializer(HeldSerializer):
    """All that it takes to do it."""

    guideline = TaskGuidelineSerializer(allow_null=True)
    turns = TurnSerializer(many=True, help_text="What was said before, from the top.")
    message = SubjectSerializer(
        allow_null=True, help_text="What is judged, or to be improved."
    )
    original = TurnSerializer(
        allow_null=True, help_text="What the message was made from by somebody else."
    )
    is_rewrite = serializers.BooleanField()
    findings = TaskFindingSerializer(many=True, help_text="What automatic checks saw.")
    verdicts = VerdictSerializer(many=True)
    answers = AnswerSerializer(many=True)
    reason = ReasonSerializer(allow_null=True)
    example = TurnSerializer(many=True, help_text="An accepted text of this sort.")
    fields_taken = FieldSerializer(many=True, help_text="What a submission takes.")
    draft = DraftSerializer(allow_null=True)

    class Meta(HeldSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *HeldSerializer.Meta.fields, "guideline", "turns", "message", "original",
            "is_rewrite", "findings", "verdicts", "answers", "reason", "example",
            "fields_taken", "draft",
        )  # fmt: skip


class ClaimSerializer(Strict):
    """What is asked for; left out, the best of all that waits."""

    kind = serializers.ChoiceField(choices=Assignment.Kind.choices, required=False)
    dataset = serializers.SlugField(required=False)
    category = serializers.SlugField(required=False)


class SkipSerializer(Strict):
    reason = serializers.CharField(required=False, max_length=40)


class LeaseSerializer(Read):
    lease_until = serializers.DateTimeField()


class SavedSerializer(Read):
    saved_at = serializers.DateTimeField()


class SubmittedSerializer(Read):
    """`said` is what the person learns of a known item; nothing of an ordinary one."""

    task = serializers.CharField()
    said = serializers.CharField()


class OfferSerializer(Read):
    """A kind of work that waits for the person in a dataset."""

    dataset = serializers.SlugField(source="dataset.slug")
    kind = serializers.ChoiceField(choices=Assignment.Kind.choices)
    waiting = serializers.IntegerField(help_text="Counted up to 1,000.")


class WaitingSerializer(Read):
    results = OfferSerializer(many=True)
