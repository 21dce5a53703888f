"""Conversations and what was said in them, as blind as on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access
from curation.actions import discussion, flags, messages, selections
from curation.actions.rights import Sight, holds, sight
from curation.addresses import number_of
from curation.api.nodes import STATES, MessageSerializer, NodeSerializer, nodes_for
from curation.api.within import Within
from curation.errors import NotAllowed
from curation.forms.conversations import HoldForm, ReleaseForm
from curation.models import Comment, Conversation, Dataset, Flag, Message
from curation.rest.forms import valid
from curation.rest.pagination import InOrder
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked
from curation.threads import thread_of
from curation.tree import nodes_of
from curation.unmet import Unmet, is_come_of, unmet_in

Read = serializers.Serializer[Any]
ORDERS: dict[str, tuple[str, ...]] = {"newest": ("-pk",), "oldest": ("pk",)}
SHOWN_WITH = ("author", "guideline", "settlement")  # what a node reads
UNDER_REVIEW = Conversation.State.REVIEW


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    number = serializers.IntegerField(source="pk", read_only=True)
    dataset = serializers.SlugField(source="dataset.slug", read_only=True)
    category = serializers.SlugField(
        source="category.slug", read_only=True, allow_null=True, default=None
    )
    created_at = serializers.DateTimeField(
        allow_null=True, help_text="Null while it waits for review, but for curators."
    )
    message_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Conversation
        fields = (
            "number", "uid", "dataset", "category", "language", "state", "created_at",
            "message_count",
        )  # fmt: skip


class TreeSerializer(ConversationSerializer):
    messages = NodeSerializer(many=True, help_text="In reading order.")

    class Meta(ConversationSerializer.Meta):
        fields = (*ConversationSerializer.Meta.fields, "messages")  # type: ignore[assignment]


class ConversationFilterSerializer(Strict):
    state = serializers.ChoiceField(choices=Conversation.State.choices, required=False)
    category = serializers.SlugField(required=False)
    language = serializers.CharField(required=False, max_length=12)
    since = serializers.DateTimeField(
        required=False,
        help_text="But for curators, all that waits for verdicts is listed as well.",
    )
    order = serializers.ChoiceField(choices=list(ORDERS), required=False)


class MessageFilterSerializer(ConversationFilterSerializer):
    state = serializers.ChoiceField(choices=STATES, required=False)
    role = serializers.ChoiceField(choices=Message.Role.choices, required=False)
    author = serializers.ChoiceField(choices=["me"], required=False)
    check = serializers.CharField(
        required=False, max_length=40, help_text="Those in which this check sees something."
    )
    origin = serializers.ChoiceField(
        choices=Message.Origin.choices, required=False, help_text="For curators."
    )


class CategoriseSerializer(Strict):
    category = serializers.SlugField()


COLUMNS = {
    "state": "state", "language": "language", "role": "role", "origin": "origin",
    "since": "created_at__gte", "category": "conversation__category__slug",
    "check": "findings__check_name",
}  # fmt: skip


class ConversationViewSet(mixins.ListModelMixin, Within):
    scopes: ClassVar[dict[str, str]] = {"partial_update": Scope.CURATE}
    asks: ClassVar[dict[str, type[Strict]]] = {"list": ConversationFilterSerializer}
    orders: ClassVar[dict[str, tuple[str, ...]]] = ORDERS
    places: ClassVar[dict[str, type]] = {"slug": str, "number": int}
    queryset = Conversation.objects.none()
    serializer_class = ConversationSerializer
    pagination_class = InOrder
    lookup_url_kwarg = "number"
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Conversation]:
        columns = {**COLUMNS, "category": "category__slug"}
        rows = self.dataset.conversations.for_listing()
        for name in columns.keys() & self.asked.keys():
            wanted = Q(**{columns[name]: self.asked[name]})
            if name == "state":
                wanted = self._unmet.around([self.asked[name]], pk="pk", state="state")
            if name == "since" and self.seen == Sight.WORK:
                wanted |= Q(state=UNDER_REVIEW) | Q(pk__in=self._unmet.begun)
            rows = rows.filter(wanted)
        return rows

    @cached_property
    def _unmet(self) -> Unmet:
        return unmet_in(self.dataset, self.person, self.seen)

    def list(self, request: Request, slug: str) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        told: Any = [self._told(one) for one in page]
        shown = ConversationSerializer(told, many=True)
        return self.get_paginated_response(shown.data)

    @extend_schema(responses=TreeSerializer)
    def retrieve(self, request: Request, slug: str, number: str) -> Response:
        """All of it, as a flat list in reading order."""
        found = access.conversation(self.asking, slug, int(number))
        nodes = nodes_of(found, reader=self.person, seen=self.seen)
        shown: Any = {
            **self._told(found),
            "message_count": len(nodes),
            "messages": nodes,
        }
        context = {"is_curator": self.is_curator}
        return Response(TreeSerializer(shown, context=context).data)

    @extend_schema(request=CategoriseSerializer, responses=TreeSerializer)
    def partial_update(self, request: Request, slug: str, number: str) -> Response:
        """Put it into another category of the dataset; for curators."""
        dataset = self.dataset_to_curate()
        wanted = checked(CategoriseSerializer, request.data)["category"]
        found = get_object_or_404(dataset.conversations, pk=number)
        category = dataset.categories.filter(slug=wanted).first()
        if category is None:
            raise ValidationError({"category": [_("There is no such category here.")]})
        selections.categorise_one(
            conversation_id=found.pk, by=self.person, category=category
        )
        return self.retrieve(request, slug, number)

    def _told(self, found: Conversation) -> dict[str, Any]:
        state = self._unmet.state_around(found.pk, found.state)
        is_waiting = state == UNDER_REVIEW and self.seen == Sight.WORK
        names = ("pk", "uid", "dataset", "category", "language")
        return {
            **{name: getattr(found, name) for name in names},
            "state": state,
            "created_at": None if is_waiting else found.created_at,
            "message_count": self._unmet.count_in(
                found.pk, getattr(found, "message_count", None) or 0
            ),
        }


class DatasetMessageViewSet(mixins.ListModelMixin, Within):
    """The messages of a dataset that the person may read."""

    asks: ClassVar[dict[str, type[Strict]]] = {"list": MessageFilterSerializer}
    orders: ClassVar[dict[str, tuple[str, ...]]] = ORDERS
    queryset = Message.objects.none()
    serializer_class = MessageSerializer
    pagination_class = InOrder

    def get_queryset(self) -> QuerySet[Message]:
        if "origin" in self.asked and not self.is_curator:
            raise NotAllowed(_("Only curators are told which texts are by models."))
        may = access.readable_by(self.person, self.seen)
        rows = Message.objects.filter(may, conversation__dataset=self.dataset)
        unmet = unmet_in(self.dataset, self.person, self.seen)
        if unmet.later:
            rows = rows.exclude(pk__in=list(unmet.later))
        rows = rows.filter(*self._wanted(unmet))
        if "author" in self.asked:
            rows = rows.filter(author=self.person)
        if "check" in self.asked:
            rows = rows.distinct()
        return rows.select_related(*SHOWN_WITH)

    def _wanted(self, known: Unmet) -> Iterator[Q]:
        """What is asked, by what is told: known items are found among what waits."""
        unmet = Q(pk__in=known.messages)
        for name, column in COLUMNS.items():
            if name not in self.asked:
                continue
            wanted = Q(**{column: self.asked[name]})
            if self.seen == Sight.WORK and name == "state":
                waits = self.asked[name] == Message.State.SUBMITTED
                wanted = wanted | unmet if waits else wanted & ~unmet
            if self.seen == Sight.WORK and name == "since":
                wanted |= unmet | Q(state=Message.State.SUBMITTED)
            yield wanted

    def list(self, request: Request, slug: str) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        nodes = nodes_for(page or (), self.person, self.seen)
        context = {"is_curator": self.is_curator}
        shown = MessageSerializer(nodes, many=True, context=context)
        return self.get_paginated_response(shown.data)


class CommentSerializer(Read):
    id = serializers.IntegerField(source="comment.pk")
    author = serializers.CharField(source="comment.author.__str__")
    is_mine = serializers.BooleanField()
    text = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="comment.created_at")

    def get_text(self, said: Any) -> str | None:
        return None if said.comment.deleted_at else said.comment.text


class CommentsSerializer(Read):
    results = CommentSerializer(many=True, source="said")


class SaySerializer(Strict):
    text = serializers.CharField(max_length=5_000)


class FlagSerializer(Strict):
    reason = serializers.ChoiceField(choices=Flag.Reason.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)


class HoldSerializer(Strict):
    why = serializers.CharField(max_length=300)


class ReleaseSerializer(Strict):
    decision = serializers.ChoiceField(choices=["accept", "reject"])
    why = serializers.CharField(required=False, allow_blank=True, max_length=300)


class MessageViewSet(Resource, viewsets.GenericViewSet[Message]):
    """One message, by the address that tasks and lists call it by."""

    scopes: ClassVar[dict[str, str]] = {
        "comment": Scope.WORK, "flag": Scope.WORK, "hold": Scope.CURATE,
        "release": Scope.CURATE,
    }  # fmt: skip
    places: ClassVar[dict[str, type]] = {"id": str}
    queryset = Message.objects.none()
    serializer_class: Any = MessageSerializer  # of a node of the tree
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9a-f]{16}"

    def retrieve(self, request: Request, id: str) -> Response:
        return self._shown(self._to_discuss(id))

    @extend_schema(responses=CommentsSerializer)
    @action(detail=True)
    def comments(self, request: Request, id: str) -> Response:
        """What was said about it, as far as the person may read it now."""
        thread: Any = thread_of(self._to_discuss(id), self.person)
        return Response(CommentsSerializer(thread).data)

    @extend_schema(request=SaySerializer, responses={201: CommentsSerializer})
    @comments.mapping.post
    def comment(self, request: Request, id: str) -> Response:
        message, sent = self._to_discuss(id), checked(SaySerializer, request.data)
        discussion.comment(message_id=message.pk, by=self.person, text=sent["text"])
        thread: Any = thread_of(message, self.person)
        return Response(CommentsSerializer(thread).data, status=201)

    @extend_schema(request=FlagSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def flag(self, request: Request, id: str) -> Response:
        """Ask a curator to look at it."""
        message, sent = self._to_discuss(id), checked(FlagSerializer, request.data)
        flags.raise_flag(message_id=message.pk, by=self.person, **sent)
        return Response(status=204)

    @extend_schema(request=HoldSerializer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, id: str) -> Response:
        """Nothing is learned from it until a curator decides."""
        message = self._to_curate(id)
        why = valid(HoldForm(checked(HoldSerializer, request.data)))["why"]
        messages.hold(message_id=message.pk, by=self.person, why=why)
        return self._shown(self._to_discuss(id))

    @extend_schema(request=ReleaseSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, id: str) -> Response:
        """Decide on what was held."""
        message = self._to_curate(id)
        sent = valid(ReleaseForm(checked(ReleaseSerializer, request.data)))
        accept = sent["decision"] == "accept"
        messages.release(
            message_id=message.pk, by=self.person, accept=accept, why=sent["why"]
        )
        return self._shown(self._to_discuss(id))

    def _shown(self, message: Message) -> Response:
        seen = sight(self.person, message.conversation.dataset)
        (node,) = nodes_for([message], self.person, seen)
        if seen == Sight.WORK and is_come_of(message, self.person):
            node.parent_id = node.revises_id = None
        context = {"is_curator": seen == Sight.ALL}
        return Response(MessageSerializer(node, context=context).data)

    def _to_discuss(self, id: str) -> Message:
        return access.message_to_discuss(self.asking, message_number(id))

    def _to_curate(self, id: str) -> Message:
        message = self._to_discuss(id)
        dataset: Dataset = message.conversation.dataset
        if not holds(self.person, dataset):
            raise Http404
        return message


class CommentViewSet(Resource, viewsets.GenericViewSet[Comment]):
    scopes: ClassVar[dict[str, str]] = {"destroy": Scope.WORK}
    queryset = Comment.objects.all()
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back what one said oneself; that something was said stays."""
        comment = access.comment_of_mine(self.asking, int(pk))
        discussion.take_back(comment_id=comment.pk, by=self.person)
        return Response(status=204)


def message_number(address: str) -> int:
    try:
        return number_of(address, of="message")
    except ValueError as error:
        raise Http404 from error
