"""A frozen version, a base model, and recipes that need no torch."""

from __future__ import annotations

import json
import uuid

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
def preferred(frozen, dataset, curator):
    """One with preferences: eight prompts with two answers, which two people ranked."""
    from curation.actions import judgements, versions
    from curation.models import Message
    from tests.factories import ContributorFactory, ReplyFactory

    people = [ContributorFactory(member=dataset) for _ in range(2)]
    prompts = Message.objects.filter(role="prompter", state="accepted").order_by("pk")
    for prompt in prompts[:8]:
        answers = [*prompt.replies.all(), ReplyFactory(parent=prompt, accepted=True)]
        places = {answer.pk: place for place, answer in enumerate(answers, 1)}
        for person in people:
            judgements.rank(
                prompt_id=prompt.pk, by=person, outcome="ranked", shown=list(places),
                positions=places,
            )  # fmt: skip
    return versions.freeze(dataset_id=dataset.pk, by=curator, recipe={"pairs": "all"})


@pytest.fixture
def base(db):
    from trainer.models import BaseModel

    return BaseModel.objects.create(
        name="Test base", slug="test-base", kind="local", location="/nowhere", state="ready"
    )


@pytest.fixture
def request_run(frozen, base, curator):
    """`request_run(steps=20)` queues a run, asked for by the curator."""

    from trainer import methods
    from trainer.actions import runs

    small = {"steps": 10, "eval_every": 5, "checkpoint_every": 5, "max_length": 64}
    answers = {"samples": 4, "max_new_tokens": 16}

    def request(*, method="sft", version=frozen, parent=None, **settings):
        config = small | (answers if methods.named(method).answers else {}) | settings
        return runs.request(
            version_id=version.pk, base_id=base.pk, config=config, by=curator,
            method=method, parent_id=parent.pk if parent else None,
        )  # fmt: skip

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


@pytest.fixture
def signed_in(client, curator):
    client.force_login(curator)
    return client


@pytest.fixture
def finish(request_run):
    """`finish(loss=0.5)`: a finished run, its loss on thirty held-out examples."""
    from tests.trainer.promoting import UIDS, retention
    from trainer.actions import results, runs
    from trainer.models import Run

    def finish(loss=1.0, worse_in="", risen=None):
        def loss_of(number):
            is_worse = worse_in == ("maths" if number % 2 else "poems")
            return (3.0 if is_worse else loss) + (number % 5) / 100

        claimed = runs.claim(request_run().pk, "gpu-1:42")
        runs.publish(claimed, path=f"{claimed.pk}/adapter", sha256="ab" * 32, size=1024)
        examples = [
            {
                "id": str(uid),
                "category": "maths" if number % 2 else "poems",
                "tokens": 10,
                "loss_before": 2.0 + number / 100,
                "loss_after": loss_of(number),
            }
            for number, uid in enumerate(UIDS)
        ]
        part = {"loss": 2.0, "tokens": 300, "examples": 30}
        whole = part | {"by_category": {"maths": part}}
        report = {"before": whole, "after": whole, "examples": examples}
        if risen is not None:
            report["retention"] = retention(risen)
        results.keep_evaluation(claimed, report)
        results.finish(claimed)
        return Run.objects.select_related("base", "version").get(pk=claimed.pk)

    return finish


@pytest.fixture
def policy(dataset, curator):
    from trainer.actions import promotions

    def policy(**rules):
        usual = {"asks_people": False} | rules
        return promotions.set_policy(dataset_id=dataset.pk, by=curator, **usual)

    return policy


@pytest.fixture
def plan(dataset, base, curator):
    from tests.trainer.planning import SMALL
    from trainer.actions import schedules

    def plan(by=curator, **facts):
        usual = {"name": "Nightly", "when": "nightly", "base": base, "config": SMALL}
        return schedules.create(dataset_id=dataset.pk, by=by, facts=usual | facts)

    return plan


@pytest.fixture
def rung(monkeypatch):
    """What is rung for happens at once, as an idle worker's."""
    from trainer import tasks

    done = []
    for name in ("execute_run", "fire"):
        task = getattr(tasks, name)
        monkeypatch.setattr(
            task, "delay", lambda task=task, **ids: done.append(ids) or task(**ids)
        )
    return done


# ---- talks -----------------------------------------------------------------------------


@pytest.fixture
def brief(monkeypatch):
    """Nobody is waited for."""
    from trainer.jobs import talk

    monkeypatch.setattr(talk, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(talk, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(talk, "LOOKS_EVERY", 0.05)
    monkeypatch.setattr(talk, "WRITES_EVERY", 0.0)


@pytest.fixture
def finished(request_run):
    """A run that has a model, as far as its row says."""
    from django.utils.timezone import now

    from trainer.models import Run

    run = request_run()
    Run.objects.filter(pk=run.pk).update(
        state="finished", finished_at=now(), adapter_sha256="a" * 64
    )
    return Run.objects.select_related("base").get(pk=run.pk)


@pytest.fixture
def begin(finished, curator):
    """`begin("Hello.")` is a talk with a tuned model beside its base."""
    from trainer.actions import talking

    def begin(text="Say hello.", *, key=None, by=curator, both=True, **said):
        models = [talking.Model(finished.base, finished)]
        models += [talking.Model(finished.base)] if both else []
        return talking.begin(
            models=models, words=talking.Words(text, **said), key=key or uuid.uuid4(),
            by=by, version_id=None,
        )  # fmt: skip

    return begin


@pytest.fixture
def say():
    from trainer.actions import talking

    def say(talk, text, *, key=None):
        words = talking.Words(text)
        key = key or uuid.uuid4()
        return talking.ask(talk_id=talk.pk, words=words, key=key, by=talk.owner)

    return say


@pytest.fixture
def trained(request_run, fake):
    """`trained(method="dpo", parent=…)`: a finished run."""
    from trainer import tasks

    def trained(**settings):
        run = request_run(**settings)
        tasks.execute_run(run_id=run.pk)
        run.refresh_from_db()
        assert run.state == "finished", run.problem
        return run

    return trained


@pytest.fixture
def texts(frozen):
    """The answers of the version, those to learn from last."""
    from curation.models import Message

    return list(Message.objects.filter(frozen_in__version=frozen).order_by("pk"))


# ---- by API ------------------------------------------------------------------------------
@pytest.fixture
def program(curator):
    from tests.programs import Program

    return Program(curator)


@pytest.fixture
def writer(dataset):
    from tests.factories import ContributorFactory
    from tests.programs import Program

    return Program(ContributorFactory(member=dataset))


@pytest.fixture
def stranger():
    """A curator, of another dataset."""
    from tests.factories import ContributorFactory, DatasetFactory
    from tests.programs import Program

    return Program(ContributorFactory(member=DatasetFactory(), member__roles=["curator"]))
