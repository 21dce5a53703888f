"""The API about itself: a page to try it by, and an answer for odd addresses."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


@method_decorator(csp_update({"img-src": ["data:"]}), name="dispatch")
class Explorer(SpectacularSwaggerSplitView):
    """Swagger UI without a script or a style in the page.

    Its style sheet has its arrows in it; no text of anybody is shown here.
    """

    template_name = "rest/explorer.html"


class Nowhere(APIView):
    """No such address: said as a problem, like every refusal here, and not as a page."""

    permission_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise NotFound

    post = put = patch = delete = get
