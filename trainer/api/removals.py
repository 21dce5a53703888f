"""Models that saw texts which were taken back, for the programs of curators."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import handoff
from curation.background import ring
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Nothing, Strict, checked
from trainer import access, saw, tasks
from trainer.actions import removals as actions
from trainer.api.paging import NewestAsked
from trainer.api.runs import narrowed
from trainer.api.wishes import NUMBERS
from trainer.models import Removal

Read = serializers.Serializer[Any]
FILTERS = {"dataset": "run__version__dataset__slug", "state": "state", "run": "run"}


class RemovalSerializer(serializers.ModelSerializer[Removal]):
    dataset = serializers.SlugField(source="run.version.dataset.slug", read_only=True)
    why = serializers.CharField(source="said", read_only=True, help_text="If it failed.")

    class Meta:
        model = Removal
        fields = (
            "id", "dataset", "run", "after", "state", "texts", "made", "comparison", "why",
            "asked_at", "ended_at",
        )  # fmt: skip


class SawSerializer(Read):
    """A model in use, and how much it saw of what was taken back."""

    run = serializers.IntegerField(source="run.pk")
    is_champion = serializers.BooleanField()
    texts = serializers.IntegerField(source="recalled.texts")
    erased = serializers.IntegerField(source="recalled.erased")
    since = serializers.DateTimeField(allow_null=True)
    may_ask = serializers.BooleanField(help_text="Whether nothing is under way for it.")
    removal = serializers.IntegerField(source="removal.pk", allow_null=True, default=None)


class AllSawSerializer(Read):
    results = SawSerializer(many=True)


class RemovalQuery(Strict):
    dataset = serializers.SlugField(required=False)
    state = serializers.ChoiceField(choices=Removal.State.choices, required=False)
    run = serializers.IntegerField(min_value=1, max_value=NUMBERS, required=False)


class DueQuery(Strict):
    dataset = serializers.SlugField()


class RemovalWish(Strict):
    """One run, or all of a dataset that saw any."""

    run = serializers.IntegerField(min_value=1, max_value=NUMBERS, required=False)
    dataset = serializers.SlugField(required=False)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if len(sent) != 1:
            raise serializers.ValidationError(_("Name a run, or a dataset."))
        return sent


class AskedSerializer(Read):
    results = RemovalSerializer(many=True)
    refused = serializers.ListField(child=serializers.CharField(), help_text="Why not.")


class RemovalViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[Removal],
):
    """Each frozen without those texts, trained again, compared, put in the place of the
    old one."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("create", "place"), Scope.TRAIN)
    asks: ClassVar[dict[str, type[Strict]]] = {"list": RemovalQuery, "due": DueQuery}
    serializer_class = RemovalSerializer
    pagination_class = NewestAsked
    lookup_value_regex = "[0-9]{1,18}"
    queryset = Removal.objects.all()

    def get_queryset(self) -> QuerySet[Removal]:
        steered = handoff.version_ids_to_train(self.person)
        rows = Removal.objects.filter(run__version__in=steered)
        return narrowed(rows.select_related("run__version__dataset"), self.asked, FILTERS)

    @extend_schema(responses=AllSawSerializer)
    @action(detail=False, pagination_class=None)
    def due(self, request: Request) -> Response:
        """The models of a dataset that saw such texts, champions first."""
        dataset = access.dataset_to_curate(self.asking, self.asked["dataset"])
        shown: Any = {"results": saw.texts_taken_back(dataset.id)}
        return Response(AllSawSerializer(shown).data)

    @extend_schema(request=RemovalWish, responses={202: AskedSerializer})
    def create(self, request: Request) -> Response:
        """Have models trained again without them. Asked twice, it is done once."""
        sent = checked(RemovalWish, request.data)
        refused: list[str] = []
        if "run" in sent:
            run = access.run_to_steer(self.asking, sent["run"])
            asked = [actions.ask(run_id=run.pk, by=self.person)]
        else:
            dataset = access.dataset_to_curate(self.asking, sent["dataset"])
            asked, refused = actions.ask_all(dataset_id=dataset.id, by=self.person)
        if asked:
            ring(tasks.follow_removals)
        rows = self.get_queryset().filter(pk__in=[one.pk for one in asked]).order_by("pk")
        shown: Any = {"results": rows, "refused": refused}
        return Response(AskedSerializer(shown).data, status=202)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def place(self, request: Request, pk: str) -> Response:
        """Put a model in place all the same that came out worse: the removal is owed."""
        checked(Nothing, request.data)
        removal = access.removal_to_decide(self.asking, int(pk))
        actions.put_in_place(removal_id=removal.pk, by=self.person)
        found = self.get_queryset().get(pk=removal.pk)
        return Response(self.get_serializer(found).data)
