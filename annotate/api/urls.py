from __future__ import annotations

from rest_framework.routers import SimpleRouter

from annotate.api.allotments import AllotmentViewSet
from annotate.api.views import TaskViewSet
from curation.api.within import SLUG

app_name = "tasks-api"
router = SimpleRouter()
router.register("tasks", TaskViewSet, basename="task")
router.register(f"{SLUG}/allotments", AllotmentViewSet, basename="allotment")
urlpatterns = router.urls
