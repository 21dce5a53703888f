"""Training that others watch: by transformers' own hooks, and only where asked for."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.trainer.recipe_fixtures import finish, start, tiny, version, write_config
from trainer import instructions
from trainer.child import ROOT
from trainer.recipes import observers, outputs
from trainer.recipes.common import Trouble
from trainer.recipes.settings import Settings

PLAIN = Settings(base="b", data="d", out="/out", run="run-7")


@pytest.fixture(autouse=True)
def same_environment(monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())


def test_in_containers_the_same_settings_say_so():
    told = (ROOT / "docker-compose.yml").read_text()
    for name in ("WINNOW_REPORT_TO", "WINNOW_REPORT_FOLDER", "WINNOW_REPORT_URI"):
        assert f"\n    {name}:\n" in told


@pytest.fixture
def installed(monkeypatch):
    packages = {"mlflow", "trackio", "tensorboardX"}
    monkeypatch.setattr(observers, "find_spec", lambda name: name in packages or None)
    return packages


def test_nobody_watches_unless_asked_for():
    assert observers.chosen(PLAIN) == []
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_those_asked_for_find_their_place(installed):
    asked = replace(
        PLAIN,
        report_to="tensorboard,mlflow,trackio",
        report_folder="/reports",
        report_uri="http://mlflow:5000",
    )

    assert observers.chosen(asked) == ["tensorboard", "mlflow", "trackio"]
    assert os.environ["TENSORBOARD_LOGGING_DIR"] == "/reports/run-7"
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://mlflow:5000"
    assert os.environ["TRACKIO_DIR"] == "/reports/trackio"


def test_one_that_is_missing_is_named(installed):
    installed.remove("mlflow")

    with pytest.raises(Trouble, match="needs the package mlflow on the trainer worker"):
        observers.chosen(replace(PLAIN, report_to="trackio,mlflow"))
    with pytest.raises(Trouble, match="Nothing is known of 'wandb'"):
        observers.chosen(replace(PLAIN, report_to="wandb"))


def test_who_watches_does_not_make_it_another_run():
    watched = replace(PLAIN, report_to="mlflow", report_folder="/x", report_uri="http://y")

    assert outputs.identity(vars(PLAIN), []) == outputs.identity(vars(watched), [])


def test_the_operators_settings_reach_the_recipe(settings, tmp_path):
    assert instructions.reporting() == {}

    settings.REPORT_TO, settings.REPORT_FOLDER = ["tensorboard", "mlflow"], tmp_path
    settings.REPORT_URI = "http://mlflow:5000"

    assert instructions.reporting() == {
        "report_to": "tensorboard,mlflow",
        "report_folder": str(tmp_path),
        "report_uri": "http://mlflow:5000",
    }


@pytest.mark.slow
def test_tensorboard_gets_the_curve(tiny, version, tmp_path):
    config = write_config(
        tmp_path, base=str(tiny), data=str(version), out=str(tmp_path / "run"), run="run-7",
        steps=3, batch_size=4, report_to="tensorboard",
        report_folder=str(tmp_path / "told"),
    )  # fmt: skip

    *_, last = finish(start("sft", config))

    assert last["event"] == "done"
    (written,) = (tmp_path / "told" / "run-7").glob("events.out.tfevents.*")
    assert b"train/loss" in written.read_bytes()
