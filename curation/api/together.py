"""One thing done with many texts at once, for curators: as on the browse page and in the
queue. Each is done or refused on its own, in a transaction of its own: twice comes to the
same as once, and an idempotency key does nothing."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from curation import cases, chosen
from curation.actions import selections, together
from curation.addresses import address_of
from curation.api.judgements import AddressField
from curation.api.within import Within
from curation.errors import WrongState
from curation.forms.browse import BulkForm
from curation.forms.queue import AT_ONCE, QueueForm
from curation.models import Dataset, Decision, Flag, Message
from curation.rest.forms import valid
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked
from curation.search import Search, asked

Read = serializers.Serializer[Any]
LONGEST = 1_000  # of an address of the browse page, as it is kept


class RefusedSerializer(Read):
    message = serializers.CharField()
    why = serializers.CharField()


class DoneSerializer(Read):
    done = serializers.IntegerField(help_text="So many.")
    refused = RefusedSerializer(many=True)


class LastDoneSerializer(DoneSerializer):
    left = serializers.IntegerField(help_text="Of a search: so many are older than these.")
    last = serializers.CharField(
        allow_null=True, help_text="Of a search: the oldest of these, to go on `after`."
    )


class Chosen(Strict):
    """Either messages, or all that a search finds."""

    messages = serializers.ListField(
        child=AddressField(), required=False, min_length=1, max_length=chosen.AT_MOST
    )
    search = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST,
        help_text=f"As in a kept one; the newest {chosen.AT_MOST} that it finds.",
    )  # fmt: skip
    after = AddressField(
        required=False, help_text="Of a search: those that are older than this text."
    )

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if ("messages" in sent) == ("search" in sent):
            raise serializers.ValidationError(_("Name messages, or a search."))
        if "after" in sent and "search" not in sent:
            said = _("Only a search goes on after a text.")
            raise serializers.ValidationError({"after": [said]})
        return sent


class SelectionWish(Chosen):
    verb = serializers.ChoiceField(choices=["hold", "flag", "category"])
    why = serializers.CharField(
        required=False, max_length=300, help_text="To hold: who wrote it reads this."
    )
    reason = serializers.ChoiceField(
        choices=Flag.Reason.choices, required=False, help_text="To flag."
    )
    category = serializers.SlugField(required=False, help_text="To change it.")


class SelectedSerializer(Read):
    id = serializers.UUIDField()
    parent_id = serializers.UUIDField(allow_null=True)
    conversation = serializers.UUIDField()
    category = serializers.CharField(allow_null=True)
    language = serializers.CharField()
    role = serializers.CharField()
    origin = serializers.CharField()
    generator = serializers.CharField()
    state = serializers.CharField()
    guideline = serializers.IntegerField(allow_null=True)
    text = serializers.CharField()
    context = serializers.CharField()  # type: ignore[assignment]  # as in api/nodes.py


class SelectedRowsSerializer(Read):
    results = SelectedSerializer(many=True)
    refused = RefusedSerializer(many=True)
    left = serializers.IntegerField(help_text="As of a selection.")
    last = serializers.CharField(allow_null=True)


class Picked(NamedTuple):
    """Messages, those of the named that are gone, and where a search goes on."""

    keys: list[int]
    gone: list[tuple[int, str]]
    left: int = 0
    last: int | None = None

    def told(self, refused: list[tuple[int, str]]) -> dict[str, Any]:
        last = None if self.last is None else address_of(self.last, of="message")
        return {"refused": _named(self.gone + refused), "left": self.left, "last": last}


class SelectionViewSet(Within):
    replays = False  # a kept answer with texts is where no erasure looks
    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("create", "rows"), Scope.CURATE)
    queryset = Message.objects.none()
    pagination_class = None

    @extend_schema(request=SelectionWish, responses=LastDoneSerializer)
    def create(self, request: Request, slug: str) -> Response:
        """Hold them back, flag them, or change the category that they stand in.

        Of a search so many at once: while any are `left`, send it again, `after` the
        `last`. An idempotency key does nothing here: what is so already is left or refused.
        """
        dataset, sent = self.dataset_to_curate(), checked(SelectionWish, request.data)
        kind = dataset.categories.filter(slug=sent.get("category", "")).first()
        form = BulkForm(
            {**sent, "scope": "all", "category": kind.pk if kind else None}, dataset=dataset
        )
        fields, picked = valid(form), self._picked(dataset, sent, chosen.AT_MOST)
        done = selections.act(fields, message_ids=picked.keys, by=self.person)
        told: Any = {"done": done.done, **picked.told(done.refused)}
        return Response(LastDoneSerializer(told).data)

    @extend_schema(request=Chosen, responses=SelectedRowsSerializer)
    @action(detail=False, methods=["post"])
    def rows(self, request: Request, slug: str) -> Response:
        """What may be published of each, and its state; the newest 1,000 of a search.

        The history notes who took them. An idempotency key does nothing here.
        """
        dataset, sent = self.dataset_to_curate(), checked(Chosen, request.data)
        picked = self._picked(dataset, sent, chosen.READ_AT_MOST)
        rows = selections.taken(dataset=dataset, message_ids=picked.keys, by=self.person)
        return Response({"results": list(rows), **picked.told([])})

    def _picked(self, dataset: Dataset, sent: dict[str, Any], at_most: int) -> Picked:
        if "messages" in sent:
            return _named_in(dataset, list(dict.fromkeys(sent["messages"])))
        search = asked(QueryDict(sent["search"]), dataset, is_curator=True)
        if search.refused:
            what = ", ".join(f"{name}={value}" for name, value in search.refused)
            said = _("This cannot be asked for here: %(what)s.") % {"what": what}
            raise ValidationError({"search": [said]})
        keys = chosen.all_of(search, at_most, after=sent.get("after"))
        left = chosen.left_after(search, keys[-1]) if len(keys) == at_most else 0
        return Picked(keys, [], left, keys[-1] if keys else None)


def _named_in(dataset: Dataset, wanted: list[int]) -> Picked:
    """What was taken back since is refused by its name; others' texts are not there."""
    there = chosen.among(Search(dataset, is_curator=True), wanted)
    taken_back = Message.objects.filter(
        conversation__dataset=dataset, pk__in=wanted, state=Message.State.WITHDRAWN
    )
    gone = set(taken_back.values_list("pk", flat=True)).difference(there)
    if len(there) + len(gone) < len(wanted):
        raise Http404
    why = str(WrongState("message", Message.State.WITHDRAWN))
    return Picked(there, [(pk, why) for pk in wanted if pk in gone])


