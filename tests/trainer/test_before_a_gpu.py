"""What a run of any method is refused for, before a worker or its GPU is taken."""

from __future__ import annotations

import json

import pytest

from tests.trainer.test_estimates import CONFIG, SHAPES, told
from trainer import methods
from trainer.actions import workers
from trainer.errors import TrainerError
from trainer.lengths import Lengths
from trainer.models import Run

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.parametrize("method", sorted(methods.METHODS)),
]


@pytest.fixture
def ask(request_run, preferred, base, tmp_path, method):
    """The base is there on disk, small as the starter is; it reads 48 tokens."""
    reads = CONFIG | {"max_position_embeddings": 48}
    (tmp_path / "config.json").write_text(json.dumps(reads))
    (tmp_path / "model.safetensors").write_bytes(told(SHAPES))
    base.location = str(tmp_path)
    base.save()

    def ask(**settings):
        fitting = {"max_length": 48} | settings
        return request_run(method=method, version=preferred, **fitting)

    return ask


def test_a_setting_that_it_does_not_know(ask):
    with pytest.raises(TrainerError, match="no setting “stepps”"):
        ask(stepps=3)
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"steps": 0}, "“Steps” must be from 1"),
        ({"batch_size": 4.5}, "must be a whole number"),
        ({"learning_rate": float("nan")}, "“Learning rate” must be from"),
        ({"tuning": "by hand"}, "one of the names offered"),
    ],
)
def test_a_setting_out_of_its_limits(ask, odd, words):
    with pytest.raises(TrainerError, match=words):
        ask(**odd)
    assert not Run.objects.exists()


def test_more_memory_than_the_largest_worker_has(ask):
    facts = {"memory_total": 1000, "memory_free": 1000, "cpus": 2}
    workers.heard("host:1", devices=[], **facts)
    with pytest.raises(TrainerError, match="It needs about .* the largest worker has 1000"):
        ask()
    assert not Run.objects.exists()

    workers.heard("gpu:1", devices=[{"name": "A", "total": 2**50, "free": 0}], **facts)
    assert ask()


def test_more_tokens_than_the_base_reads(ask):
    with pytest.raises(TrainerError, match="reads 48 tokens at most"):
        ask(max_length=49)
    assert not Run.objects.exists()


def test_tokens_that_would_cut_nearly_all_of_its_own_rows(ask, method, monkeypatch):
    """Of the rows that the method learns from: pairs are longer than examples."""
    asked = []

    def measured(base, version, table):
        asked.append(table)
        return Lengths(tuple(range(100, 120)))

    monkeypatch.setattr("trainer.lengths.measure", measured)
    with pytest.raises(TrainerError, match="20 of the 20 examples looked at"):
        ask()
    assert asked == [methods.METHODS[method].table]
    assert not Run.objects.exists()
