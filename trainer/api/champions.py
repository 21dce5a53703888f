"""Which models datasets stand on, and the decisions on that, for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.forms import model_to_dict
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import handoff, renewal
from curation.rest.forms import valid
from curation.rest.pagination import InTurn
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked
from trainer import access, evidence, league
from trainer.actions import promotions as actions
from trainer.api.of_dataset import OfDataset
from trainer.api.paging import NewestDecided
from trainer.api.runs import narrowed
from trainer.api.serializers import ChampionSerializer, PromotionSerializer
from trainer.api.wishes import OfDatasetQuery, PromotionWish, RollbackWish
from trainer.judging import PolicyForm
from trainer.models import Champion, Promotion, PromotionPolicy

FILTERS = {"dataset": "dataset__slug"}


class BoardQuery(Strict):
    dataset = serializers.SlugField()


class PlaceSerializer(serializers.Serializer[Any]):
    place = serializers.IntegerField(source="number")
    name = serializers.CharField()
    run = serializers.IntegerField(
        source="run.pk", allow_null=True, default=None,
        help_text="Null: people, a base alone, or a model from elsewhere.",
    )  # fmt: skip
    is_champion = serializers.BooleanField()
    ballots = serializers.IntegerField()
    strength = serializers.FloatField(
        source="standing.strength", help_text="Log-odds around the mean of all."
    )
    low = serializers.FloatField(source="standing.low")
    high = serializers.FloatField(source="standing.high")


class BoardSerializer(serializers.Serializer[Any]):
    results = PlaceSerializer(many=True)


class ChampionViewSet(mixins.ListModelMixin, Resource, viewsets.GenericViewSet[Champion]):
    """One of each method and dataset, of the datasets that the person may see."""

    asks: ClassVar[dict[str, type[Strict]]] = {
        "list": OfDatasetQuery, "board": BoardQuery,
    }  # fmt: skip
    serializer_class = ChampionSerializer
    pagination_class = InTurn
    queryset = Champion.objects.all()

    def get_queryset(self) -> QuerySet[Champion]:
        seen = handoff.version_ids_for(self.person)
        shown = Champion.objects.select_related("dataset", "decision")
        return narrowed(shown.filter(run__version__in=seen), self.asked, FILTERS)

    @extend_schema(responses=BoardSerializer)
    @action(detail=False, pagination_class=None)
    def board(self, request: Request) -> Response:
        """All that people compared on a dataset's prompts, the strongest first.

        Those who still vote are told of models with enough ballots.
        """
        dataset = access.dataset(self.asking, self.asked["dataset"])
        champions = list(Champion.objects.for_listing().filter(dataset=dataset.id))
        policy = evidence.policy_of(dataset.id)
        places = league.board(dataset.id, champions, confidence=policy.confidence)
        told: Any = {"results": league.shown(places, policy, is_curated=dataset.is_curated)}
        return Response(BoardSerializer(told).data)


class PromotionViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[Promotion],
):
    """What was decided, on which evidence; to decide needs a curator of the dataset."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("create", "rollback"), Scope.TRAIN)
    asks: ClassVar[dict[str, type[Strict]]] = {"list": OfDatasetQuery}
    serializer_class = PromotionSerializer
    pagination_class = NewestDecided
    lookup_value_regex = "[0-9]{1,18}"
    queryset = Promotion.objects.all()

    def get_queryset(self) -> QuerySet[Promotion]:
        seen = handoff.version_ids_for(self.person)
        shown = Promotion.objects.select_related("dataset").filter(run__version__in=seen)
        return narrowed(shown, self.asked, FILTERS)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "told": told_to(self.person)}

    @extend_schema(request=PromotionWish, responses={201: PromotionSerializer})
    def create(self, request: Request) -> Response:
        """Make a run the champion. Where conditions are not met, it takes a reason."""
        asked = checked(PromotionWish, request.data)
        run = access.run(self.asking, asked["run"])
        decided = actions.promote(run_id=run.pk, by=self.person, reason=asked["reason"])
        return self._decided(decided.pk)

    @extend_schema(request=RollbackWish, responses={201: PromotionSerializer})
    @action(detail=False, methods=["post"], pagination_class=None)
    def rollback(self, request: Request) -> Response:
        """Put the champion before this one back in its place: a decision as well."""
        asked = checked(RollbackWish, request.data)
        dataset = access.dataset_to_curate(self.asking, asked["dataset"])
        decided = actions.roll_back(
            dataset_id=dataset.id,
            method=asked["method"],
            run_id=asked["run"],
            by=self.person,
        )
        return self._decided(decided.pk)

    def _decided(self, pk: int) -> Response:
        found = self.get_queryset().get(pk=pk)
        return Response(self.get_serializer(found).data, status=201)


class PromotionPolicySerializer(serializers.ModelSerializer[PromotionPolicy]):
    class Meta:
        model = PromotionPolicy
        fields = PolicyForm.Meta.fields


class PolicyChange(Strict):
    """What is left out stays."""

    least_gain = serializers.FloatField(required=False)
    holds_categories = serializers.BooleanField(required=False)
    most_forgotten = serializers.FloatField(required=False, allow_null=True)
    asks_people = serializers.BooleanField(required=False)
    least_ballots = serializers.IntegerField(required=False)
    confidence = serializers.FloatField(required=False)
    is_automatic = serializers.BooleanField(required=False)


class PolicyViewSet(OfDataset):
    """What a model must show before it becomes a dataset's champion; for its curators."""

    scopes: ClassVar[dict[str, str]] = {"partial_update": Scope.TRAIN}
    queryset = PromotionPolicy.objects.none()
    serializer_class = PromotionPolicySerializer

    def retrieve(self, request: Request, dataset: str) -> Response:
        of = access.dataset_to_curate(self.asking, dataset)
        return Response(PromotionPolicySerializer(evidence.policy_of(of.id)).data)

    @extend_schema(request=PolicyChange, responses=PromotionPolicySerializer)
    def partial_update(self, request: Request, dataset: str) -> Response:
        of = access.dataset_to_curate(self.asking, dataset)
        sent = checked(PolicyChange, request.data)
        policy = evidence.policy_of(of.id)
        before = model_to_dict(policy, PolicyForm.Meta.fields)
        rules = valid(PolicyForm(before | sent, instance=policy))
        chosen = {name: rules[name] for name in sent}
        changed = actions.set_policy(dataset_id=of.id, by=self.person, **chosen)
        return Response(PromotionPolicySerializer(changed).data)


def told_to(person: handoff.Person) -> Callable[[Promotion], evidence.Evidence]:
    """What each decision stood on, as far as the person may know. Two queries in all."""
    curated = {one.id for one in renewal.curated_by(person)}
    policies = {one.dataset_id: one for one in PromotionPolicy.objects.all()}

    def told(decision: Promotion) -> evidence.Evidence:
        dataset = decision.dataset_id
        policy = policies.get(dataset) or PromotionPolicy(dataset_id=dataset)
        return evidence.told(decision, policy, is_curated=dataset in curated)

    return told
