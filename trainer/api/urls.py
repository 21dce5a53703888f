from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from trainer.api.bases import BaseViewSet
from trainer.api.benchmarks import BenchmarkViewSet
from trainer.api.champions import ChampionViewSet, PolicyViewSet, PromotionViewSet
from trainer.api.contests import ContestViewSet
from trainer.api.jobs import JobViewSet
from trainer.api.learning import CurveViewSet, ForecastViewSet
from trainer.api.removals import RemovalViewSet
from trainer.api.runs import RunViewSet
from trainer.api.schedules import ScheduleViewSet
from trainer.api.shaped import MyInfluenceViewSet
from trainer.api.surprises import SurpriseViewSet

app_name = "models-api"
router = SimpleRouter()
router.register("bases", BaseViewSet, basename="base")
router.register("runs", RunViewSet, basename="run")
router.register("jobs", JobViewSet, basename="job")
router.register("schedules", ScheduleViewSet, basename="schedule")
router.register("champions", ChampionViewSet, basename="champion")
router.register("promotions", PromotionViewSet, basename="promotion")
router.register("promotion-policies", PolicyViewSet, basename="promotion-policy")
router.register("contests", ContestViewSet, basename="contest")
router.register("benchmarks", BenchmarkViewSet, basename="benchmark")
router.register("removals", RemovalViewSet, basename="removal")
router.register("learning-curves", CurveViewSet, basename="learning-curve")
router.register("forecasts", ForecastViewSet, basename="forecast")
router.register("surprises", SurpriseViewSet, basename="surprise")
mine = MyInfluenceViewSet.as_view({"get": "retrieve"})
urlpatterns = [path("me/influence/", mine, name="my-influence"), *router.urls]
