from __future__ import annotations

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

import curation.rest.schema  # noqa: F401  # drf-spectacular knows it once it is loaded
from curation.rest.pages import Explorer, Nowhere, Reference

urlpatterns = [
    path("v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("v1/docs/", Explorer.as_view(url_name="api-schema"), name="api-docs"),
    path(
        "v1/reference/",
        Reference.as_view(url_name="api-schema"),
        name="api-reference",
    ),
    re_path("", Nowhere.as_view(), name="api-nowhere"),
]
