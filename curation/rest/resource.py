"""What every resource of the API is: somebody asks, and only what is known by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, cast

from rest_framework.request import Request
from rest_framework.response import Response

from curation.http import SignedInRequest
from curation.models import Contributor
from curation.rest.replays import Replays
from curation.rest.strict import Nothing, Strict, checked

CURSOR = "cursor"


class Resource(Replays):
    """Parameters in the address are checked before anything else is done.

    A view lists them per action: `asks = {"list": FilterSerializer}`; they are then in
    `self.asked`, and in the schema. Any other is a 400 that names those.
    """

    asks: ClassVar[dict[str, type[Strict]]] = {}
    # What stands in the path, for the schema, where no column says what it is.
    places: ClassVar[dict[str, type]] = {}
    asked: Mapping[str, Any] = MappingProxyType({})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        given = request.query_params.dict()
        if getattr(self, "pagination_class", None) is not None:
            given.pop(CURSOR, None)  # pagination reads it
        self.asked = checked(self.parameters or Nothing, given)

    @property
    def parameters(self) -> type[Strict] | None:
        """Those of this action. The schema asks, too."""
        return self.asks.get(getattr(self, "action", None) or "")

    @property
    def asking(self) -> SignedInRequest:
        """The request as the pages' access.py takes it."""
        return cast(SignedInRequest, self.request)

    @property
    def person(self) -> Contributor:
        return cast(Contributor, self.request.user)  # IsAuthenticated is the default

    def shown(self: Any, pk: int, status: int = 200) -> Response:
        """One of the view's rows as it is now."""
        found = self.get_queryset().get(pk=pk)
        return Response(self.get_serializer(found).data, status=status)
