"""The record as it is, or a version of it, as a file in a format of others."""

from __future__ import annotations

from typing import Any, ClassVar, get_args

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access, downloads, tasks
from curation.actions import extracting
from curation.api.errands import Errands, WrittenSerializer
from curation.background import ring
from curation.formats.preferences import Policy
from curation.formats.registry import WRITTEN
from curation.forms.extracts import KINDS, RECORD, ExtractForm
from curation.models import Extract
from curation.rest.forms import valid
from curation.rest.renderers import FILE
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked

Read = serializers.Serializer[Any]


class ExtractSerializer(WrittenSerializer):
    version = serializers.IntegerField(
        source="version.number", read_only=True, allow_null=True, default=None,
        help_text="Its number; null: the record as it is.",
    )  # fmt: skip

    class Meta:
        model = Extract
        fields = (
            "id", "version", "format", "kind", "pairs", "is_undecided", "is_renamed",
            "state", "seen", "of", "rows", "size", "sha256", "has_file", "why", "asked_at",
            "ended_at",
        )  # fmt: skip


class ExtractWish(Strict):
    format = serializers.ChoiceField(choices=list(WRITTEN))
    kind = serializers.ChoiceField(choices=list(KINDS), default="jsonl")
    version = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**31 - 1,
        help_text="Its number; null: the record as it is.",
    )  # fmt: skip
    pairs = serializers.ChoiceField(
        choices=get_args(Policy), default="all", help_text="Of preferences only."
    )
    is_undecided = serializers.BooleanField(
        default=False, help_text="Of the record: also what waits or was rejected."
    )
    is_renamed = serializers.BooleanField(
        default=True, help_text="Names drawn anew for each file, dates cut to their month."
    )


class FirstRowsSerializer(Read):
    rows = serializers.ListField(child=serializers.DictField())


class ExtractViewSet(Errands):
    """For curators, the newest first. Files are kept for some days."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("create", "preview", "cancel"), Scope.CURATE
    )
    queryset = Extract.objects.none()
    serializer_class = ExtractSerializer

    def one(self, id: str) -> Extract:
        return access.extract_in(self.dataset_to_curate(), int(id))

    def get_queryset(self) -> QuerySet[Extract]:
        return self.dataset_to_curate().extracts.select_related("version")

    @extend_schema(request=ExtractWish, responses={201: ExtractSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Have it written, in the background."""
        dataset, wanted = self.dataset_to_curate(), self._wanted(request)
        found = extracting.ask(dataset=dataset, by=self.person, wanted=wanted)
        ring(tasks.write_extract, extract_id=found.pk)
        return self.told(found, status=201)

    @extend_schema(request=ExtractWish, responses=FirstRowsSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request, slug: str) -> Response:
        """The first rows of such a file."""
        rows = extracting.first_rows(self.dataset_to_curate(), self._wanted(request))
        shown: Any = {"rows": rows}
        return Response(FirstRowsSerializer(shown).data)

    @extend_schema(
        operation_id="datasets_extracts_file",
        responses={(200, "application/octet-stream"): bytes},
    )
    @action(detail=True, renderer_classes=FILE)
    def file(self, request: Request, slug: str, id: str) -> HttpResponseBase:
        """Once it is done, whole or in part: a download that broke off goes on by `Range`.

        Its SHA-256 is the ETag.
        """
        return downloads.extract(request._request, self.one(id))

    def _wanted(self, request: Request) -> extracting.Wanted:
        asked = checked(ExtractWish, request.data)
        form = ExtractForm(
            {
                **asked,
                "version": asked["version"] or RECORD,
                "is_as_it_is": not asked["is_renamed"],
            },
            dataset=self.dataset_to_curate(),
        )
        valid(form)
        return form.wanted
