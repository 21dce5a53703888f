"""Texts by their words and what is known of them: the search of the browse page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.http import QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from curation import access
from curation.addresses import address_of, number_of
from curation.api.messages import SHOWN_WITH
from curation.api.nodes import MessageSerializer, nodes_for
from curation.api.within import Within
from curation.facets import counts_of
from curation.hits import page_of
from curation.models import Message
from curation.rest.resource import CURSOR
from curation.rest.strict import Strict
from curation.search import (
    COLUMNS,
    PAGE_SIZE,
    SORTS,
    WORDS_AT_MOST,
    Search,
    asked_for,
)

Read = serializers.Serializer[Any]
SEVERAL = "Several with commas between."


class SearchFilterSerializer(Strict):
    """The facets of the page, some for curators; a saved view stands for all of them."""

    q = serializers.CharField(required=False, max_length=WORDS_AT_MOST)
    by = serializers.ChoiceField(
        choices=["meaning"], required=False, help_text="Where this server can."
    )
    sort = serializers.ChoiceField(choices=SORTS, required=False)
    view = serializers.IntegerField(
        required=False, min_value=1, max_value=2**62, help_text="Of a saved search."
    )
    cursor = serializers.CharField(required=False, max_length=16)

    def get_fields(self) -> dict[str, Any]:
        facets = {
            name: serializers.CharField(required=False, max_length=500, help_text=SEVERAL)
            for name in COLUMNS
        }
        return {**super().get_fields(), **facets}

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if "view" in sent and sent.keys() - {"view", CURSOR}:
            said = _("A saved search is asked for as it is.")
            raise serializers.ValidationError({"view": [said]})
        return sent


class FoundSerializer(Read):
    next = serializers.CharField(allow_null=True, help_text="The address of what follows.")
    total = serializers.IntegerField(help_text="At least, where `is_more` says so.")
    is_more = serializers.BooleanField()
    results = MessageSerializer(many=True)


class SearchViewSet(Within):
    """What this person may read, and no more than they may know."""

    asks: ClassVar[dict[str, type[Strict]]] = {"retrieve": SearchFilterSerializer}
    queryset = Message.objects.none()
    pagination_class = None

    @extend_schema(responses=FoundSerializer)
    def retrieve(self, request: Request, slug: str) -> Response:
        search = self._search()
        counts = counts_of(search)
        keys = page_of(search, counts.newest, is_all=counts.is_all)
        shown = keys[:PAGE_SIZE]
        # The keys may be of a minute ago: what was held or taken back since is not shown.
        there = Message.objects.filter(pk__in=shown, state__in=search.readable)
        rows = there.select_related(*SHOWN_WITH).in_bulk()
        nodes = nodes_for(
            [rows[key] for key in shown if key in rows], self.person, self.seen
        )
        told: Any = {
            "next": self._following(shown[-1]) if len(keys) > PAGE_SIZE else None,
            "total": max(counts.total, len(nodes)),
            "is_more": counts.is_more,
            "results": nodes,
        }
        context = {"is_curator": self.is_curator}
        return Response(FoundSerializer(told, context=context).data)

    def _search(self) -> Search:
        found = asked_for(self._params(), self.dataset, self.person, self.seen)
        if found.refused:
            raise ValidationError(
                {
                    name: [_("This cannot be asked for here: %(what)s.") % {"what": value}]
                    for name, value in found.refused
                }
            )
        return found

    def _params(self) -> QueryDict:
        """As in the address of the page."""
        if "view" in self.asked:
            view = access.saved_view(self.asking, self.kwargs["slug"], self.asked["view"])
            params = QueryDict(view.query, mutable=True)
        else:
            params = QueryDict(mutable=True)
            for name, values in self._given():
                params.setlist(name, values)
        if cursor := self.asked.get(CURSOR):
            try:
                params["after"] = str(number_of(cursor, of="message"))
            except ValueError as error:
                raise NotFound from error
        return params

    def _given(self) -> Iterator[tuple[str, list[str]]]:
        for name, value in self.asked.items():
            if name in COLUMNS:
                yield name, value.split(",")
            elif name != CURSOR:
                yield name, [value]

    def _following(self, key: int) -> str:
        """Its number would tell how old the text is."""
        here = self.request.build_absolute_uri()
        return replace_query_param(here, CURSOR, address_of(key, of="message"))
