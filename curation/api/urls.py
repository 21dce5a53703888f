from __future__ import annotations

from rest_framework.routers import SimpleRouter

from curation.api.views import DatasetViewSet, FreezingViewSet, VersionViewSet

app_name = "api"
router = SimpleRouter()
router.register("datasets", DatasetViewSet, basename="dataset")
router.register("versions", VersionViewSet, basename="version")
router.register("freezings", FreezingViewSet, basename="freezing")
urlpatterns = router.urls
