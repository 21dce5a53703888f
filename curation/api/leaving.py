"""A person takes back what they wrote, sees where it had gone, and asks to be erased."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from curation import contributions, lineage
from curation.actions import erasure, withdrawals
from curation.api.judgements import AddressField
from curation.background import ring
from curation.models import Dataset, DatasetVersion, Erasure, Withdrawal
from curation.rest.pagination import LastFirst
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked
from curation.tasks import carry_on_withdrawals

Read = serializers.Serializer[Any]


class WithdrawalSerializer(serializers.ModelSerializer[Withdrawal]):
    """Of a text, or else of all in a dataset, or else of everything."""

    message = AddressField(source="message_id", read_only=True, allow_null=True)
    dataset = serializers.SlugField(
        source="dataset.slug", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = Withdrawal
        fields: tuple[str, ...] = (
            "id", "message", "dataset", "state", "total", "done", "created_at",
            "finished_at",
        )  # fmt: skip


class HolderSerializer(Read):
    """A version that holds some of it, and the models that learned from that."""

    dataset = serializers.CharField(source="version.dataset.title")
    number = serializers.IntegerField(source="version.number")
    digest = serializers.SerializerMethodField(help_text="Where you may see the version.")
    models = serializers.SerializerMethodField()

    def get_digest(self, held: lineage.Reached) -> str | None:
        version: DatasetVersion = held.version
        return version.digest if version.dataset_id in self.context["seen"] else None

    def get_models(self, held: lineage.Reached) -> list[str]:
        return [one.report.name for one in held.models]


class WithdrawalDetailSerializer(WithdrawalSerializer):
    held_by = serializers.SerializerMethodField(help_text="Where it had gone by then.")

    class Meta(WithdrawalSerializer.Meta):
        fields = (*WithdrawalSerializer.Meta.fields, "held_by")

    def get_held_by(self, asked: Withdrawal) -> HolderSerializer(many=True):  # type: ignore[valid-type]
        reached: Any = lineage.recalled_by(asked)
        return HolderSerializer(reached, many=True, context=self.context).data


class WithdrawalWish(Strict):
    """Either a dataset, or everything: nothing is meant by leaving both out."""

    dataset = serializers.SlugField(required=False)
    is_everything = serializers.BooleanField(default=False)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if ("dataset" in sent) == sent["is_everything"]:
            raise serializers.ValidationError(_("Name a dataset, or say everything."))
        return sent


class WithdrawalViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[Withdrawal],
):
    """What the person took back: single texts, all of a dataset, or everything."""

    scopes: ClassVar[dict[str, str]] = {"create": Scope.WORK}
    queryset = Withdrawal.objects.none()
    pagination_class = LastFirst
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Withdrawal]:
        mine = Withdrawal.objects.filter(person=self.person)
        return mine.select_related("dataset")

    def get_serializer_class(self) -> type[WithdrawalSerializer]:
        return WithdrawalSerializer if self.action == "list" else WithdrawalDetailSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        seen: set[int] = set()
        if self.action != "list" and self.request is not None:
            there = Dataset.objects.visible_to(self.person)
            seen = set(there.values_list("pk", flat=True))
        return {**super().get_serializer_context(), "seen": seen}

    @extend_schema(request=WithdrawalWish, responses={201: WithdrawalDetailSerializer})
    def create(self, request: Request) -> Response:
        """Take back all texts of a dataset, or all there are, and the consents to that.

        A few are done at once, many in the background.
        """
        sent = checked(WithdrawalWish, request.data)
        dataset = self._dataset(sent["dataset"]) if "dataset" in sent else None
        asked = withdrawals.take_back_all(
            person=self.person, dataset=dataset, by=self.person
        )
        if asked.state == Withdrawal.State.QUEUED:
            ring(carry_on_withdrawals)
        return Response(self.get_serializer(asked).data, status=201)

    def _dataset(self, slug: str) -> Dataset:
        there = {one.slug: one for one in contributions.datasets_to_leave(self.person)}
        if slug not in there:
            raise Http404
        return there[slug]


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    class Meta:
        model = Erasure
        fields = ("asked_at", "ordered_at", "done_at")


class ErasureWish(Strict):
    email = serializers.CharField(
        max_length=254, help_text="Your address, typed out: nothing comes back."
    )


class ErasureView(Resource):
    """One's own wish to be erased; an admin does it."""

    scopes: ClassVar[dict[str, str]] = {"post": Scope.WORK}

    @extend_schema(responses=ErasureSerializer, operation_id="me_erasure_retrieve")
    def get(self, request: Request) -> Response:
        """How far it is; 404 where it was not asked for."""
        asked = Erasure.objects.filter(person=self.person).first()
        if asked is None:
            raise Http404
        return Response(ErasureSerializer(asked).data)

    @extend_schema(
        request=ErasureWish,
        responses={201: ErasureSerializer},
        operation_id="me_erasure_create",
    )
    def post(self, request: Request) -> Response:
        """Ask for it. All texts are taken back with it at once."""
        typed = checked(ErasureWish, request.data)["email"]
        if typed.strip().lower() != self.person.email.lower():
            said = _("Type the e-mail address as it stands here.")
            raise ValidationError({"email": [said]})
        return Response(ErasureSerializer(erasure.ask(by=self.person)).data, status=201)
