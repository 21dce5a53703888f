"""Tasks, for programs: claimed, kept alive, written, submitted, skipped, taken back."""

from __future__ import annotations

import json
import uuid
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotate import access, actions, begun, gold, opening, queue, undo
from annotate.api import answers
from annotate.api.serializers import (
    ClaimSerializer,
    HeldSerializer,
    LeaseSerializer,
    SavedSerializer,
    SkipSerializer,
    SubmittedSerializer,
    TaskSerializer,
    WaitingSerializer,
)
from annotate.api.sheets import sheet_of
from annotate.errors import WordsGone
from annotate.forms.base import DRAFT_AT_MOST
from annotate.models import Assignment
from annotate.screens import SCREENS
from curation.addresses import number_of
from curation.http import SignedInRequest
from curation.rest.forms import valid
from curation.rest.pagination import InTurn
from curation.rest.replays import key_in
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import checked

KEYS = uuid.UUID("5d1c9a52-0d2f-4e0b-9e0e-6f5f2a1f7a3c")  # of keys made of people's own
NO_FIELDS = gettext_lazy("Send an object: the fields by name.")
# Which fields there are, the task says.
FIELDS = {
    "application/json": {
        "type": "object",
        "additionalProperties": {
            "nullable": True,
            "oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}],
        },
    }
}


class TaskViewSet(mixins.ListModelMixin, Resource, viewsets.GenericViewSet[Assignment]):
    """Work as it is handed out on the pages: blind, leased, one thing at a time."""

    # A submission has a key of its own, and keeps the words when it refuses. All else
    # comes to the same when it is done twice.
    replays = False
    keyed = ("submit",)
    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("claim", "heartbeat", "draft", "submit", "skip", "undo"), Scope.WORK
    )
    places: ClassVar[dict[str, type]] = {"id": str}
    serializer_class = HeldSerializer
    pagination_class = InTurn
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9a-f]{16}"

    def get_queryset(self) -> QuerySet[Assignment]:
        """What the person holds and has seen."""
        return Assignment.objects.held_by(self.person).filter(is_ahead=False).for_page()

    def list(self, request: Request) -> Response:
        """The tasks that the person holds."""
        return super().list(request)

    @extend_schema(responses=WaitingSerializer)
    @action(detail=False)
    def waiting(self, request: Request) -> Response:
        """How much work of each kind waits for the person."""
        offers = queue.offers(self.person, queue.pairs_of(self.person))
        return Response(WaitingSerializer({"results": offers}).data)

    @extend_schema(request=ClaimSerializer, responses={200: TaskSerializer, 204: None})
    @action(detail=False, methods=["post"])
    def claim(self, request: Request) -> Response:
        """The person's next task. 204 where nothing waits.

        What they hold already comes first, so that a claim sent twice takes one task.
        """
        asked = checked(ClaimSerializer, request.data)
        slot = begun.choose(by=self.person, **asked)
        while slot is not None:
            try:
                return self._shown(slot.pk)
            except WordsGone:  # it has ended with that
                slot = begun.choose(by=self.person, **asked)
        return Response(status=204)

    @extend_schema(responses=TaskSerializer)
    def retrieve(self, request: Request, id: str) -> Response:
        """A task that the person holds."""
        return self._shown(_number(id))

    @extend_schema(request=None, responses=LeaseSerializer)
    @action(detail=True, methods=["post"])
    def heartbeat(self, request: Request, id: str) -> Response:
        """The person is still at it: the lease begins anew."""
        slot = actions.beat(assignment_id=_number(id), by=self.person)
        return Response(LeaseSerializer(slot).data)

    @extend_schema(request=FIELDS, responses=SavedSerializer)
    @action(detail=True, methods=["put"])
    def draft(self, request: Request, id: str) -> Response:
        """Keep what was written so far. It outlives the lease, and is on the page, too."""
        slot = self._to_submit(id)
        sent = _fields(request)
        if not sent:  # nothing that was typed is given up for that
            raise ParseError(NO_FIELDS)
        kept = answers.form_data(slot, SCREENS[slot.kind].form_class, sent)
        if len(json.dumps(kept)) > DRAFT_AT_MOST:
            said = _("A draft has at most %(n)d bytes.") % {"n": DRAFT_AT_MOST}
            raise ParseError(said)
        draft = actions.save_draft(assignment_id=slot.pk, by=self.person, fields=kept)
        return Response(SavedSerializer(draft).data)

    @extend_schema(request=FIELDS, responses=SubmittedSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, id: str) -> Response:
        """Do the task, with the fields that it takes.

        With an idempotency key, what was sent twice counts once. Whatever refuses, what
        was written is kept as a draft.
        """
        slot = self._to_submit(id)
        screen = SCREENS[slot.kind]
        fields = _fields(request)
        try:
            sent = answers.form_data(slot, screen.form_class, fields)
        except ValidationError:
            kept = answers.understood(slot, screen.form_class, fields)
            self._keep(slot, screen.form_class(slot, kept).typed)
            raise
        form = screen.form_class(slot, {**sent, "key": str(self._key())})
        try:
            key = valid(form, answers.names_of(slot, form))["key"]
        except ValidationError:
            self._keep(slot, form.typed)
            raise
        actions.submit(
            assignment_id=slot.pk,
            by=self.person,
            key=key,
            fields=form.typed,
            apply=lambda locked: screen.apply(locked, form, self.person),
        )
        done = {"task": slot.address, "said": gold.outcome_of(slot, self.person)}
        return Response(SubmittedSerializer(done).data)

    @extend_schema(request=SkipSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, id: str) -> Response:
        """Hand it back. It will not be offered to the same person again."""
        asked, slot = checked(SkipSerializer, request.data), self._to_submit(id)
        actions.skip(assignment_id=slot.pk, by=self.person, **asked)
        return Response(status=204)

    @extend_schema(request=None, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, id: str) -> Response:
        """Take back what was submitted or skipped just now; the task is theirs again."""
        slot = undo.take_back_newest(assignment_id=_number(id), by=self.person)
        if slot is None:
            raise Http404
        return self._shown(slot.pk)

    def _shown(self, number: int) -> Response:
        slot = opening.opened(assignment_id=number, by=self.person)
        if slot is None:
            raise Http404
        sheet: Any = sheet_of(slot, self.person)  # stands for the slot
        return Response(TaskSerializer(sheet).data)

    def _to_submit(self, id: str) -> Assignment:
        return access.slot_to_submit(cast(SignedInRequest, self.request), _number(id))

    def _keep(self, slot: Assignment, typed: dict[str, str]) -> None:
        if any(typed.values()):
            actions.save_draft(assignment_id=slot.pk, by=self.person, fields=typed)

    def _key(self) -> uuid.UUID:
        """The submission's own: people choose theirs without regard to one another."""
        key = key_in(self.request)
        return uuid.uuid5(KEYS, f"{self.person.pk} {key}") if key else uuid.uuid4()


def _number(address: str) -> int:
    try:
        return number_of(address, of="task")
    except ValueError as error:
        raise Http404 from error


def _fields(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ParseError(NO_FIELDS)
    return request.data
