"""Datasets, their guidelines, categories, rules and people, by programs."""

from __future__ import annotations

import pytest

from curation.models import Category, Dataset, Event, Membership, Suspension
from tests.factories import CategoryFactory, ContributorFactory, DatasetFactory
from tests.programs import Program, hostile, refused_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def here(dataset):
    return f"datasets/{dataset.slug}/"


@pytest.fixture
def curator(dataset):
    return Program(ContributorFactory(member=dataset, member__roles=["curator"]))


@pytest.fixture
def writer(dataset):
    return Program(ContributorFactory(member=dataset, member__roles=["writer"]))


@pytest.fixture
def stranger():
    return Program(ContributorFactory(member=DatasetFactory(), member__roles=["curator"]))


@pytest.fixture
def admin():
    return Program(ContributorFactory(is_staff=True))


def test_an_admin_makes_a_dataset_with_its_rules_and_puts_it_away(admin, curator):
    sent = {
        "slug": "talks", "title": "Talks", "shape": "conversations",
        "languages": ["en", "de"], "guideline": "Be kind.", "policy": {"reviews_wanted": 3},
    }  # fmt: skip

    made = admin.post("datasets/", sent, key="k")

    assert made.status_code == 201, made.content
    assert made.json()["languages"] == ["en", "de"]
    assert admin.post("datasets/", sent, key="k").json() == made.json()
    dataset = Dataset.objects.get(slug="talks")
    assert (dataset.policy.reviews_wanted, dataset.policy.max_depth) == (3, 4)
    assert dataset.guideline_in_force().text == "Be kind."
    assert refused_fields(admin.post("datasets/", sent)) == {"slug"}
    assert refused_fields(admin.post("datasets/", {**sent, "titel": 1})) == {"titel"}
    assert refused_fields(
        admin.post("datasets/", {**sent, "slug": "b", "policy": {"reviews_wanted": 0}})
    ) == {"reviews_wanted"}
    assert curator.post("datasets/", {**sent, "slug": "other"}).status_code == 403

    away = admin.patch("datasets/talks/", {"is_archived": True, "title": "Old talks"})
    assert away.json()["archived_at"] and away.json()["title"] == "Old talks"
    listed = admin.get("datasets/?is_archived=true").json()["results"]
    assert [one["slug"] for one in listed] == ["talks"]
    back = admin.patch("datasets/talks/", {"is_archived": False})
    assert back.json()["archived_at"] is None
    assert Event.objects.filter(kind__startswith="dataset.").count() == 4


def test_a_curator_changes_what_people_read_and_no_more(curator, writer, stranger, here):
    answer = curator.patch(here, {"title": "Better", "languages": ["en", "fr"]})

    assert (answer.status_code, answer.json()["title"]) == (200, "Better")
    assert refused_fields(curator.patch(here, {"languages": ["no such"]})) == {"languages"}
    assert refused_fields(curator.patch(here, {"slug": "x"})) == {"slug"}
    assert curator.patch(here, {"is_archived": True}).status_code == 403
    assert writer.patch(here, {"title": "Mine"}).status_code == 404
    assert stranger.patch(here, {"title": "Mine"}).status_code == 404


def test_lists_come_in_the_order_that_is_asked_for(admin):
    for slug, title in (("b", "One"), ("a", "Two")):
        DatasetFactory(slug=slug, title=title)

    def slugs(query):
        found = admin.get(f"datasets/{query}").json()["results"]
        return [one["slug"] for one in found]

    assert slugs("") == ["a", "b"]
    assert slugs("?order=title") == ["b", "a"]
    assert slugs("?order=newest") == ["a", "b"]
    assert refused_fields(admin.get("datasets/?order=password")) == {"order"}
    unknown = admin.get("datasets/?memberships__contributor=1")
    assert unknown.status_code == 400 and "shape" in unknown.json()["detail"]


def test_guidelines_are_published_one_after_the_other(curator, writer, stranger, here):
    path = f"{here}guidelines/"

    assert curator.post(path, {"text": "Be kinder."}).json()["number"] == 2
    assert curator.post(path, {"text": "Be kinder."}).status_code == 200
    assert curator.post(path, {"text": "Other", "based_on": 1}).status_code == 400
    assert curator.post(path, {"text": "Third", "based_on": 2}).status_code == 201
    numbers = [one["number"] for one in writer.get(path).json()["results"]]
    assert numbers == [3, 2, 1]
    assert writer.get(f"{path}2/").json()["text"] == "Be kinder."
    assert writer.get(f"{path}9/").status_code == 404
    assert writer.post(path, {"text": "Mine"}).status_code == 404
    assert stranger.get(path).status_code == 404


