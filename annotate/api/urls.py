from __future__ import annotations

from rest_framework.routers import SimpleRouter

from annotate.api.views import TaskViewSet

app_name = "tasks-api"
router = SimpleRouter()
router.register("tasks", TaskViewSet, basename="task")
urlpatterns = router.urls
