"""Webhooks, for programs: whoever may curate the dataset, or administer the site."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from curation import tasks
from curation.actions import deliveries, hooks
from curation.background import ring
from curation.happenings import HAPPENINGS
from curation.models import AccessToken, Contributor, Dataset, Delivery, DeliveryTry, Hook
from curation.rest.pagination import LastFirst
from curation.rest.replays import Replays
from curation.rest.scopes import Scope

UID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class HookSerializer(serializers.ModelSerializer[Hook]):
    """`dataset` is null for one that is told what happens in whichever."""

    dataset = serializers.SlugRelatedField[Dataset](slug_field="slug", read_only=True)

    class Meta:
        model = Hook
        fields = (
            "id", "dataset", "name", "url", "wants", "with_texts", "is_on", "off_why",
            "failures", "delivered_at", "created_at",
        )  # fmt: skip


class HookFieldsSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=600)
    wants = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(HAPPENINGS)), min_length=1
    )
    with_texts = serializers.BooleanField(default=False)


class NewHookSerializer(HookFieldsSerializer):
    """`dataset` is a slug; left out or null for the whole site, which admins may."""

    dataset = serializers.SlugField(allow_null=True, default=None)


class HookChangesSerializer(HookFieldsSerializer):
    """What is left out stays."""

    is_on = serializers.BooleanField(required=False)


class SecretSerializer(HookSerializer):
    """With what its messages are checked by; it is told this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(HookSerializer.Meta):
        fields = (*HookSerializer.Meta.fields, "secret")  # type: ignore[assignment]


class TrySerializer(serializers.ModelSerializer[DeliveryTry]):
    problem = serializers.CharField(
        source="said", read_only=True, help_text="Empty where it got an answer."
    )

    class Meta:
        model = DeliveryTry
        fields = ("attempt", "at", "status", "answer", "milliseconds", "problem")


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """`id` is what the receiver knows it by."""

    id = serializers.UUIDField(source="uid", read_only=True)
    tries = TrySerializer(many=True, read_only=True)

    class Meta:
        model = Delivery
        fields = ("id", "kind", "state", "attempt", "due_at", "created_at", "tries")


class HookViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Replays,
    viewsets.GenericViewSet[Hook],
):
    """Addresses of other programs that are told what happens, with a signature."""

    # An answer may hold a secret, so none is kept; an address can be added only once.
    replays = False
    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ["list", "retrieve", "create", "partial_update", "destroy", "ping", "secret",
         "deliveries", "send_again"],
        Scope.CURATE,
    )  # fmt: skip
    serializer_class = HookSerializer
    pagination_class = LastFirst
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Hook]:
        person = _person(self.request)
        theirs = Q(dataset__in=Dataset.objects.worked_on_by(person, []))
        if _is_admin(self.request):
            theirs |= Q(dataset=None)
        there = Hook.objects.filter(theirs, removed_at=None)
        return there.select_related("dataset")

    @extend_schema(request=NewHookSerializer, responses={201: SecretSerializer})
    def create(self, request: Request) -> Response:
        """The secret is in the answer, and told this once."""
        asked = NewHookSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = dict(asked.validated_data)
        slug, dataset = fields.pop("dataset"), None
        if slug is not None:
            seen = Dataset.objects.visible_to(_person(request))
            dataset = get_object_or_404(seen, slug=slug)
        elif not _is_admin(request):
            raise PermissionDenied
        hook, secret = hooks.add(dataset=dataset, by=_person(request), **fields)
        return Response(_with(hook, secret), status=201)

    @extend_schema(request=HookChangesSerializer, responses=HookSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        asked = HookChangesSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        fields, by = dict(asked.validated_data), _person(request)
        hook = self.get_object()
        is_on = fields.pop("is_on", None)
        if fields:
            hook = hooks.change(hook_id=hook.pk, by=by, **fields)
        if is_on is not None:
            hook = hooks.switch(hook_id=hook.pk, is_on=is_on, by=by)
            ring(tasks.send_deliveries)
        return Response(HookSerializer(hook).data)

    def destroy(self, request: Request, pk: str) -> Response:
        hooks.remove(hook_id=self.get_object().pk, by=_person(request))
        return Response(status=204)

    @extend_schema(request=None, responses=SecretSerializer)
    @action(detail=True, methods=["post"])
    def secret(self, request: Request, pk: str) -> Response:
        """A new one. For a day, messages are signed with the one before as well."""
        hook, secret = hooks.new_secret(hook_id=self.get_object().pk, by=_person(request))
        return Response(_with(hook, secret))

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def ping(self, request: Request, pk: str) -> Response:
        """Send a test now, and tell what was answered."""
        sent = deliveries.ping(hook_id=self.get_object().pk, by=_person(request))
        return Response(DeliverySerializer(sent).data)

    @extend_schema(responses=DeliverySerializer(many=True))
    @action(detail=True)
    def deliveries(self, request: Request, pk: str) -> Response:
        """What it was sent, newest first, of the last month."""
        sent = Delivery.objects.filter(hook=self.get_object()).for_listing()
        rows = cast(list[Delivery], self.paginate_queryset(cast(Any, sent)))
        return self.get_paginated_response(DeliverySerializer(rows, many=True).data)

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"], url_path=f"deliveries/(?P<uid>{UID})/send")
    def send_again(self, request: Request, pk: str, uid: str) -> Response:
        """Once more by the same id, within seconds."""
        sent = get_object_or_404(Delivery, hook=self.get_object(), uid=uid)
        again = deliveries.send_again(delivery_id=sent.pk, by=_person(request))
        ring(tasks.send_deliveries)
        return Response(DeliverySerializer(again).data, status=202)


def _with(hook: Hook, secret: str) -> dict[str, Any]:
    return {**HookSerializer(hook).data, "secret": secret}


def _person(request: Request) -> Contributor:
    return cast(Contributor, request.user)  # IsAuthenticated is the default permission


def _is_admin(request: Request) -> bool:
    """A key of an admin administers only with that scope."""
    token = request.auth
    if isinstance(token, AccessToken) and Scope.ADMIN not in token.scopes:
        return False
    return _person(request).is_staff
