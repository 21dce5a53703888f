"""Files that curators import: sent as they are, started once it is said how to read them,
taken in by a worker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access, mapped, tasks
from curation.actions import importing
from curation.api.errands import Errands, ErrandSerializer
from curation.background import ring
from curation.errors import CurationError
from curation.formats.registry import FORMATS
from curation.forms.imports import MappingForm
from curation.models import Import, Refusal
from curation.models.imports import ARRIVING
from curation.rest.pagination import InTurn
from curation.rest.parsers import CarefulJSONParser
from curation.rest.raw import RawParser
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked

Read = serializers.Serializer[Any]


class ImportSerializer(ErrandSerializer):
    class Meta:
        model = Import
        fields = (
            "id", "file_name", "size", "kind", "encoding", "format", "mapping", "as_state",
            "state", "seen", "of", "conversations", "messages", "rankings", "unchanged",
            "refused", "why", "asked_at", "ended_at",
        )  # fmt: skip


class GuessSerializer(Read):
    """How the file would be read where nothing else is said."""

    format = serializers.CharField()
    mapping = serializers.DictField(child=serializers.CharField())
    columns = serializers.ListField(child=serializers.CharField())


class ReceivedSerializer(ImportSerializer):
    guess = GuessSerializer()

    class Meta(ImportSerializer.Meta):
        fields = (*ImportSerializer.Meta.fields, "guess")  # type: ignore[assignment]


class NameSerializer(Strict):
    name = serializers.CharField(
        max_length=120, default="rows.jsonl", help_text="Of the file: its end tells a kind."
    )


class StartSerializer(Strict):
    """What is left out is as it was guessed."""

    format = serializers.ChoiceField(choices=list(FORMATS), required=False)
    mapping = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        required=False,
        help_text="The column of each field that is called otherwise.",
    )
    as_state = serializers.ChoiceField(
        choices=[state for state, _said in ARRIVING], default=ARRIVING[0][0]
    )


class RefusalSerializer(serializers.ModelSerializer[Refusal]):
    reason = serializers.CharField(
        source="said", help_text="In the language that was asked for."
    )

    class Meta:
        model = Refusal
        fields = ("line", "reason")


class ImportViewSet(Errands):
    """For curators, the newest first."""

    # A file is read once, as it comes. Sent twice it is there twice, and started once.
    replays = False
    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("create", "start", "cancel"), Scope.CURATE
    )
    asks: ClassVar[dict[str, type[Strict]]] = {"create": NameSerializer}
    queryset = Import.objects.none()
    serializer_class = ImportSerializer
    parser_classes = (RawParser,)

    def one(self, id: str) -> Import:
        return access.import_in(self.dataset_to_curate(), int(id))

    def get_queryset(self) -> QuerySet[Import]:
        return Import.objects.filter(dataset=self.dataset_to_curate())

    @extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={201: ReceivedSerializer},
    )
    def create(self, request: Request, slug: str) -> Response:
        """Send a file: JSON lines, JSON, CSV, Parquet. Nothing of it is taken yet."""
        dataset = self.dataset_to_curate()
        parts = cast(Iterable[bytes], request.data or ())
        found = importing.receive(
            dataset=dataset, by=self.person, name=self.asked["name"], content=parts
        )
        form = self._guess(found)
        guess = {
            "format": form.known.key, "mapping": form.guess, "columns": form.there,
        }  # fmt: skip
        shown: Any = {**ImportSerializer(found).data, "guess": guess}
        return Response(shown, status=201)

    @extend_schema(request=StartSerializer)
    @action(detail=True, methods=["post"], parser_classes=[CarefulJSONParser])
    def start(self, request: Request, slug: str, id: str) -> Response:
        """Take it in, in the background."""
        found, sent = self.one(id), checked(StartSerializer, request.data)
        if found.state != Import.State.CHOOSING or not found.has_file:
            raise CurationError(_("This file was started already."))
        form = self._guess(found)
        format = sent.get("format", form.known.key)
        guess = form.guess if format == form.known.key else {}
        started = importing.start(
            import_id=found.pk,
            by=self.person,
            format=format,
            mapping=sent.get("mapping", guess),
            as_state=sent["as_state"],
        )
        ring(tasks.take_import, import_id=started.pk)
        return self.told(started)

    @extend_schema(responses=RefusalSerializer(many=True))
    @action(detail=True, pagination_class=InTurn)
    def refusals(self, request: Request, slug: str, id: str) -> Response:
        """The rows that were not taken, and why."""
        page = self.paginate_queryset(self.one(id).refusals.all())
        shown: Any = RefusalSerializer(page or (), many=True)
        return self.get_paginated_response(shown.data)

    def _guess(self, found: Import) -> MappingForm:
        first = mapped.first_rows(found)
        return MappingForm(dataset=found.dataset, first=first)
