"""What comes in from outside: models' answers to be ranked, and rows of other records."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from curation import intake
from curation.actions import imports
from curation.api.within import Within
from curation.formats.registry import FORMATS
from curation.formats.rows import of_lines
from curation.models import Dataset, Message
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked

AT_ONCE = 500
ROWS_AT_ONCE = 2_000

Read = serializers.Serializer[Any]


class CandidateSerializer(Strict):
    prompt = serializers.UUIDField(help_text="The `uid` of an accepted prompt.")
    text = serializers.CharField(trim_whitespace=False)


class CandidatesSerializer(Strict):
    generator = serializers.CharField(
        max_length=120, help_text="What the model is called. Who ranks does not read it."
    )
    candidates = CandidateSerializer(  # type: ignore[call-arg]  # of the list
        many=True, min_length=1, max_length=AT_ONCE
    )


class TakenSerializer(Read):
    taken = serializers.IntegerField()
    refused = serializers.IntegerField(
        help_text="Empty, there already, or to a prompt that takes none."
    )


class CandidateViewSet(Within):
    scopes: ClassVar[dict[str, str]] = {"create": Scope.CURATE}
    queryset = Message.objects.none()

    @extend_schema(request=CandidatesSerializer, responses=TakenSerializer)
    def create(self, request: Request, slug: str) -> Response:
        """Put answers of a model beside the others, to be ranked blind by people.

        Nothing is learned from one before a person accepts it. Pushing again adds nothing.
        """
        dataset, sent = (
            self.dataset_to_curate(),
            checked(CandidatesSerializer, request.data),
        )
        proposals = [
            intake.Proposal(str(one["prompt"]), one["text"]) for one in sent["candidates"]
        ]
        taken: Any = intake.push_replies(
            proposals, dataset=dataset, generator=sent["generator"], by=self.person
        )
        return Response(TakenSerializer(taken).data)


class RowsSerializer(Strict):
    format = serializers.ChoiceField(choices=list(FORMATS))
    rows = serializers.ListField(
        child=serializers.DictField(), min_length=1, max_length=ROWS_AT_ONCE
    )
    mapping = serializers.DictField(
        child=serializers.CharField(),
        required=False,
        help_text="The column of each field that is called otherwise.",
    )
    as_state = serializers.ChoiceField(
        choices=["accepted", "submitted"], default="accepted"
    )
    name = serializers.CharField(
        required=False, max_length=120, help_text="Of the file, for the history."
    )


class ProblemSerializer(Read):
    line = serializers.IntegerField(help_text="Which row, from 1.")
    reason = serializers.CharField(
        source="said", help_text="In the language that was asked for."
    )


class ReportSerializer(Read):
    conversations = serializers.IntegerField()
    messages = serializers.IntegerField()
    rankings = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="Rows that were there already.")
    bad = serializers.IntegerField(help_text="Rows that were refused.")
    problems = ProblemSerializer(many=True)


class RowViewSet(Within):
    scopes: ClassVar[dict[str, str]] = {"create": Scope.CURATE}
    queryset = Dataset.objects.none()

    @extend_schema(request=RowsSerializer, responses=ReportSerializer)
    def create(self, request: Request, slug: str) -> Response:
        """Import rows in one of the formats, as files are imported.

        What is wrong with a row is in the report, and the others are taken. Sending the
        same rows again adds nothing.
        """
        dataset, sent = self.dataset_to_curate(), checked(RowsSerializer, request.data)
        lines = [json.dumps(row).encode() for row in sent["rows"]]
        report: Any = imports.import_rows(
            dataset=dataset,
            rows=partial(of_lines, lines),
            format=sent["format"],
            by=self.person,
            as_state=sent["as_state"],
            file_name=sent.get("name", ""),
            mapping=sent.get("mapping"),
        )
        return Response(ReportSerializer(report).data)