class SeenItemSerializer(Strict):
    message = AddressField()
    seen = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=40,
        help_text="As the queue told it: who comes second is refused.",
    )  # fmt: skip


class TogetherWish(Strict):
    action = serializers.ChoiceField(
        choices=[*Decision.Action.choices, *((one, one) for one in QueueForm.ASSIGNING)]
    )
    items = serializers.ListField(
        child=SeenItemSerializer(), min_length=1, max_length=AT_ONCE
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)
    assignee = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="To give them to."
    )


class QueueTogetherViewSet(Within):
    replays = False
    scopes: ClassVar[dict[str, str]] = {"create": Scope.CURATE}
    queryset = Message.objects.none()
    pagination_class = None

    @extend_schema(request=TogetherWish, responses=DoneSerializer)
    def create(self, request: Request, slug: str) -> Response:
        """Decide on several texts that wait, or say who looks after them.

        An idempotency key does nothing here: who comes second is refused.
        """
        dataset, sent = self.dataset_to_curate(), checked(TogetherWish, request.data)
        items = {one["message"]: one["seen"] for one in sent["items"]}
        there = Message.objects.filter(conversation__dataset=dataset, pk__in=items)
        if there.count() < len(items):
            raise Http404
        curators = cases.curators_of(Dataset.objects.filter(pk=dataset.pk))
        to = curators.filter(pk=sent.get("assignee", 0)).first()
        if sent["action"] == "give" and to is None:
            raise ValidationError({"assignee": [_("Choose who shall look at it.")]})
        done = together.act(
            items=items, action=sent["action"], by=self.person,
            note=sent.get("note", ""), assignee=to,
        )  # fmt: skip
        told: Any = {"done": done.done, "refused": _named(done.refused)}
        return Response(DoneSerializer(told).data)


def _named(refused: list[tuple[int, str]]) -> list[dict[str, str]]:
    return [{"message": address_of(pk, of="message"), "why": why} for pk, why in refused]
