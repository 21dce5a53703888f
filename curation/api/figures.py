"""How a dataset is doing: the tables of its dashboard, and how far people agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access, agreed
from curation.actions.rights import Sight
from curation.api.within import Within
from curation.dashboards import coverage, offered
from curation.dashboards.scope import LANGUAGE, RANGES, USUAL, Scope
from curation.dashboards.tables import Table
from curation.judged import judged_in
from curation.models import Dataset, Settlement
from curation.rest.strict import Strict

Read = serializers.Serializer[Any]
KINDS = ("text", "day", "count", "share", "decimal", "hours", "weeks")
NAMES = [*offered.TABLES, offered.WAITING]


class FigureFilterSerializer(Strict):
    days = serializers.ChoiceField(choices=list(RANGES), default=USUAL)
    category = serializers.SlugField(required=False)
    language = serializers.RegexField(LANGUAGE, required=False)


class ColumnSerializer(Read):
    name = serializers.CharField(help_text="In your language.")
    kind = serializers.ChoiceField(choices=KINDS)


class TableSerializer(Read):
    key = serializers.ChoiceField(choices=NAMES)
    columns = ColumnSerializer(many=True)
    rows = serializers.ListField(
        child=serializers.ListField(child=serializers.JSONField(allow_null=True)),
        help_text="Cells in the order of the columns; null where nothing can be said.",
    )


class FigureViewSet(Within):
    """The tables that its pages and their files are made of."""

    asks: ClassVar[dict[str, type[Strict]]] = {"retrieve": FigureFilterSerializer}
    places: ClassVar[dict[str, type]] = {"slug": str, "name": str}
    queryset = Dataset.objects.none()
    lookup_url_kwarg = "name"
    lookup_value_regex = "|".join(NAMES)

    @extend_schema(responses=TableSerializer)
    def retrieve(self, request: Request, slug: str, name: str) -> Response:
        """Progress, throughput, acceptance, reasons, coverage, what waits, and so on.

        Those who judge are not told how others do: for them there is no `agreement`.
        """
        found = offered.table(name, self._scope(), self.seen)
        if found is None:
            raise Http404
        return Response(TableSerializer(_told(found)).data)

    def _scope(self) -> Scope:
        categories = tuple(self.dataset.categories.order_by("name", "pk"))
        wanted = self.asked.get("category")
        category = next((one for one in categories if one.slug == wanted), None)
        if wanted and category is None:
            raise ValidationError({"category": [_("There is no such category here.")]})
        chosen = Scope(
            dataset=self.dataset,
            categories=categories,
            range=self.asked["days"],
            category=category,
            language=self.asked.get("language", ""),
        )
        return replace(chosen, is_large=coverage.is_large(coverage.cells_of(chosen)))


def _told(table: Table) -> Any:
    return {
        "key": table.key,
        "columns": [{"name": str(one.name), "kind": one.kind} for one in table.columns],
        "rows": [row.cells for row in table.rows],
    }


class QuestionSerializer(Read):
    question = serializers.CharField(help_text="`verdict`, or the name of a label.")
    items = serializers.IntegerField(help_text="That two or more answered.")
    answers = serializers.IntegerField()
    alpha = serializers.FloatField(allow_null=True, help_text="Krippendorff’s.")
    kappa = serializers.FloatField(allow_null=True, help_text="Fleiss’s.")


class GroupSerializer(Read):
    texts = serializers.IntegerField(help_text="Judged by several.")
    alpha = serializers.FloatField(allow_null=True)
    kappa = serializers.FloatField(allow_null=True)
    prompts = serializers.IntegerField(help_text="Ranked by several.")
    correlation = serializers.FloatField(allow_null=True)


class CategoryAgreementSerializer(GroupSerializer):
    category = serializers.CharField(allow_null=True, help_text="Its slug.")


class GuidelineAgreementSerializer(GroupSerializer):
    guideline = serializers.IntegerField(allow_null=True, help_text="Its number.")


class PersonAgreementSerializer(Read):
    person = serializers.IntegerField()
    name = serializers.CharField()
    texts = serializers.IntegerField()
    same = serializers.FloatField(
        allow_null=True, help_text="Share of the others’ verdicts that are as theirs."
    )
    prompts = serializers.IntegerField()
    correlation = serializers.FloatField(allow_null=True)


class StatusSerializer(Read):
    status = serializers.ChoiceField(choices=Settlement.Status.choices)
    prompts = serializers.IntegerField()


class AgreementSerializer(Read):
    is_all = serializers.BooleanField(help_text="Or of the newest judgements alone.")
    questions = QuestionSerializer(many=True)
    categories = CategoryAgreementSerializer(many=True)
    guidelines = GuidelineAgreementSerializer(many=True)
    settled = StatusSerializer(many=True)
    people = PersonAgreementSerializer(
        many=True, allow_null=True, help_text="For curators."
    )


class AgreementViewSet(Within):
    """How far people agree: for curators and viewers, as those who judge do so blind."""

    queryset = Dataset.objects.none()

    @extend_schema(responses=AgreementSerializer)
    def retrieve(self, request: Request, slug: str) -> Response:
        dataset, seen = access.dataset_to_measure(self.asking, slug)
        judged = judged_in(dataset)
        people = agreed.people(judged) if seen == Sight.ALL else None
        shown: Any = {
            "is_all": judged.is_all,
            "questions": [
                {"question": one.key, **one.question._asdict()}
                for one in agreed.questions(judged)
            ],
            "categories": [
                {"category": one.key, **one.group._asdict()}
                for one in agreed.categories(dataset, judged)
            ],
            "guidelines": [
                {"guideline": one.key, **one.group._asdict()}
                for one in agreed.guidelines(dataset, judged)
            ],
            "settled": [
                {"status": status, "prompts": count}
                for status, count in agreed.counts(dataset)
            ],
            "people": people and [
                {"person": one.person.pk, "name": str(one.person), **one.beside._asdict()}
                for one in people
            ],
        }  # fmt: skip
        return Response(AgreementSerializer(shown).data)
