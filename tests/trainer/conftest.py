"""A frozen version, a base model, and recipes that need no torch."""

from __future__ import annotations

import json

import pytest

# pytest may read this file before Django is set up, so what has models is imported late.


@pytest.fixture
def dataset(db):
    from tests.factories import DatasetFactory

    return DatasetFactory(pairs=True)


@pytest.fixture
def curator(dataset):
    from tests.factories import ContributorFactory

    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def frozen(dataset, curator):
    """A frozen version: six examples to train on, four held out."""
    from curation.actions import versions
    from tests.factories import (
        CategoryFactory,
        ConversationFactory,
        MessageFactory,
        ReplyFactory,
    )

    category = CategoryFactory(dataset=dataset, slug="thanks")
    for number in range(10):
        split = "held_out" if number < 4 else "train"
        conversation = ConversationFactory(dataset=dataset, category=category, split=split)
        prompt = MessageFactory(conversation=conversation, accepted=True)
        ReplyFactory(parent=prompt, accepted=True)
    return versions.freeze(dataset_id=dataset.pk, by=curator)


@pytest.fixture
def base(db):
    from trainer.models import BaseModel

    return BaseModel.objects.create(
        name="Test base", slug="test-base", kind="local", location="/nowhere", state="ready"
    )


@pytest.fixture
def request_run(frozen, base, curator):
    """`request_run(steps=20)` queues a run, asked for by the curator."""

    from trainer.actions import runs
    from trainer.config import RunConfig

    small = RunConfig(
        steps=10,
        eval_every=5,
        checkpoint_every=5,
        samples=4,
        max_length=64,
        max_new_tokens=16,
    )

    def request(**settings):
        config = small.as_json() | settings
        return runs.request(
            version_id=frozen.pk, base_id=base.pk, config=config, by=curator
        )

    return request


@pytest.fixture
def folders(settings, tmp_path):
    settings.RUNS_DIR = tmp_path / "runs"
    settings.VERSIONS_DIR = tmp_path / "versions"
    settings.MODELS_DIR = tmp_path / "models"
    for folder in (settings.RUNS_DIR, settings.VERSIONS_DIR, settings.MODELS_DIR):
        folder.mkdir()
    return settings.RUNS_DIR


@pytest.fixture
def fake(monkeypatch, folders):
    """Recipes without torch. `fake(pause=0.1)` says how they behave."""
    monkeypatch.setattr("trainer.child.RECIPES", "tests.trainer.fake_recipes")

    def behave(**wanted):
        (folders / "fake.json").write_text(json.dumps(wanted))

    behave()
    return behave
