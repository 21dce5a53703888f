"""Searches that people keep in a dataset, for themselves or for everybody there."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access
from curation.actions import saved_views
from curation.api.within import Numbered
from curation.forms.browse import SavedViewForm
from curation.models import SavedView
from curation.rest.forms import valid
from curation.rest.pagination import InOrder
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked
from curation.search import asked_for

LONGEST = 1_000  # as the column


class SavedViewSerializer(serializers.ModelSerializer[SavedView]):
    is_mine = serializers.SerializerMethodField()

    class Meta:
        model = SavedView
        fields = ("id", "name", "query", "is_shared", "is_mine")

    def get_is_mine(self, view: SavedView) -> bool:
        return bool(view.owner_id == self.context["request"].user.pk)


class SaveSerializer(Strict):
    name = serializers.CharField(max_length=60)
    query = serializers.CharField(
        allow_blank=True,
        max_length=LONGEST,
        help_text="As in the address of the page: `q=bees&state=accepted&language=de`.",
    )
    is_shared = serializers.BooleanField(default=False)


class SavedViewViewSet(Numbered):
    """The person's own, and what others share."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("create", "destroy"), Scope.WORK)
    queryset = SavedView.objects.none()
    serializer_class = SavedViewSerializer
    pagination_class = InOrder
    orders: ClassVar[dict[str, tuple[str, ...]]] = {"name": ("name", "pk")}

    def get_queryset(self) -> QuerySet[SavedView]:
        return SavedView.objects.shown_to(self.person, self.dataset)

    @extend_schema(responses=SavedViewSerializer)
    def retrieve(self, request: Request, slug: str, id: str) -> Response:
        return Response(self.get_serializer(self._view(id)).data)

    @extend_schema(request=SaveSerializer, responses={201: SavedViewSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Keep a search. What it asks for must be there to be asked for."""
        sent = checked(SaveSerializer, request.data)
        query = self._query(sent.pop("query"))
        fields = valid(SavedViewForm(sent))
        made = saved_views.save(dataset=self.dataset, by=self.person, query=query, **fields)
        return Response(self.get_serializer(made).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, slug: str, id: str) -> Response:
        """One's own; curators also what others share."""
        saved_views.delete(view=self._view(id), by=self.person)
        return Response(status=204)

    def _view(self, id: str) -> SavedView:
        return access.saved_view(self.asking, self.kwargs["slug"], int(id))

    def _query(self, sent: str) -> str:
        """In the form in which the page has it."""
        asked = asked_for(QueryDict(sent), self.dataset, self.person, self.seen)
        if asked.refused:
            said = _("This cannot be asked for here: %(what)s.")
            what = ", ".join(f"{name}={value}" for name, value in asked.refused)
            raise ValidationError({"query": [said % {"what": what}]})
        return asked.address()
