"""What a part of the data brings, on the pages."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from curation import handoff
from tests.factories import ContributorFactory
from tests.trainer.effects import (
    BY_CATEGORY,
    asker,
    finished,
    finished_run,
    two_categories,
    without_training,
)
from trainer.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mixed(frozen, dataset, curator):
    return two_categories(dataset, curator)


@pytest.fixture
def tuned(mixed, request_run, folders):
    return finished_run(request_run, mixed)


@pytest.fixture
def trained(monkeypatch):
    return without_training(monkeypatch)


@pytest.fixture
def ask(tuned, curator):
    return asker(tuned, curator)


def test_the_form_says_what_it_would_take_and_asks(tuned, client, curator):
    client.force_login(curator)
    page = reverse("trainer:run_effect", args=[tuned.pk])

    said = client.get(page).content.decode()

    assert "3: 9 trainings, about" in said
    assert "Letters: 10 examples" in said
    assert "Ada Writer: 5 examples" in said
    assert client.post(page, {"seeds": 3}).status_code == 422
    assert client.post(page).status_code == 422
    assert client.post(page, {"what": "category:none", "seeds": 3}).status_code == 422
    everything = client.post(page, {"what": "source:person", "seeds": 3})
    assert everything.status_code == 409
    assert "nothing to learn from" in everything.content.decode()
    answer = client.post(page, {"what": "category:thanks", "seeds": 2})
    job = Job.objects.get(kind="effect")
    assert answer.url == reverse("trainer:job", args=[job.pk])
    assert job.config == BY_CATEGORY


def test_names_are_for_those_who_may_see_who_wrote_what(
    ask, trained, tuned, mixed, client, curator, dataset
):
    person = next(
        one
        for one in handoff.portions_of(mixed.pk, named=True)
        if one.label == "Ada Writer"
    )
    secret = next(
        one.label
        for one in handoff.portions_of(mixed.pk, named=False)
        if one.value == person.value
    )
    assert secret == f"Contributor {person.value[:6]}"
    job = ask({"by": "contributor", "value": person.value, "seeds": 2})
    finished(job)
    pages = [reverse("trainer:job", args=[job.pk])]
    pages.append(reverse("trainer:evaluation", args=[tuned.pk]))

    for who, shown, hidden in [
        (curator, "Ada Writer", secret),
        (ContributorFactory(member=dataset), secret, "Ada Writer"),
    ]:
        client.force_login(who)
        for page in pages:
            said = client.get(page).content.decode()
            assert shown in said
            assert hidden not in said
    assert "Ada" not in json.dumps([job.config, job.result])


def test_no_change_beyond_chance_is_said_plainly(ask, trained, client, curator):
    job = ask()
    finished(job)
    client.force_login(curator)

    said = client.get(reverse("trainer:job", args=[job.pk])).content.decode()

    assert "No change beyond chance." in said
    assert "6 of 16 examples were left out, with 2 seeds." in said


def test_a_running_one_stands_on_the_evaluation_page_too(ask, tuned, client, curator):
    ask()
    client.force_login(curator)
    said = client.get(reverse("trainer:evaluation", args=[tuned.pk])).content.decode()
    name = tuned.version.dataset.categories.get(slug="thanks").name
    assert f"{name}</a>" in said
    assert "Queued" in said


@pytest.mark.parametrize("name", ["run_effect", "run_forecast"])
def test_who_may_ask(tuned, client, dataset, name, request_run):
    page = reverse(f"trainer:{name}", args=[tuned.pk])
    client.force_login(ContributorFactory(member=dataset))
    assert client.get(page).status_code == 404
    assert client.post(page, {"seeds": 3}).status_code == 404
    client.force_login(tuned.requested_by)
    assert client.get(page).status_code == 200
    unfinished = request_run(steps=20)
    page = reverse(f"trainer:{name}", args=[unfinished.pk])
    assert client.get(page).status_code == 404


def test_a_datasets_page_without_a_forecast_leads_to_one(tuned, client, curator, dataset):
    page = reverse("trainer:next_hundred", args=[dataset.slug])
    client.force_login(ContributorFactory(member=dataset))
    assert client.get(page).status_code == 404
    client.force_login(curator)
    said = client.get(page).content.decode()
    assert reverse("trainer:run_forecast", args=[tuned.pk]) in said
    dashboard = reverse("curation:dashboard", args=[dataset.slug])
    assert page in client.get(dashboard).content.decode()


def test_a_dataset_without_a_model_says_what_comes_first(frozen, client, curator):
    client.force_login(curator)
    page = reverse("trainer:next_hundred", args=[frozen.dataset.slug])
    assert "No model has learned from this dataset yet" in client.get(page).content.decode()
