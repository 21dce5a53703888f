from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256

import pytest
from django.test import Client

from curation.models import DatasetVersion
from tests.curation.pages import frozen, queries, signed_in
from tests.factories import DatasetFactory, ReplyFactory

pytestmark = pytest.mark.django_db
LIST = "/api/v1/versions/"


@pytest.fixture(autouse=True)
def versions_dir(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path


@pytest.fixture
def dataset():
    return DatasetFactory()


def freeze(client, body):
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.post(LIST, body, content_type="application/json")


def test_a_member_lists_the_versions(client, dataset):
    version = frozen(dataset)
    frozen(DatasetFactory())
    signed_in(client, dataset)

    (found,) = client.get(LIST).json()["results"]

    assert (found["digest"], found["dataset"]) == (version.digest, dataset.slug)
    assert "frozen_by" not in found


def test_the_list_is_filtered_by_dataset(client, dataset):
    frozen(dataset)
    frozen(DatasetFactory())
    signed_in(client, is_staff=True)

    found = client.get(LIST, {"dataset": dataset.slug}).json()["results"]

    assert [version["dataset"] for version in found] == [dataset.slug]
    assert client.get(LIST, {"dataset": "no such thing\0"}).status_code == 400


def test_one_comes_with_its_manifest(client, dataset):
    version = frozen(dataset)
    signed_in(client, dataset)

    found = client.get(f"{LIST}{version.digest}/").json()

    assert found["manifest"] == version.manifest


def test_outsiders_see_nothing(client, dataset):
    version = frozen(dataset)
    signed_in(client, DatasetFactory(), "curator")

    assert client.get(LIST).json()["results"] == []
    for path in ("", "records/", "verify/"):
        assert client.get(f"{LIST}{version.digest}/{path}").status_code == 404


def test_strangers_are_refused(client, dataset):
    version = frozen(dataset)

    assert client.get(LIST).status_code == 401
    assert client.get(f"{LIST}{version.digest}/records/").status_code == 401
    assert freeze(client, {"dataset": dataset.slug}).status_code == 401


def test_a_curator_freezes(client, dataset):
    ReplyFactory(accepted=True, parent__conversation__dataset=dataset)
    curator = signed_in(client, dataset, "curator")

    response = freeze(client, {"dataset": dataset.slug, "recipe": {"best_replies": 1}})

    assert response.status_code == 201
    version = DatasetVersion.objects.get()
    assert response.json()["digest"] == version.digest
    assert (version.frozen_by, version.recipe["best_replies"]) == (curator, 1)
    again = freeze(client, {"dataset": dataset.slug, "recipe": {"best_replies": 1}})
    assert (again.status_code, again.json()["digest"]) == (200, version.digest)


def test_who_does_not_curate_may_not_freeze(client, dataset):
    ReplyFactory(accepted=True, parent__conversation__dataset=dataset)

    signed_in(client, dataset, "writer", "reviewer")
    refused = freeze(client, {"dataset": dataset.slug})
    signed_in(client, DatasetFactory(), "curator")
    elsewhere = freeze(client, {"dataset": dataset.slug})

    assert (refused.status_code, elsewhere.status_code) == (403, 404)
    assert "You are not a curator" in refused.json()["detail"]
    assert not DatasetVersion.objects.exists()


def test_a_refusal_is_a_409(client, dataset):
    signed_in(client, dataset, "curator")

    response = freeze(client, {"dataset": dataset.slug})

    assert response.status_code == 409
    assert "Nothing is accepted yet" in response.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "1e999",
        "{}",
        '{"dataset": null}',
        '{"dataset": "nul\\u0000"}',
        '{"dataset": "half\\ud800"}',
        '{"nul\\u0000": 1}',
        '{"dataset": "SLUG", "recipe": []}',
        '{"dataset": "SLUG", "recipe": null}',
        '{"dataset": "SLUG", "recipe": "all"}',
        '{"dataset": "SLUG", "recipe": {"categories": "qa"}}',
        '{"dataset": "SLUG", "recipe": {"categories": [["x"]]}}',
        '{"dataset": "SLUG", "recipe": {"categories": ["half\\ud800"]}}',
        '{"dataset": "SLUG", "recipe": {"best_replies": -1}}',
        '{"dataset": "SLUG", "recipe": {"best_replies": 1e400}}',
        '{"dataset": "SLUG", "recipe": {"best_replies": NaN}}',
        '{"dataset": "SLUG", "recipe": {"with_models": "perhaps"}}',
        '{"dataset": "SLUG", "recipe": {"catgories": ["qa"]}}',
        b"\xff\xfe",
        '{"dataset": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"a":' * 100_000 + "1" + "}" * 100_000,
    ],
)
def test_a_body_that_makes_no_sense_is_a_400(client, dataset, body):
    ReplyFactory(accepted=True, parent__conversation__dataset=dataset)
    signed_in(client, dataset, "curator")
    body = body.replace("SLUG", dataset.slug) if isinstance(body, str) else body

    assert freeze(client, body).status_code == 400
    assert not DatasetVersion.objects.exists()


