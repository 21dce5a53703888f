from __future__ import annotations

from django.urls import path

from trainer.views import (
    asking,
    bases,
    estimates,
    jobs,
    promotions,
    runs,
    schedules,
    surprises,
    workers,
)

app_name = "trainer"
urlpatterns = [
    path("", runs.runs, name="runs"),
    path("launch/", runs.launch, name="launch"),
    path("launch/estimate/", estimates.estimate, name="estimate"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/live/", runs.run_live, name="run_live"),
    path("runs/<int:pk>/cancel/", runs.run_cancel, name="run_cancel"),
    path("runs/<int:pk>/pause/", runs.run_pause, name="run_pause"),
    path("runs/<int:pk>/retry/", runs.run_retry, name="run_retry"),
    path("runs/<int:pk>/log/", runs.run_log, name="run_log"),
    path("runs/<int:pk>/ask/", asking.ask, name="run_ask"),
    path("runs/<int:pk>/promotion/", promotions.promotion, name="promotion"),
    path("of/<slug:slug>/", promotions.standing, name="standing"),
    path("of/<slug:slug>/policy/", promotions.policy, name="promotion_policy"),
    path("of/<slug:slug>/rollback/", promotions.rollback, name="rollback"),
    path("jobs/<int:pk>/", jobs.job, name="job"),
    path("jobs/<int:pk>/live/", jobs.live, name="job_live"),
    path("jobs/<int:pk>/cancel/", jobs.cancel, name="job_cancel"),
    path("jobs/<int:pk>/pause/", jobs.pause, name="job_pause"),
    path("jobs/<int:pk>/retry/", jobs.retry, name="job_retry"),
    path("jobs/<int:pk>/log/", jobs.log, name="job_log"),
    path("schedules/", schedules.schedules, name="schedules"),
    path("schedules/new/", schedules.make, name="schedule_new"),
    path("schedules/<int:pk>/", schedules.schedule, name="schedule"),
    path("schedules/<int:pk>/change/", schedules.change, name="schedule_change"),
    path("schedules/<int:pk>/steer/", schedules.steer, name="schedule_steer"),
    path("workers/", workers.workers, name="workers"),
    path("workers/live/", workers.live, name="workers_live"),
    path("workers/rules/", workers.rules, name="queue_rules"),
    path("workers/first/<slug:kind>/<int:pk>/", workers.prioritise, name="prioritise"),
    path("datasets/<slug:slug>/surprising/", surprises.show, name="surprising"),
    path("bases/add/", bases.add, name="bases_add"),
    path("bases/starter/", bases.build_starter, name="starter_build"),
    path("bases/<int:pk>/build/", bases.build, name="base_build"),
]
