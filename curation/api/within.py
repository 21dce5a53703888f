"""What stands under a dataset: /datasets/{slug}/…"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from rest_framework.viewsets import GenericViewSet

from curation import access
from curation.actions.rights import Sight, sight
from curation.models import Dataset
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