def test_categories_are_made_changed_and_listed(curator, writer, stranger, here):
    path = f"{here}categories/"
    sent = {"slug": "open", "name": "Open", "target": 5, "topics": ["law", "music"]}

    made = curator.post(path, sent)

    assert made.status_code == 201, made.content
    assert made.json()["topics"] == ["law", "music"]
    assert refused_fields(curator.post(path, sent)) == {"slug"}
    changed = curator.patch(f"{path}open/", {"target": 9})
    assert (changed.json()["target"], changed.json()["topics"]) == (9, ["law", "music"])
    assert curator.patch(f"{path}none/", {"target": 9}).status_code == 404
    assert refused_fields(curator.patch(f"{path}open/", {"slug": "b"})) == {"slug"}
    (listed,) = writer.get(path).json()["results"]
    assert (listed["slug"], listed["complete_count"]) == ("open", 0)
    assert writer.post(path, {**sent, "slug": "b"}).status_code == 404
    assert stranger.get(path).status_code == 404
    assert Category.objects.count() == 1


def test_rules_are_changed_one_by_one(curator, writer, here, dataset):
    path = f"{here}policy/"

    answer = curator.patch(path, {"reviews_wanted": 3, "checks": {"near_duplicate": "off"}})

    assert answer.status_code == 200, answer.content
    assert (answer.json()["reviews_wanted"], answer.json()["max_depth"]) == (3, 4)
    dataset.policy.refresh_from_db()
    assert dataset.policy.reviews_wanted == 3
    refused = curator.patch(path, {"approvals_needed": 4})
    assert refused_fields(refused) == {"approvals_needed"}
    assert refused_fields(curator.patch(path, {"lease_minutes": 10**30}))
    assert curator.patch(path, {"checks": {"no_such": "off"}}).status_code == 409
    assert writer.get(path).status_code == 404


def test_people_join_pause_go_on_and_leave(curator, writer, stranger, here, dataset):
    path = f"{here}members/"
    person = ContributorFactory()
    sent = {"email": person.email.upper(), "role": "reviewer"}

    made = curator.post(path, sent)

    assert made.status_code == 201, made.content
    one = f"{path}{made.json()['id']}/"
    assert curator.post(path, sent).json()["id"] == made.json()["id"]
    assert refused_fields(curator.post(path, {**sent, "email": "a@b.org"})) == {"email"}
    assert refused_fields(curator.post(path, {**sent, "role": "king"})) == {"role"}
    assert curator.post(f"{one}pause/", {"reason": "A week off."}).status_code == 204
    (listed,) = curator.get(f"{path}?role=reviewer").json()["results"]
    assert (listed["is_paused"], listed["email"]) == (True, person.email)
    (listed,) = writer.get(f"{path}?role=reviewer").json()["results"]
    assert (listed["name"], listed["email"], listed["is_paused"]) == (
        str(person), None, None,
    )  # fmt: skip
    assert curator.post(f"{one}resume/").status_code == 204
    assert curator.post(f"{one}resume/").status_code == 409
    assert not Suspension.objects.in_force().exists()
    for program in (writer, stranger):
        assert program.post(path, sent).status_code == 404
        assert program.delete(one).status_code == 404
        assert program.post(f"{one}pause/", {"reason": "No."}).status_code == 404
    assert curator.delete(one).status_code == 204
    assert not Membership.objects.filter(contributor=person).exists()


def test_a_key_that_only_reads_changes_nothing(dataset, here):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    reads = Program(curator, "read", "work", "train")
    category = CategoryFactory(dataset=dataset)
    for method, path in [
        ("post", "datasets/"), ("patch", here), ("post", f"{here}guidelines/"),
        ("post", f"{here}categories/"), ("patch", f"{here}categories/{category.slug}/"),
        ("patch", f"{here}policy/"), ("post", f"{here}members/"),
        ("delete", f"{here}members/1/"), ("post", f"{here}members/1/pause/"),
        ("post", f"{here}members/1/resume/"),
    ]:  # fmt: skip
        answer = reads.ask(method, path, {})
        assert (answer.status_code, path) == (403, path)
        assert "“curate”" in answer.json()["detail"]


def test_hostile_json_is_refused_everywhere(admin, here, dataset):
    category = CategoryFactory(dataset=dataset)
    for method, path, field in [
        ("post", "datasets/", "title"), ("patch", here, "title"),
        ("post", f"{here}guidelines/", "text"), ("post", f"{here}categories/", "name"),
        ("patch", f"{here}categories/{category.slug}/", "brief"),
        ("patch", f"{here}policy/", "checks"), ("post", f"{here}members/", "email"),
    ]:  # fmt: skip
        for body in hostile(field):
            assert admin.ask(method, path, body).status_code == 400, (path, body[:30])


def test_lists_cost_the_same_however_long(writer, dataset, here):
    def grow(count):
        CategoryFactory.create_batch(count, dataset=dataset)
        for _ in range(count):
            ContributorFactory(member=dataset)
            text = f"Version {dataset.guidelines.count() + 1}"
            dataset.guidelines.create(number=dataset.guidelines.count() + 1, text=text)

    paths = [f"{here}{name}/" for name in ("categories", "members", "guidelines")]
    grow(5)
    writer.get(here)  # the first use of a key is noted
    before = {path: writer.queries(path) for path in paths}
    grow(45)

    assert {path: writer.queries(path) for path in paths} == before
    # Expect 3: the key, the dataset, the rows; of members, whether one is a curator
    assert list(before.values()) == [3, 4, 3]
