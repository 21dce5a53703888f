"""Base models, for programs: listed, added, tried once more."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation.background import ring
from curation.errors import NotAllowed
from curation.rest.forms import valid
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Nothing, Strict, checked
from trainer import tasks
from trainer.actions import bases as actions
from trainer.api.paging import NewestAdded
from trainer.api.serializers import BaseSerializer
from trainer.api.wishes import BaseQuery, BaseWish
from trainer.forms import BaseForm
from trainer.models import BaseModel


class BaseViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[BaseModel],
):
    """The models that a run can start from, the newest first."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("create", "build", "starter"), Scope.ADMIN
    )
    asks: ClassVar[dict[str, type[Strict]]] = {"list": BaseQuery}
    serializer_class = BaseSerializer
    pagination_class = NewestAdded
    queryset = BaseModel.objects.all()
    lookup_field = "slug"
    lookup_value_regex = r"[-\w]{1,50}"

    def get_queryset(self) -> QuerySet[BaseModel]:
        return BaseModel.objects.filter(**self.asked)

    @extend_schema(request=BaseWish, responses={201: BaseSerializer})
    def create(self, request: Request) -> Response:
        """Add a folder of this machine, or a hub model pinned to a commit. Site admins."""
        fields = valid(BaseForm(checked(BaseWish, request.data)))
        return self._built(actions.register(**fields, by=self.person), status=201)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def build(self, request: Request, slug: str) -> Response:
        """Try a failed one once more."""
        checked(Nothing, request.data)
        return self._built(actions.again(base_id=self.get_object().pk, by=self.person))

    @extend_schema(request=None, responses={202: None})
    @action(detail=False, methods=["post"], pagination_class=None)
    def starter(self, request: Request) -> Response:
        """Have a worker build the small model that comes with Winnow, where it is not."""
        checked(Nothing, request.data)
        if not self.person.is_staff:
            raise NotAllowed(_("Only a site admin can build a base model."))
        ring(tasks.build_base)
        return Response(status=202)

    def _built(self, base: BaseModel, status: int = 200) -> Response:
        if not base.is_ready:
            ring(tasks.build_base, base_id=base.pk)
        return Response(BaseSerializer(base).data, status=status)
