"""One thing done with many texts at once, for curators: as on the browse page and in the
queue. Each is done or refused on its own, in a transaction of its own: twice comes to the
same as once, and an idempotency key does nothing."""

from __future__ import annotations

from typing import Any, ClassVar

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
from curation.actions.selections import Done
from curation.addresses import address_of
from curation.api.judgements import AddressField
from curation.api.within import Within
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


class Chosen(Strict):
    """Either messages, or all that a search finds."""

    messages = serializers.ListField(
        child=AddressField(), required=False, min_length=1, max_length=chosen.AT_MOST
    )
    search = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST,
        help_text=f"As in a kept one; the newest {chosen.AT_MOST} that it finds.",
    )  # fmt: skip

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if ("messages" in sent) == ("search" in sent):
            raise serializers.ValidationError(_("Name messages, or a search."))
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


class SelectionViewSet(Within):
    replays = False  # a kept answer with texts is where no erasure looks
    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("create", "rows"), Scope.CURATE)
    queryset = Message.objects.none()
    pagination_class = None

    @extend_schema(request=SelectionWish, responses=DoneSerializer)
    def create(self, request: Request, slug: str) -> Response:
        """Hold them back, flag them, or change the category that they stand in.

        An idempotency key does nothing here: what is so already is left or refused.
        """
        dataset, sent = self.dataset_to_curate(), checked(SelectionWish, request.data)
        kind = dataset.categories.filter(slug=sent.get("category", "")).first()
        form = BulkForm(
            {**sent, "scope": "all", "category": kind.pk if kind else None}, dataset=dataset
        )
        fields, keys = valid(form), self._keys(dataset, sent, chosen.AT_MOST)
        if sent["verb"] == "hold":
            done = selections.hold(message_ids=keys, by=self.person, why=fields["why"])
        elif sent["verb"] == "flag":
            said = {"reason": fields["reason"], "note": fields["why"]}
            done = selections.flag(message_ids=keys, by=self.person, **said)
        else:
            to = fields["category"]
            done = selections.categorise(message_ids=keys, by=self.person, category=to)
        return _told(done)

    @extend_schema(request=Chosen, responses=SelectedRowsSerializer)
    @action(detail=False, methods=["post"])
    def rows(self, request: Request, slug: str) -> Response:
        """What may be published of each, and its state; the newest 1,000 of a search.

        The history notes who took them. An idempotency key does nothing here.
        """
        dataset, sent = self.dataset_to_curate(), checked(Chosen, request.data)
        keys = self._keys(dataset, sent, chosen.READ_AT_MOST)
        rows = selections.taken(dataset=dataset, message_ids=keys, by=self.person)
        return Response({"results": list(rows)})

    def _keys(self, dataset: Dataset, sent: dict[str, Any], at_most: int) -> list[int]:
        if "messages" in sent:
            wanted = list(dict.fromkeys(sent["messages"]))
            there = chosen.among(Search(dataset, is_curator=True), wanted)
            if len(there) < len(wanted):
                raise Http404
            return there
        search = asked(QueryDict(sent["search"]), dataset, is_curator=True)
        if search.refused:
            what = ", ".join(f"{name}={value}" for name, value in search.refused)
            said = _("This cannot be asked for here: %(what)s.") % {"what": what}
            raise ValidationError({"search": [said]})
        return chosen.all_of(search, at_most)


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
        return _told(done)


def _told(done: Done) -> Response:
    refused = [
        {"message": address_of(pk, of="message"), "why": why} for pk, why in done.refused
    ]
    told: Any = {"done": done.done, "refused": refused}
    return Response(DoneSerializer(told).data)
