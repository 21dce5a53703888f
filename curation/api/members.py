"""Who takes part in a dataset, and in which role."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access
from curation.actions import people, suspensions
from curation.api.within import Numbered
from curation.errors import CurationError
from curation.forms.people import MemberForm, SuspensionForm
from curation.models import Membership, Suspension
from curation.rest.forms import valid
from curation.rest.pagination import InTurn
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """One role of one person. Addresses and pauses are for curators."""

    person = serializers.IntegerField(source="contributor_id", read_only=True)
    name = serializers.CharField(source="contributor.__str__", read_only=True)
    email = serializers.SerializerMethodField()
    is_paused = serializers.SerializerMethodField()

    class Meta:
        model = Membership
        fields = ("id", "person", "name", "email", "role", "since", "is_paused")

    def get_email(self, row: Membership) -> str | None:
        return row.contributor.email if self.context["is_curator"] else None

    def get_is_paused(self, row: Membership) -> bool | None:
        return row.suspended_at is not None if self.context["is_curator"] else None


class MemberCreateSerializer(Strict):
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Membership.Role.choices)


class PauseSerializer(Strict):
    reason = serializers.CharField(max_length=300, help_text="The person reads it.")


class MemberFilterSerializer(Strict):
    role = serializers.ChoiceField(choices=Membership.Role.choices, required=False)
    person = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class MemberViewSet(Numbered):
    scopes: ClassVar[dict[str, str]] = dict.fromkeys(
        ("create", "destroy", "pause", "resume"), Scope.CURATE
    )
    asks: ClassVar[dict[str, type[Strict]]] = {"list": MemberFilterSerializer}
    queryset = Membership.objects.none()
    serializer_class = MemberSerializer
    pagination_class = InTurn

    def get_queryset(self) -> QuerySet[Membership]:
        rows = self.dataset.memberships.select_related("contributor")
        if role := self.asked.get("role"):
            rows = rows.filter(role=role)
        if person := self.asked.get("person"):
            rows = rows.filter(contributor=person)
        return rows

    def get_serializer_context(self) -> dict[str, Any]:
        is_curator = self.is_curator if "slug" in self.kwargs else False
        return {**super().get_serializer_context(), "is_curator": is_curator}

    @extend_schema(request=MemberCreateSerializer, responses={201: MemberSerializer})
    def create(self, request: Request, slug: str) -> Response:
        """Give somebody who has an account a role. Sent twice, they have it once."""
        dataset = self.dataset_to_curate()
        form = MemberForm(checked(MemberCreateSerializer, request.data))
        role = valid(form)["role"]
        assert form.person is not None  # clean_email() found them
        made = people.join(dataset=dataset, person=form.person, role=role, by=self.person)
        return Response(self.get_serializer(made).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, slug: str, id: str) -> Response:
        """Take the role. What they wrote stays."""
        people.leave(membership_id=self._membership(id).pk, by=self.person)
        return Response(status=204)

    @extend_schema(request=PauseSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, slug: str, id: str) -> Response:
        """The person neither writes nor judges here for now, and is told why."""
        membership = self._membership(id)
        reason = valid(SuspensionForm(checked(PauseSerializer, request.data)))["reason"]
        suspensions.suspend(
            person_id=membership.contributor_id,
            dataset=membership.dataset,
            reason=reason,
            by=self.person,
        )
        return Response(status=204)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, slug: str, id: str) -> Response:
        """They go on, and are told so."""
        membership = self._membership(id)
        told = Suspension.objects.in_force().filter(
            person=membership.contributor_id, dataset=membership.dataset_id
        )
        pause = told.first()
        if pause is None:
            raise CurationError(_("This person is not paused here."))
        suspensions.lift(suspension_id=pause.pk, by=self.person)
        return Response(status=204)

    def _membership(self, id: str) -> Membership:
        return access.membership_to_curate(self.asking, self.kwargs["slug"], int(id))
