"""Whether the same seed gives the same adapter: shown by its hash, for every method."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from trainer import methods
from trainer.models import Checkpoint, Run

pytestmark = pytest.mark.django_db
SAME = "The same seed, version and kind of machine give the same bytes."
OTHER = "A GPU does not always add up in the same order"


@pytest.fixture
def finished(request_run, preferred):
    def finish(*, sha256="ab" * 32, device="cpu", **settings):
        run = request_run(version=preferred, **settings)
        Run.objects.filter(pk=run.pk).update(
            state="finished", finished_at=now(), adapter_sha256=sha256,
            made_with={"device": device, "versions": {"torch": "2"}},
        )  # fmt: skip
        Checkpoint.objects.create(
            run=run, kind="adapter", path=f"{run.pk}/adapter", sha256=sha256, size=1024
        )
        return run

    return finish


@pytest.fixture
def shown(client, curator):
    client.force_login(curator)
    return lambda run: client.get(reverse("trainer:run", args=[run.pk])).text


@pytest.mark.parametrize("method", sorted(methods.METHODS))
def test_the_page_tells_what_the_device_promises(finished, shown, method):
    said = shown(finished(method=method))
    assert "ab" * 32 in said
    assert SAME in said and OTHER not in said

    said = shown(finished(method=method, device="cuda:0"))
    assert OTHER in said and SAME not in said


@pytest.mark.parametrize("method", sorted(methods.METHODS))
def test_a_run_that_was_the_same_in_all_proves_it(finished, shown, method):
    first, second = finished(method=method), finished(method=method)
    third = finished(method=method, sha256="cd" * 32)

    said = shown(second)

    there = reverse("trainer:run", args=[first.pk])
    assert f'<a href="{there}">Run {first.pk}</a>, the same in all, gave the same' in said
    there = reverse("trainer:run", args=[third.pk])
    assert f'<a href="{there}">Run {third.pk}</a>, the same in all, gave other' in said


def test_what_differs_in_anything_proves_nothing(finished, shown):
    run = finished()
    finished(seed=2)
    finished(device="cuda:0")
    finished(method="dpo", steps=run.config["steps"])

    assert "the same in all" not in shown(run)
