"""Which models datasets stand on, and the decisions on that, for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from curation import handoff, renewal
from curation.http import SignedInRequest
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked
from trainer import access, evidence
from trainer.actions import promotions as actions
from trainer.api.paging import FirstMade, NewestDecided
from trainer.api.runs import narrowed
from trainer.api.serializers import ChampionSerializer, PromotionSerializer
from trainer.api.wishes import OfDatasetQuery, PromotionWish
from trainer.models import Champion, Promotion, PromotionPolicy

FILTERS = {"dataset": "dataset__slug"}


class ChampionViewSet(mixins.ListModelMixin, Resource, viewsets.GenericViewSet[Champion]):
    """One of each method and dataset, of the datasets that the person may see."""

    asks: ClassVar[dict[str, type[Strict]]] = {"list": OfDatasetQuery}
    serializer_class = ChampionSerializer
    pagination_class = FirstMade
    queryset = Champion.objects.all()

    def get_queryset(self) -> QuerySet[Champion]:
        seen = handoff.version_ids_for(self.person)
        shown = Champion.objects.select_related("dataset", "decision")
        return narrowed(shown.filter(run__version__in=seen), self.asked, FILTERS)


class PromotionViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[Promotion],
):
    """What was decided, on which evidence; to decide needs a curator of the dataset."""

    scopes: ClassVar[dict[str, str]] = {"create": Scope.TRAIN}
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
        run = access.run(cast(SignedInRequest, request), asked["run"])
        decided = actions.promote(run_id=run.pk, by=self.person, reason=asked["reason"])
        found = self.get_queryset().get(pk=decided.pk)
        return Response(self.get_serializer(found).data, status=201)


def told_to(person: handoff.Person) -> Callable[[Promotion], evidence.Evidence]:
    """What each decision stood on, as far as the person may know. Two queries in all."""
    curated = {one.id for one in renewal.curated_by(person)}
    policies = {one.dataset_id: one for one in PromotionPolicy.objects.all()}

    def told(decision: Promotion) -> evidence.Evidence:
        dataset = decision.dataset_id
        policy = policies.get(dataset) or PromotionPolicy(dataset_id=dataset)
        return evidence.told(decision, policy, is_curated=dataset in curated)

    return told
