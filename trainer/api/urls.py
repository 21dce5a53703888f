from __future__ import annotations

from rest_framework.routers import SimpleRouter

from trainer.api.bases import BaseViewSet
from trainer.api.champions import ChampionViewSet, PromotionViewSet
from trainer.api.jobs import JobViewSet
from trainer.api.runs import RunViewSet
from trainer.api.schedules import ScheduleViewSet

app_name = "models-api"
router = SimpleRouter()
router.register("bases", BaseViewSet, basename="base")
router.register("runs", RunViewSet, basename="run")
router.register("jobs", JobViewSet, basename="job")
router.register("schedules", ScheduleViewSet, basename="schedule")
router.register("champions", ChampionViewSet, basename="champion")
router.register("promotions", PromotionViewSet, basename="promotion")
urlpatterns = router.urls
