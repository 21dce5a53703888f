"""Datasets, for programs: which there are, how they are run, and by which guideline."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.forms import model_to_dict
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from curation import access
from curation.actions import datasets
from curation.api.within import Within
from curation.forms.datasets import (
    CategoryChangeForm,
    CategoryForm,
    DatasetChangeForm,
    DatasetForm,
    GuidelineForm,
    PolicyForm,
)
from curation.models import Category, Dataset, Guideline, Policy
from curation.rest.forms import valid
from curation.rest.pagination import CarefulCursor, InOrder
from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked

Read = serializers.Serializer[Any]


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    conversation_count = serializers.IntegerField(read_only=True)  # all from for_listing()
    complete_count = serializers.IntegerField(read_only=True)
    version_count = serializers.IntegerField(read_only=True)
    target = serializers.IntegerField(read_only=True)

    class Meta:
        model = Dataset
        fields = (
            "slug", "title", "description", "shape", "languages", "licence", "created_at",
            "archived_at", "conversation_count", "complete_count", "version_count",
            "target",
        )  # fmt: skip


class PolicySerializer(serializers.ModelSerializer[Policy]):
    class Meta:
        model = Policy
        fields = (*PolicyForm.Meta.fields, "checks")


class PolicyChangeSerializer(Strict):
    """What is left out stays."""

    reviews_wanted = serializers.IntegerField(required=False)
    approvals_needed = serializers.IntegerField(required=False)
    adjudicates = serializers.BooleanField(required=False)
    gold_every = serializers.IntegerField(required=False)
    rankings_wanted = serializers.IntegerField(required=False)
    rankings_at_most = serializers.IntegerField(required=False)
    replies_wanted = serializers.IntegerField(required=False)
    improve_below = serializers.IntegerField(required=False)
    max_depth = serializers.IntegerField(required=False)
    open_conversations = serializers.IntegerField(required=False)
    lease_minutes = serializers.IntegerField(required=False)
    weekly_goal = serializers.IntegerField(required=False)
    held_out_percent = serializers.IntegerField(required=False)


class RulesSerializer(PolicyChangeSerializer):
    checks = serializers.DictField(
        child=serializers.ChoiceField(choices=["off", "hint", "hold"]),
        required=False,
        help_text="By name of a check; what is not named goes by what is usual.",
    )


class DatasetChangeSerializer(Strict):
    title = serializers.CharField(required=False, max_length=120)
    description = serializers.CharField(required=False, allow_blank=True)
    languages = serializers.ListField(child=serializers.CharField(), required=False)
    is_archived = serializers.BooleanField(
        required=False, help_text="Site admins. Nobody is given work of it any more."
    )


class DatasetCreateSerializer(Strict):
    slug = serializers.SlugField(max_length=50)
    title = serializers.CharField(max_length=120)
    shape = serializers.ChoiceField(choices=Dataset.Shape.choices)
    description = serializers.CharField(required=False, allow_blank=True)
    languages = serializers.ListField(child=serializers.CharField(), required=False)
    licence = serializers.CharField(required=False, max_length=60)
    guideline = serializers.CharField(required=False, allow_blank=True)
    policy = PolicyChangeSerializer(required=False)


class DatasetFilterSerializer(Strict):
    shape = serializers.ChoiceField(choices=Dataset.Shape.choices, required=False)
    is_archived = serializers.BooleanField(required=False, allow_null=True, default=None)
    order = serializers.ChoiceField(choices=["slug", "title", "newest"], required=False)


class DatasetViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    Resource,
    viewsets.GenericViewSet[Dataset],
):
    """The datasets that the person is a member of; all of them for a site admin."""

    scopes: ClassVar[dict[str, str]] = {
        "create": Scope.CURATE, "partial_update": Scope.CURATE,
    }  # fmt: skip
    asks: ClassVar[dict[str, type[Strict]]] = {"list": DatasetFilterSerializer}
    orders: ClassVar[dict[str, tuple[str, ...]]] = {
        "slug": ("slug",), "title": ("title", "pk"), "newest": ("-created_at", "-pk"),
    }  # fmt: skip
    serializer_class = DatasetSerializer
    pagination_class = InOrder
    lookup_field = "slug"
    lookup_value_regex = r"[-\w]+"

    def get_queryset(self) -> QuerySet[Dataset]:
        rows = Dataset.objects.visible_to(self.person).for_listing()
        if shape := self.asked.get("shape"):
            rows = rows.filter(shape=shape)
        if (is_archived := self.asked.get("is_archived")) is not None:
            rows = rows.filter(archived_at__isnull=not is_archived)
        return rows

    @extend_schema(request=DatasetCreateSerializer, responses={201: DatasetSerializer})
    def create(self, request: Request) -> Response:
        """A new dataset with its rules and first guideline. Site admins."""
        sent = checked(DatasetCreateSerializer, request.data)
        rules = model_to_dict(Policy(), PolicyForm.Meta.fields) | sent.pop("policy", {})
        usual = {"languages": ["en"], "licence": Dataset._meta.get_field("licence").default}
        fields = valid(DatasetForm(_filled(usual | sent)))
        policy = valid(PolicyForm(rules))
        made = datasets.create(by=self.person, policy=policy, **fields)
        return Response(self._shown(made), status=201)

    @extend_schema(request=DatasetChangeSerializer, responses=DatasetSerializer)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Change what people read of it, or put it away. Its slug and shape stay."""
        found = access.dataset_to_curate(self.asking, slug)
        sent = checked(DatasetChangeSerializer, request.data)
        is_archived = sent.pop("is_archived", None)
        if sent:
            before = model_to_dict(found, DatasetChangeForm.Meta.fields)
            fields = valid(DatasetChangeForm(_filled(before | sent), instance=found))
            chosen = {name: fields[name] for name in sent}
            datasets.change(dataset_id=found.pk, by=self.person, **chosen)
        if is_archived is not None:
            datasets.archive(dataset_id=found.pk, is_archived=is_archived, by=self.person)
        return Response(self._shown(found))

    def _shown(self, dataset: Dataset) -> Any:
        return DatasetSerializer(self.get_queryset().get(pk=dataset.pk)).data


