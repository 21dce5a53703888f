"""What is behind versions and models, and where texts went: no more than the pages tell."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access, cards, facts, handoff, lineage
from curation.actions.rights import sight
from curation.api.messages import message_number
from curation.api.origins import (
    BehindModelSerializer,
    BehindSerializer,
    CardsSerializer,
    HoldingsSerializer,
    ModelSerializer,
    WentSerializer,
)
from curation.models import Dataset, DatasetVersion, Message, ModelReport
from curation.rest.pagination import LastFirst
from curation.rest.renderers import FILE
from curation.rest.resource import Resource
from curation.rest.strict import Strict


class Lineage(Resource, viewsets.GenericViewSet[Any]):
    """With the datasets that the person may see: others' versions have names alone."""

    def get_serializer_context(self) -> dict[str, Any]:
        seen = Dataset.objects.visible_to(self.person).values_list("pk", flat=True)
        return {**super().get_serializer_context(), "seen": set(seen)}


class TextLineageViewSet(Lineage):
    places: ClassVar[dict[str, type]] = {"id": str}
    queryset = Message.objects.none()

    @extend_schema(responses=WentSerializer)
    def retrieve(self, request: Request, id: str) -> Response:
        """What was made of its words, the versions that hold it, what learned from them."""
        message = access.message_to_discuss(self.asking, message_number(id))
        seen = sight(self.person, message.conversation.dataset)
        went: Any = lineage.of_text(message, self.person, seen)
        return Response(WentSerializer(went, context=self.get_serializer_context()).data)


class MyLineageViewSet(Lineage):
    queryset = Message.objects.none()

    @extend_schema(responses=HoldingsSerializer)
    def retrieve(self, request: Request) -> Response:
        """The versions that hold texts of one's own, and how what learned of them fares."""
        held: Any = {"results": lineage.of(self.person)}
        return Response(
            HoldingsSerializer(held, context=self.get_serializer_context()).data
        )


class OfVersion(Lineage):
    queryset = DatasetVersion.objects.none()

    @cached_property
    def version(self) -> DatasetVersion:
        return access.version_by_digest(self.asking, self.kwargs["digest"])


class VersionLineageViewSet(OfVersion):
    places: ClassVar[dict[str, type]] = {"digest": str}

    @extend_schema(responses=BehindSerializer)
    def retrieve(self, request: Request, digest: str) -> Response:
        """How many people, which guidelines and consents, which models learned of it."""
        known = facts.of(self.version)
        told: Any = {
            "facts": known,
            "not_allowed": facts.not_allowed(known),
            "learned": lineage.learned_from(self.version),
        }
        return Response(BehindSerializer(told).data)


class CardViewSet(OfVersion):
    """The same facts as files: for the Hugging Face hub, as Croissant, as a datasheet."""

    places: ClassVar[dict[str, type]] = {"digest": str, "name": str}
    lookup_url_kwarg = "name"
    lookup_value_regex = r"[\w.-]{1,40}"
    pagination_class = None
    renderer_classes = FILE

    @extend_schema(responses={(200, "application/json"): CardsSerializer})
    def list(self, request: Request, digest: str) -> Response:
        names: Any = {"results": list(cards.CARDS) if self.version else []}
        return Response(CardsSerializer(names).data)

    @extend_schema(responses={(200, "text/markdown"): str})
    def retrieve(self, request: Request, digest: str, name: str) -> HttpResponse:
        """Markdown, or JSON by its name."""
        version = self.version
        if name not in cards.CARDS:
            raise Http404
        made = cards.card(version, name)
        headers = {"Content-Disposition": f'attachment; filename="{made.file_name}"'}
        kind = f"{made.kind}; charset=utf-8"
        return HttpResponse(made.text, content_type=kind, headers=headers)


class ModelFilterSerializer(Strict):
    dataset = serializers.SlugField(required=False)
    version = serializers.RegexField(r"^[0-9a-f]{64}$", required=False)
    source = serializers.CharField(  # type: ignore[assignment]  # as in api/nodes.py
        required=False, max_length=80, help_text="Where it was trained: `run-12`."
    )


class ModelViewSet(mixins.ListModelMixin, Lineage):
    """Models that learned from versions of the person's datasets, the newest first.

    One that goes on from others stands under each version in its weights.
    """

    asks: ClassVar[dict[str, type[Strict]]] = {"list": ModelFilterSerializer}
    queryset = ModelReport.objects.none()
    serializer_class = ModelSerializer
    pagination_class = LastFirst
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ModelReport]:
        columns = {"dataset": "version__dataset__slug", "version": "version__digest"}
        wanted = {columns.get(name, name): value for name, value in self.asked.items()}
        return access.reports(self.asking).filter(**wanted)

    @extend_schema(responses=BehindModelSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """What is behind it: versions in its weights, people, guidelines, consents."""
        report = access.report(self.asking, int(pk))
        versions = lineage.all_behind(report, shown=access.datasets(self.asking))
        own = versions[0]
        told: Any = {
            "facts": own.facts,
            "not_allowed": own.not_allowed,
            "learned": lineage.learned_from(report.version, only=report),
            "versions": versions,
            "recalled": handoff.recalled_in_all(one.version.pk for one in versions),
        }
        context = self.get_serializer_context()
        return Response(BehindModelSerializer(told, context=context).data)
