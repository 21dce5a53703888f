"""Base models, for programs."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework import mixins, viewsets

from curation.rest.resource import Resource
from curation.rest.strict import Strict
from trainer.api.paging import NewestAdded
from trainer.api.serializers import BaseSerializer
from trainer.api.wishes import BaseQuery
from trainer.models import BaseModel


class BaseViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[BaseModel],
):
    """The models that a run can start from, the newest first."""

    asks: ClassVar[dict[str, type[Strict]]] = {"list": BaseQuery}
    serializer_class = BaseSerializer
    pagination_class = NewestAdded
    queryset = BaseModel.objects.all()
    lookup_field = "slug"
    lookup_value_regex = r"[-\w]{1,50}"

    def get_queryset(self) -> QuerySet[BaseModel]:
        return BaseModel.objects.filter(**self.asked)
