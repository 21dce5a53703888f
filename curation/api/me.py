"""The person whose key it is: who they are, what they wrote, and taking it back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access
from curation.actions import revisions, withdrawals
from curation.actions.rights import Sight
from curation.api.leaving import WithdrawalSerializer
from curation.api.messages import SHOWN_WITH, message_number
from curation.api.nodes import STATES, MessageSerializer, nodes_for
from curation.forms.conversations import AmendForm
from curation.models import AccessToken, Contributor, Membership, Message
from curation.rest.forms import valid
from curation.rest.pagination import InOrder
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked

AS_AUTHOR = {"is_curator": False}


class RoleSerializer(serializers.ModelSerializer[Membership]):
    dataset = serializers.SlugField(source="dataset.slug", read_only=True)
    is_paused = serializers.SerializerMethodField()

    class Meta:
        model = Membership
        fields = ("dataset", "role", "since", "is_paused")

    def get_is_paused(self, row: Membership) -> bool:
        return row.suspended_at is not None


class MeSerializer(serializers.ModelSerializer[Contributor]):
    roles = RoleSerializer(many=True)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=AccessToken.Scope.choices),
        allow_null=True,
        help_text="Of this key; null without one, in the browser.",
    )
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Of this key.")

    class Meta:
        model = Contributor
        fields = ("id", "name", "email", "is_staff", "roles", "scopes", "expires_at")


class MeView(Resource):
    """Whoever asks."""

    @extend_schema(responses=MeSerializer, operation_id="me_retrieve")
    def get(self, request: Request) -> Response:
        person = self.person
        key = request.auth if isinstance(request.auth, AccessToken) else None
        roles = person.memberships.select_related("dataset").order_by("dataset__slug", "pk")
        names = ("id", "name", "email", "is_staff")
        shown: Any = {
            **{name: getattr(person, name) for name in names},
            "roles": roles,
            "scopes": key.scopes if key else None,
            "expires_at": key.expires_at if key else None,
        }
        return Response(MeSerializer(shown).data)


class AmendSerializer(Strict):
    text = serializers.CharField(trim_whitespace=False)
    context = serializers.CharField(  # type: ignore[assignment]
        required=False, allow_blank=True, trim_whitespace=False
    )


class TextFilterSerializer(Strict):
    state = serializers.ChoiceField(choices=STATES, required=False)
    dataset = serializers.SlugField(required=False)
    order = serializers.ChoiceField(choices=["newest", "oldest"], required=False)


class TextViewSet(Resource, mixins.ListModelMixin, viewsets.GenericViewSet[Message]):
    """What the person wrote, also in datasets that they have left."""

    scopes: ClassVar[dict[str, str]] = {
        "partial_update": Scope.WORK,
        "withdraw": Scope.WORK,
    }
    asks: ClassVar[dict[str, type[Strict]]] = {"list": TextFilterSerializer}
    orders: ClassVar[dict[str, tuple[str, ...]]] = {"newest": ("-pk",), "oldest": ("pk",)}
    places: ClassVar[dict[str, type]] = {"id": str}
    queryset = Message.objects.none()
    serializer_class: Any = MessageSerializer  # of a node of the tree
    pagination_class = InOrder
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9a-f]{16}"

    def get_queryset(self) -> QuerySet[Message]:
        rows = Message.objects.written_by(self.person).select_related(*SHOWN_WITH)
        if state := self.asked.get("state"):
            rows = rows.filter(state=state)
        if slug := self.asked.get("dataset"):
            rows = rows.filter(conversation__dataset__slug=slug)
        return rows

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        nodes = nodes_for(page or (), self.person, Sight.WORK)
        shown = MessageSerializer(nodes, many=True, context=AS_AUTHOR)
        return self.get_paginated_response(shown.data)

    def retrieve(self, request: Request, id: str) -> Response:
        return self._shown(self._mine(id))

    @extend_schema(request=AmendSerializer)
    def partial_update(self, request: Request, id: str) -> Response:
        """Write it anew. Refused once somebody built on it."""
        message, sent = self._mine(id), checked(AmendSerializer, request.data)
        fields = valid(AmendForm({"context": message.context} | sent))
        return self._shown(revisions.amend(message_id=message.pk, by=self.person, **fields))

    @extend_schema(request=None, responses=WithdrawalSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, id: str) -> Response:
        """Take it back: later versions leave it out, and whoever holds it is told."""
        message = self._mine(id)
        asked = withdrawals.take_back(message_id=message.pk, by=self.person)
        return Response(WithdrawalSerializer(asked).data)

    def _mine(self, id: str) -> Message:
        return access.message_of_mine(self.asking, message_number(id))

    def _shown(self, message: Message) -> Response:
        (node,) = nodes_for([message], self.person, Sight.WORK)
        return Response(MessageSerializer(node, context=AS_AUTHOR).data)
