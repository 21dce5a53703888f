from __future__ import annotations

from django.urls import path

from trainer import views

app_name = "trainer"
urlpatterns = [
    path("", views.runs, name="runs"),
    path("launch/", views.launch, name="launch"),
    path("runs/<int:pk>/", views.run, name="run"),
    path("runs/<int:pk>/live/", views.run_live, name="run_live"),
    path("runs/<int:pk>/cancel/", views.run_cancel, name="run_cancel"),
    path("runs/<int:pk>/retry/", views.run_retry, name="run_retry"),
    path("runs/<int:pk>/log/", views.run_log, name="run_log"),
    path("bases/add/", views.bases_add, name="bases_add"),
    path("bases/starter/", views.starter_build, name="starter_build"),
    path("bases/<int:pk>/build/", views.base_build, name="base_build"),
]
