"""What a dataset has one of, found under the dataset's own address."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import viewsets

from curation.rest.resource import Resource


class OfDataset(Resource, viewsets.GenericViewSet[Any]):
    places: ClassVar[dict[str, type]] = {"dataset": str}
    lookup_url_kwarg = "dataset"
    lookup_value_regex = r"[-\w]+"
