"""What people agree to: read by programs, written by admins, agreed to by people alone."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access
from curation.actions import consents
from curation.api.datasets import NewestNumber
from curation.forms.consents import TermsForm
from curation.models import Consent, Dataset, Terms
from curation.rest.forms import valid
from curation.rest.pagination import LastFirst
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked

Read = serializers.Serializer[Any]


class TermsSerializer(serializers.ModelSerializer[Terms]):
    dataset = serializers.SlugField(
        source="dataset.slug", read_only=True, allow_null=True, default=None,
        help_text="Null: of the whole installation.",
    )  # fmt: skip

    class Meta:
        model = Terms
        fields = ("dataset", "number", "text", "licence", "uses", "created_at")


class PublishTermsSerializer(Strict):
    text = serializers.CharField(max_length=40_000, help_text="Markdown.")
    licence = serializers.CharField(max_length=60, help_text="An SPDX identifier.")
    uses = serializers.ListField(
        child=serializers.ChoiceField(choices=Terms.Use.choices), min_length=1
    )


class TermsViewSet(mixins.ListModelMixin, Resource, viewsets.GenericViewSet[Terms]):
    """All versions, the newest first; that is in force. Site admins write them."""

    scopes: ClassVar[dict[str, str]] = {"create": Scope.ADMIN}
    places: ClassVar[dict[str, type]] = {"slug": str}
    queryset = Terms.objects.none()
    serializer_class = TermsSerializer
    pagination_class = NewestNumber

    @cached_property
    def dataset(self) -> Dataset | None:
        """A dataset's are for its members; those of the installation for site admins."""
        slug = self.kwargs.get("slug")
        found = access.dataset(self.asking, slug) if slug else None
        if found is None or self.action == "create":
            access.site_admins_only(self.asking)
        return found

    def get_queryset(self) -> QuerySet[Terms]:
        return Terms.objects.filter(dataset=self.dataset).select_related("dataset")

    @extend_schema(request=PublishTermsSerializer, responses={201: TermsSerializer})
    def create(self, request: Request, slug: str = "") -> Response:
        """Publish a version: everybody is asked anew before their next task.

        Where nothing changed, it is the version that is there.
        """
        dataset = self.dataset
        fields = valid(TermsForm(checked(PublishTermsSerializer, request.data)))
        made = consents.publish(dataset=dataset, by=self.person, **fields)
        return Response(TermsSerializer(made).data, status=201)


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    terms = TermsSerializer(read_only=True)
    is_in_force = serializers.SerializerMethodField()

    class Meta:
        model = Consent
        fields = ("id", "terms", "act", "at", "is_in_force")

    def get_is_in_force(self, line: Consent) -> bool:
        return line.pk in self.context["in_force"]


class InDatasetSerializer(Strict):
    dataset = serializers.SlugField()


class UnansweredSerializer(Read):
    results = TermsSerializer(many=True)
    where = serializers.CharField(help_text="The page where a person agrees to them.")


class ConsentViewSet(mixins.ListModelMixin, Resource, viewsets.GenericViewSet[Consent]):
    """What the person agreed to and took back, line by line, the newest first."""

    asks: ClassVar[dict[str, type[Strict]]] = {"waiting": InDatasetSerializer}
    queryset = Consent.objects.none()
    serializer_class: Any = ConsentSerializer
    pagination_class = LastFirst

    def get_queryset(self) -> QuerySet[Consent]:
        return Consent.objects.filter(contributor=self.person).for_listing()

    def get_serializer_context(self) -> dict[str, Any]:
        in_force: set[int] = set()
        if self.request is not None and self.request.user.is_authenticated:
            mine = Consent.objects.filter(contributor=self.person).in_force()
            in_force = set(mine.values_list("pk", flat=True))
        return {**super().get_serializer_context(), "in_force": in_force}

    @extend_schema(responses=UnansweredSerializer)
    @action(detail=False, pagination_class=None)
    def waiting(self, request: Request) -> Response:
        """What the person is to agree to before they work in a dataset."""
        there = access.datasets(self.asking)
        dataset = get_object_or_404(there, slug=self.asked["dataset"])
        shown: Any = {
            "results": consents.unanswered(self.person, dataset.pk),
            "where": reverse("curation:consent", args=[dataset.slug]),
        }
        return Response(UnansweredSerializer(shown).data)
