from __future__ import annotations

import json

import pytest
from django.db import connection

from curation.actions import freezing, versions, withdrawals
from curation.models import DatasetVersion, Message
from tests.curation.pages import frozen, queries, signed_in, url
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def versions_dir(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path


@pytest.fixture
def dataset():
    return DatasetFactory()


def tamper(text="Something else"):
    """Change an accepted text behind Winnow's back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE curation_message SET text = %s WHERE role = 'assistant'", [text]
        )


def test_members_see_the_versions(client, dataset):
    version = frozen(dataset)
    signed_in(client, dataset)

    page = client.get(url("versions", dataset.slug)).text

    assert version.digest[:12] in page
    assert "Freeze a new version" not in page


def test_it_says_what_a_version_is_when_there_is_none(client, dataset):
    signed_in(client, dataset)

    assert "Nothing is frozen yet" in client.get(url("versions", dataset.slug)).text


def test_a_preview_counts_and_freezes_nothing(client, dataset):
    frozen(dataset, count=3)
    ReplyFactory(accepted=True, parent__conversation__dataset=dataset)
    signed_in(client, dataset, "curator")

    asked = {"preview": "1", "with_models": "on"}
    page = client.get(url("versions", dataset.slug), asked)

    assert "Freeze 4 answers" in page.text
    assert "No category" in page.text
    assert DatasetVersion.objects.count() == 1


def test_a_preview_of_what_is_too_large_to_count_says_so(client, dataset, monkeypatch):
    monkeypatch.setattr(freezing, "COUNTED", 2)
    frozen(dataset, count=3)
    signed_in(client, dataset, "curator")

    page = client.get(url("versions", dataset.slug), {"preview": "1"})

    assert "too large to be counted while you wait" in page.text
    assert "Freeze 3 answers" not in page.text


def test_a_preview_that_takes_nothing_says_so(client, dataset):
    signed_in(client, dataset, "curator")

    page = client.get(url("versions", dataset.slug), {"preview": "1"})

    assert "Nothing is accepted yet that this recipe takes" in page.text


def test_a_curator_freezes_by_a_recipe(client, dataset):
    frozen(dataset, count=2)
    ReplyFactory(accepted=True, parent__conversation__dataset=dataset)
    curator = signed_in(client, dataset, "curator")

    recipe = {"categories": ["qa"], "best_replies": "1"}
    response = client.post(url("versions", dataset.slug), recipe)

    assert response.url == url("version", dataset.slug, 2)
    version = DatasetVersion.objects.get(number=2)
    assert version.frozen_by == curator
    assert version.item_count == 2
    assert version.recipe == {
        "categories": ["qa"],
        "languages": [],
        "best_replies": 1,
        "with_models": False,
    }


def test_freezing_the_same_again_is_the_same_version(client, dataset):
    frozen(dataset)
    signed_in(client, dataset, "curator")

    response = client.post(
        url("versions", dataset.slug), {"with_models": "on"}, follow=True
    )

    assert "Nothing has changed since this version." in response.text
    assert DatasetVersion.objects.count() == 1


def test_freezing_nothing_is_refused(client, dataset):
    signed_in(client, dataset, "curator")

    response = client.post(url("versions", dataset.slug), {"with_models": "on"})

    assert response.status_code == 409
    assert "Review some messages first." in response.text


@pytest.mark.parametrize(
    "recipe", [{"categories": ["nonsense"]}, {"languages": ["\0"]}, {"best_replies": "-1"}]
)
def test_a_recipe_that_cannot_be_is_refused(client, dataset, recipe):
    signed_in(client, dataset, "curator")
    path = url("versions", dataset.slug)

    assert client.post(path, recipe).status_code == 422
    assert client.get(path, {**recipe, "preview": "1"}).status_code == 422


def test_only_curators_freeze(client, dataset):
    frozen(dataset)
    signed_in(client, dataset, "writer", "reviewer")

    assert client.post(url("versions", dataset.slug), {}).status_code == 404
    assert DatasetVersion.objects.count() == 1


def test_a_version_shows_what_is_in_it(client, dataset):
    version = frozen(dataset, count=3)
    signed_in(client, dataset, "curator")

    page = client.get(url("version", dataset.slug, version.number)).text

    assert version.digest in page
    assert version.items.first().reply.text in page
    assert "Questions" in page
    assert f"version={version.pk}" in page
    assert "Fine-tune a model on this" in page


def test_only_curators_are_offered_to_train(client, dataset):
    frozen(dataset)
    signed_in(client, dataset)

    assert "Fine-tune" not in client.get(url("version", dataset.slug, 1)).text


def test_a_version_does_not_show_what_was_taken_back_since(client, dataset):
    author = ContributorFactory(member=dataset)
    frozen(dataset, count=1, author=author, text="My own words")
    withdrawals.take_back(message_id=Message.objects.get(author=author).pk, by=author)
    signed_in(client, dataset, "curator")

    page = client.get(url("version", dataset.slug, 1)).text

    assert "My own words" not in page
    assert "taken this text back" in page


def test_a_check_says_that_all_is_well(client, dataset):
    frozen(dataset)
    signed_in(client, dataset)

    page = client.post(url("version", dataset.slug, 1))

    assert "Every text is what was frozen." in page.text


def test_a_check_that_would_take_minutes_names_the_command(client, dataset, monkeypatch):
    monkeypatch.setattr(versions, "ITEMS_WHILE_WAITING", 1)
    frozen(dataset, count=2)
    signed_in(client, dataset)

    page = client.post(url("version", dataset.slug, 1))

    assert page.status_code == 409
    assert f"manage.py verify_version {dataset.slug} 1" in page.text
    assert "Every text is what was frozen." not in page.text


def test_a_check_finds_a_changed_text(client, dataset):
    frozen(dataset, count=1)
    tamper()
    signed_in(client, dataset)

    page = client.post(url("version", dataset.slug, 1))

    assert "1 thing no longer matches" in page.text
    assert "its text is not what was frozen" in page.text


def test_its_files_are_downloaded_as_attachments(client, dataset):
    version = frozen(dataset, count=2)
    signed_in(client, dataset)

    response = client.get(url("download", dataset.slug, 1, "train.jsonl"))

    assert response["Content-Disposition"] == (
        f'attachment; filename="{dataset.slug}-v1-train.jsonl"'
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    lines = b"".join(response.streaming_content).splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0])["completion"][0]["role"] == "assistant"
    manifest = client.get(url("download", dataset.slug, 1, "manifest.json"))
    assert json.loads(b"".join(manifest.streaming_content))["digest"] == version.digest


@pytest.mark.parametrize("name", ["secrets.json", "..", "%2e%2e", "train.jsonl.bak"])
def test_there_are_no_other_files(client, dataset, name):
    frozen(dataset)
    signed_in(client, dataset)

    assert client.get(url("version", dataset.slug, 1) + name).status_code == 404


def test_a_changed_text_is_not_handed_out(client, dataset):
    frozen(dataset)
    tamper()
    signed_in(client, dataset)

    response = client.get(url("download", dataset.slug, 1, "train.jsonl"))

    assert response.status_code == 409
    assert "is not what was frozen" in response.text


def test_outsiders_get_neither_page_nor_file(client, dataset):
    frozen(dataset)
    signed_in(client, DatasetFactory(), "curator")

    assert client.get(url("version", dataset.slug, 1)).status_code == 404
    assert client.post(url("version", dataset.slug, 1)).status_code == 404
    assert client.get(url("download", dataset.slug, 1, "train.jsonl")).status_code == 404


def test_categories_are_called_by_their_names(client, dataset):
    closed = CategoryFactory(dataset=dataset, slug="closed_qa", name="Closed QA")
    prompt = MessageFactory(
        accepted=True, conversation__dataset=dataset, conversation__category=closed
    )
    ReplyFactory(accepted=True, parent=prompt)
    curator = signed_in(client, dataset, "curator")
    versions.freeze(dataset_id=dataset.pk, by=curator, recipe={"categories": ["closed_qa"]})

    page = client.get(url("version", dataset.slug, 1)).text

    assert "closed_qa" not in page
    assert page.count("Closed QA") == 3  # in the counts, at the answer, in the recipe


def test_a_version_costs_the_same_however_large_it_is(client, dataset):
    frozen(dataset, count=2)
    frozen(dataset, count=9)
    signed_in(client, dataset, "curator")

    # Expect 12 queries: the session, the dataset, the version, its counts, the
    # names of categories, what was taken back, the models, how many items, those of this
    # page, the role, what is flagged, the bell
    small, large = (queries(client, url("version", dataset.slug, n)) for n in (1, 2))
    assert (small, large) == (12, 12)


def test_the_list_costs_the_same_however_many_there_are(client, dataset):
    frozen(dataset)
    signed_in(client, dataset, "curator")
    before = queries(client, url("versions", dataset.slug))
    for _ in range(3):
        MessageFactory(accepted=True, conversation__dataset=dataset)
        frozen(dataset)

    # Expect 10 queries: the session, the dataset, the categories, the role, how
    # large it is, a version in the making, how many versions, those of this page, what is
    # flagged, the bell
    assert (before, queries(client, url("versions", dataset.slug))) == (10, 10)