def test_a_misspelt_filter_is_named(client, dataset):
    signed_in(client, dataset, "curator")

    answer = freeze(client, {"dataset": dataset.slug, "recipe": {"catgories": ["qa"]}})

    assert answer.json()["errors"][0]["field"] == "recipe.catgories"


def test_only_json_is_read(client, dataset):
    signed_in(client, dataset, "curator")

    assert client.post(LIST, {"dataset": dataset.slug}).status_code == 415


def test_a_post_from_elsewhere_is_refused(dataset):
    client = Client(enforce_csrf_checks=True)
    signed_in(client, dataset, "curator")

    assert freeze(client, {"dataset": dataset.slug}).status_code == 403


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/x-ndjson"])
def test_its_records_are_lines(client, dataset, accept):
    version = frozen(dataset, count=3)
    signed_in(client, dataset)

    response = client.get(
        f"{LIST}{version.digest}/records/?split=train", headers={"Accept": accept}
    )

    assert response["Content-Type"] == "application/x-ndjson"
    lines = b"".join(response.streaming_content).splitlines()
    assert len(lines) == version.train_count
    assert {"id", "prompt", "completion"} <= set(json.loads(lines[0]))


def test_a_split_that_there_is_not_is_a_400(client, dataset):
    version = frozen(dataset)
    signed_in(client, dataset)

    assert client.get(f"{LIST}{version.digest}/records/?split=../x").status_code == 400


def test_it_can_be_verified(client, dataset):
    version = frozen(dataset)
    signed_in(client, dataset)

    found = client.get(f"{LIST}{version.digest}/verify/").json()

    assert found == {
        "digest": version.digest,
        "is_intact": True,
        "problems": [],
        "erased": 0,
    }


@pytest.mark.parametrize("digest", ["0" * 64, "x", "%00", "A" * 64])
def test_a_digest_that_there_is_not_is_a_404(client, dataset, digest):
    signed_in(client, dataset)

    assert client.get(f"{LIST}{digest}/").status_code == 404


def test_a_made_up_time_in_a_cursor_is_a_404(client, dataset):
    frozen(dataset)
    signed_in(client, dataset)

    # p=yesterday, p= with a NUL, and a time before the first year
    before_time = b64encode(b"p=0001-01-01T00:00:00%2B23:00").decode()
    for cursor in ("cD15ZXN0ZXJkYXk=", "cD0lMDA=", before_time):
        assert client.get(f"{LIST}?cursor={cursor}").status_code == 404


def test_it_costs_the_same_however_many_there_are(client, dataset):
    frozen(dataset)
    signed_in(client, dataset)
    before = queries(client, LIST)
    for _ in range(4):
        frozen(dataset)

    # Expect 2 queries: the session, the versions with their datasets
    assert (before, queries(client, LIST)) == (2, 2)


def test_files_are_listed_and_come_in_parts(client, dataset):
    version = frozen(dataset)
    signed_in(client, dataset)
    path = f"{LIST}{version.digest}/files/"

    found = {one["name"]: one for one in client.get(path).json()["results"]}
    whole = client.get(f"{path}train.jsonl/")
    begun = client.get(f"{path}train.jsonl/", headers={"range": "bytes=0-9"})
    same = client.get(f"{path}train.jsonl/", headers={"if-none-match": whole["ETag"]})

    body = whole.getvalue()
    assert found["train.jsonl"]["bytes"] == len(body)
    assert sha256(body).hexdigest() == found["train.jsonl"]["sha256"]
    assert whole["ETag"] == f'"{found["train.jsonl"]["sha256"]}"'
    assert (begun.status_code, begun.getvalue()) == (206, body[:10])
    assert same.status_code == 304
    manifest = client.get(f"{path}manifest.json/")
    assert json.loads(manifest.getvalue())["digest"] == version.digest
    assert client.get(f"{path}train.parquet/", headers={"accept": "text/csv"}).getvalue()
    for odd in ("secrets.json", "..%2Ftrain.jsonl", "train.exe"):
        assert client.get(f"{path}{odd}/").status_code == 404
    signed_in(client, DatasetFactory(), "curator")
    assert client.get(path).status_code == 404
    assert client.get(f"{path}train.jsonl/").status_code == 404
