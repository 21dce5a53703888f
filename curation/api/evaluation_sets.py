"""Sets that models are measured with, for site admins: texts are compared with them."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access
from curation.actions import evaluation_sets
from curation.forms.set_files import ITEMS_AT_MOST
from curation.models import EvaluationSet
from curation.rest.pagination import InOrder
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked


class EvaluationSetSerializer(serializers.ModelSerializer[EvaluationSet]):
    added_by = serializers.IntegerField(source="added_by_id", read_only=True)

    class Meta:
        model = EvaluationSet
        fields = ("id", "name", "items", "fingerprint", "added_at", "added_by")


class EvaluationSetWish(Strict):
    name = serializers.CharField(
        max_length=80, help_text="As its makers call it, such as “GSM8K, test”."
    )
    texts = serializers.ListField(
        child=serializers.CharField(),
        min_length=1,
        max_length=ITEMS_AT_MOST,
        help_text="One an item. They are not kept: their runs of words are, as numbers.",
    )


class EvaluationSetViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[EvaluationSet],
):
    """What is in one of them must not be trained on."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("list", "retrieve", "create", "destroy"), Scope.ADMIN
    )
    orders: ClassVar[dict[str, tuple[str, ...]]] = {"name": ("name", "pk")}
    queryset = EvaluationSet.objects.none()
    serializer_class = EvaluationSetSerializer
    pagination_class = InOrder
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[EvaluationSet]:
        access.site_admins_only(self.asking)
        return EvaluationSet.objects.defer("packed")

    @extend_schema(request=EvaluationSetWish, responses={201: EvaluationSetSerializer})
    def create(self, request: Request) -> Response:
        """Add one. All texts of all datasets are compared with it in the background."""
        access.site_admins_only(self.asking)
        sent = checked(EvaluationSetWish, request.data)
        name = " ".join(sent["name"].split())
        made = evaluation_sets.add(name=name, texts=sent["texts"], by=self.person)
        return self.shown(made.pk, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Forget it. What was found by it goes in a while."""
        found = get_object_or_404(self.get_queryset(), pk=pk)
        evaluation_sets.remove(set_id=found.pk, by=self.person)
        return Response(status=204)
