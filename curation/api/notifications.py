"""What is new for the person whose key it is."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import news
from curation.actions import notices
from curation.models import Notification
from curation.rest.pagination import InOrder
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked

AT_ONCE = 1_000
Read = serializers.Serializer[Any]


class NotificationSerializer(Read):
    id = serializers.IntegerField(source="notice.pk")
    kind = serializers.ChoiceField(source="notice.kind", choices=Notification.Kind.choices)
    said = serializers.CharField(help_text="The sentence, in your language.")
    why = serializers.CharField(help_text="The reason, where one was given.")
    quote = serializers.CharField(help_text="The beginning of the text, if it may be read.")
    page = serializers.CharField(source="address", help_text="Where it leads people.")
    created_at = serializers.DateTimeField(source="notice.created_at")
    read_at = serializers.DateTimeField(source="notice.read_at", allow_null=True)


class NotificationFilterSerializer(Strict):
    is_unread = serializers.BooleanField(required=False, allow_null=True, default=None)
    kind = serializers.ChoiceField(choices=Notification.Kind.choices, required=False)
    since = serializers.DateTimeField(required=False)


class MarkSerializer(Strict):
    only = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62),
        required=False,
        max_length=AT_ONCE,
        help_text="Their ids; left out, all are marked.",
    )


class MarkedSerializer(Read):
    marked = serializers.IntegerField(help_text="How many of these were unread.")


class NotificationViewSet(Resource, viewsets.GenericViewSet[Notification]):
    """Only one's own, the newest first."""

    # As little as reading: it changes nothing that anybody else meets.
    scopes: ClassVar[dict[str, str]] = {"read": Scope.READ}
    asks: ClassVar[dict[str, type[Strict]]] = {"list": NotificationFilterSerializer}
    orders: ClassVar[dict[str, tuple[str, ...]]] = {"newest": ("-created_at", "-pk")}
    queryset = Notification.objects.none()
    serializer_class: Any = NotificationSerializer
    pagination_class = InOrder

    def get_queryset(self) -> QuerySet[Notification]:
        rows = Notification.objects.filter(person=self.person).for_listing()
        if (is_unread := self.asked.get("is_unread")) is not None:
            rows = rows.filter(read_at__isnull=is_unread)
        if kind := self.asked.get("kind"):
            rows = rows.filter(kind=kind)
        if since := self.asked.get("since"):
            rows = rows.filter(created_at__gte=since)
        return rows

    def list(self, request: Request) -> Response:
        items: Any = map(news.item, self.paginate_queryset(self.get_queryset()) or ())
        shown = NotificationSerializer(items, many=True)
        return self.get_paginated_response(shown.data)

    @extend_schema(request=MarkSerializer, responses=MarkedSerializer)
    @action(detail=False, methods=["post"])
    def read(self, request: Request) -> Response:
        """Mark as read: all, or those that are named."""
        sent = checked(MarkSerializer, request.data)
        marked: Any = {"marked": notices.read(by=self.person, only=sent.get("only"))}
        return Response(MarkedSerializer(marked).data)
