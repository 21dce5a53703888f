"""What stands under a dataset: /datasets/{slug}/…"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from rest_framework import mixins
from rest_framework.viewsets import GenericViewSet

from curation import access
from curation.actions.rights import Sight, sight
from curation.models import Dataset
from curation.rest.pagination import CarefulCursor, LastFirst
from curation.rest.resource import Resource

SLUG = r"datasets/(?P<slug>[-\w]+)"


class Within(Resource, GenericViewSet):  # type: ignore[type-arg]  # of what, each says
    """Of a dataset that the person sees; other people's are a 404."""

    places: ClassVar[dict[str, type]] = {"slug": str}

    @cached_property
    def dataset(self) -> Dataset:
        return access.dataset(self.asking, self.kwargs["slug"])

    @cached_property
    def seen(self) -> Sight:
        return sight(self.person, self.dataset)

    @property
    def is_curator(self) -> bool:
        return self.seen == Sight.ALL

    def dataset_to_curate(self) -> Dataset:
        return access.dataset_to_curate(self.asking, self.kwargs["slug"])


class Numbered(mixins.ListModelMixin, Within):
    """Rows of a dataset, each by its number; the newest first."""

    places: ClassVar[dict[str, type]] = {"slug": str, "id": int}
    pagination_class: type[CarefulCursor] = LastFirst
    lookup_url_kwarg = "id"
    lookup_value_regex = "[0-9]{1,18}"
