"""Who did what, when, from where: of a dataset for its curators, all of it for admins."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access, audit
from curation.api.messages import ORDERS
from curation.forms.audit import AuditForm
from curation.models import Dataset, Event
from curation.rest.forms import valid
from curation.rest.pagination import InOrder
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict

Read = serializers.Serializer[Any]


class LineSerializer(Read):
    """Names are those of the file that the page hands out."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    kind = serializers.CharField(help_text="Such as `membership.added`.")
    subject = serializers.CharField(help_text="What it was done to, and its number.")
    subject_id = serializers.IntegerField(allow_null=True)
    dataset = serializers.CharField(help_text="Its slug, or nothing.")
    person = serializers.CharField(help_text="Their address; nothing of a machine.")
    by = serializers.CharField(help_text="`page`, `key`, `command` or `machine`.")
    key = serializers.IntegerField(allow_null=True)
    address = serializers.CharField(help_text="For site admins.")
    agent = serializers.CharField(help_text="For site admins.")
    data = serializers.JSONField()  # type: ignore[assignment]  # the metaclass takes it


class HistoryFilterSerializer(Strict):
    person = serializers.CharField(
        required=False, max_length=80, help_text="Part of a name or an address."
    )
    kind = serializers.RegexField(r"^[\w.]+$", required=False, max_length=60)
    subject = serializers.CharField(
        required=False, max_length=60, help_text="Such as `message 7`, or `run`."
    )
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    order = serializers.ChoiceField(choices=list(ORDERS), required=False)


class WholeHistoryFilterSerializer(HistoryFilterSerializer):
    dataset = serializers.SlugField(required=False)


class Lines(Resource, viewsets.GenericViewSet[Event]):
    """To follow it, ask for the oldest first from a day on, and keep the last cursor: in
    that order a line comes once none before it can appear, seconds after it was written."""

    queryset = Event.objects.none()
    serializer_class: Any = LineSerializer
    pagination_class = InOrder
    orders: ClassVar[dict[str, tuple[str, ...]]] = ORDERS

    def wanted(self, of: Dataset | None) -> QuerySet[Event]:
        form = AuditForm(self.asked, dataset=of)
        valid(form)
        lines = form.wanted.lines()
        is_followed = self.asked.get("order") == "oldest"
        return lines.filter(at__lt=audit.settled()) if is_followed else lines

    def told(self, rows: QuerySet[Event]) -> Response:
        page = self.paginate_queryset(rows) or ()
        has_addresses = self.person.is_staff
        lines: Any = [audit.as_row(line, has_addresses=has_addresses) for line in page]
        return self.get_paginated_response(LineSerializer(lines, many=True).data)


class HistoryViewSet(Lines):
    """Of a dataset, the newest first."""

    asks: ClassVar[dict[str, type[Strict]]] = {"list": HistoryFilterSerializer}
    places: ClassVar[dict[str, type]] = {"slug": str}

    @extend_schema(responses=LineSerializer(many=True))
    def list(self, request: Request, slug: str) -> Response:
        return self.told(self.wanted(access.dataset_to_curate(self.asking, slug)))


class WholeHistoryViewSet(Lines):
    """Of the whole installation, for site admins."""

    scopes: ClassVar[dict[str, str]] = {"list": Scope.ADMIN}
    asks: ClassVar[dict[str, type[Strict]]] = {"list": WholeHistoryFilterSerializer}

    @extend_schema(responses=LineSerializer(many=True))
    def list(self, request: Request) -> Response:
        access.site_admins_only(self.asking)
        return self.told(self.wanted(None))
