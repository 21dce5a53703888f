"""The API about itself: a page to try it by, one to read, an answer for odd addresses."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

# Their arrows are in their styles; no text of anybody is shown on them.
with_arrows = method_decorator(csp_update({"img-src": ["data:"]}), name="dispatch")


@with_arrows
class Explorer(SpectacularSwaggerSplitView):
    """Swagger UI without a script or a style in the page."""

    template_name = "rest/explorer.html"


@with_arrows
class Reference(SpectacularRedocView):
    """Redoc, whose styles are let in by the nonce of the page: see redoc.js."""

    template_name = "rest/reference.html"


class Nowhere(APIView):
    """No such address: said as a problem, like every refusal here, and not as a page."""

    permission_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise NotFound

    post = put = patch = delete = get