class PolicyViewSet(Within):
    """How much judgement a dataset asks for; for its curators."""

    scopes: ClassVar[dict[str, str]] = {"partial_update": Scope.CURATE}
    queryset = Policy.objects.none()
    serializer_class = PolicySerializer

    def retrieve(self, request: Request, slug: str) -> Response:
        return Response(PolicySerializer(self.dataset_to_curate().policy).data)

    @extend_schema(request=RulesSerializer, responses=PolicySerializer)
    def partial_update(self, request: Request, slug: str) -> Response:
        dataset, sent = self.dataset_to_curate(), checked(RulesSerializer, request.data)
        checks = {"checks": sent.pop("checks")} if "checks" in sent else {}
        before = model_to_dict(dataset.policy, PolicyForm.Meta.fields)
        rules = valid(PolicyForm(before | sent, instance=dataset.policy))
        chosen = {name: rules[name] for name in sent} | checks
        policy = datasets.set_policy(dataset=dataset, by=self.person, **chosen)
        return Response(PolicySerializer(policy).data)


class GuidelineSerializer(serializers.ModelSerializer[Guideline]):
    class Meta:
        model = Guideline
        fields = ("number", "text", "created_at")


class PublishSerializer(Strict):
    text = serializers.CharField(trim_whitespace=False)
    based_on = serializers.IntegerField(
        required=False,
        help_text="The version that it was made from: refused where there is a newer one.",
    )


class NewestNumber(CarefulCursor):
    ordering = "-number"


class GuidelineViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Within):
    """The text that people work under, in all its versions, the newest first."""

    scopes: ClassVar[dict[str, str]] = {"create": Scope.CURATE}
    queryset = Guideline.objects.none()
    serializer_class = GuidelineSerializer
    pagination_class = NewestNumber
    lookup_field = "number"
    lookup_value_regex = "[0-9]{1,9}"

    def get_queryset(self) -> QuerySet[Guideline]:
        return self.dataset.guidelines.all()

    @extend_schema(
        request=PublishSerializer,
        responses={
            (200, "application/json"): GuidelineSerializer,
            (201, "application/json"): GuidelineSerializer,
        },
    )
    def create(self, request: Request, slug: str) -> Response:
        """Publish the next version. 200 with the one in force where nothing changed."""
        dataset, sent = self.dataset_to_curate(), checked(PublishSerializer, request.data)
        newest = dataset.guideline_in_force()
        usual = {"based_on": newest.number if newest else None}
        fields = valid(GuidelineForm(usual | sent, newest=newest))
        published = datasets.publish_guideline(dataset=dataset, by=self.person, **fields)
        status = 200 if published == newest else 201
        return Response(GuidelineSerializer(published).data, status=status)


class CategorySerializer(serializers.ModelSerializer[Category]):
    complete_count = serializers.IntegerField(read_only=True)
    under_way_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Category
        fields = (*CategoryForm.Meta.fields, "complete_count", "under_way_count")


class CategoryChangeSerializer(Strict):
    """What is left out stays."""

    name = serializers.CharField(required=False, max_length=60)
    brief = serializers.CharField(required=False, allow_blank=True)
    target = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    needs_context = serializers.BooleanField(required=False)
    topics = serializers.ListField(child=serializers.CharField(), required=False)


class CategoryCreateSerializer(CategoryChangeSerializer):
    slug = serializers.SlugField(max_length=50)
    name = serializers.CharField(max_length=60)


class BySlug(CarefulCursor):
    ordering = "slug"


class CategoryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Within):
    """What a dataset wants texts of, and how far it is."""

    scopes: ClassVar[dict[str, str]] = {
        "create": Scope.CURATE, "partial_update": Scope.CURATE,
    }  # fmt: skip
    places: ClassVar[dict[str, type]] = {"slug": str, "category": str}
    queryset = Category.objects.none()
    serializer_class = CategorySerializer
    pagination_class = BySlug
    lookup_field = "slug"
    lookup_url_kwarg = "category"
    lookup_value_regex = r"[-\w]+"

    def get_queryset(self) -> QuerySet[Category]:
        return self.dataset.categories.with_progress()

    @extend_schema(request=CategoryCreateSerializer, responses={201: CategorySerializer})
    def create(self, request: Request, slug: str) -> Response:
        dataset = self.dataset_to_curate()
        sent = checked(CategoryCreateSerializer, request.data)
        fields = valid(
            CategoryForm(
                _filled({"target": Category._meta.get_field("target").default} | sent),
                dataset=dataset,
            )
        )
        datasets.add_categories(dataset=dataset, categories=[fields], by=self.person)
        return Response(self._shown(fields["slug"]), status=201)

    @extend_schema(request=CategoryChangeSerializer, responses=CategorySerializer)
    def partial_update(self, request: Request, slug: str, category: str) -> Response:
        """The slug stays: recipes and frozen versions name it."""
        dataset = self.dataset_to_curate()
        sent = checked(CategoryChangeSerializer, request.data)
        found = get_object_or_404(dataset.categories, slug=category)
        before = model_to_dict(found, CategoryChangeForm.Meta.fields)
        form = CategoryChangeForm(_filled(before | sent), instance=found, dataset=dataset)
        fields = valid(form)
        chosen = {name: fields[name] for name in sent}
        datasets.change_category(category_id=found.pk, by=self.person, **chosen)
        return Response(self._shown(category))

    def _shown(self, slug: str) -> Any:
        return CategorySerializer(self.get_queryset().get(slug=slug)).data


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    """As the page sends it: lists as texts, with commas between."""
    return {
        name: ",".join(value) if isinstance(value, list) else value
        for name, value in fields.items()
    }
