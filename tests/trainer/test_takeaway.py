"""A model leaves: the adapter with its card, or whole weights made by a job."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.urls import reverse

from tests.factories import ContributorFactory
from trainer import launch, space, tasks
from trainer.actions import jobs, merges
from trainer.errors import TrainerError
from trainer.models import Job, Run
from trainer.packed import zipped

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def finished(request_run, fake):
    def finish(**settings) -> Run:
        run = request_run(**settings)
        tasks.execute_run(run_id=run.pk)
        run.refresh_from_db()
        assert run.state == "finished"
        return run

    return finish


@pytest.fixture
def as_curator(client, curator):
    client.force_login(curator)
    return client


def unpacked(answer) -> zipfile.ZipFile:
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def test_the_adapter_comes_with_a_card_that_says_what_it_learned_from(finished, as_curator):
    run = finished()

    answer = as_curator.get(reverse("trainer:run_adapter", args=[run.pk]))

    found = unpacked(answer)
    top = f"run-{run.pk}-adapter"
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        there = launch.folder_of(run) / "adapter" / name
        assert found.read(f"{top}/{name}") == there.read_bytes()
    text = found.read(f"{top}/README.md").decode()
    assert run.version_digest in text
    assert "| thanks | 10 |" in text
    assert 'library_name: "peft"' in text
    assert "/nowhere" not in text
    head = as_curator.head(reverse("trainer:run_adapter", args=[run.pk]))
    assert (head.status_code, head["Content-Disposition"]) == (
        200,
        answer["Content-Disposition"],
    )


def test_whole_weights_are_made_by_a_job_and_downloaded(finished, as_curator):
    run = finished()

    answer = as_curator.post(reverse("trainer:run_export", args=[run.pk]))
    job = Job.objects.get(kind="export", run=run)
    assert answer.url == reverse("trainer:job", args=[job.pk])
    files = reverse("trainer:job_files", args=[job.pk])
    assert as_curator.get(files).status_code == 404
    tasks.execute_job(job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.problem) == ("finished", "")
    assert files in as_curator.get(answer.url).content.decode()
    found = unpacked(as_curator.get(files))
    assert found.read(f"export-{job.pk}/model.safetensors") == b"merged" * 100
    assert found.read(f"export-{job.pk}/README.md").endswith(b" sft")


def test_only_curators_take_a_model_away(finished, client, dataset):
    run = finished()
    client.force_login(ContributorFactory(member=dataset, member__roles=["reviewer"]))

    assert client.get(reverse("trainer:run", args=[run.pk])).status_code == 200
    assert client.get(reverse("trainer:run_adapter", args=[run.pk])).status_code == 404
    assert client.post(reverse("trainer:run_export", args=[run.pk])).status_code == 404
    assert client.get(reverse("trainer:run_merge", args=[run.pk])).status_code == 404
    page = client.get(reverse("trainer:run", args=[run.pk])).content.decode()
    assert reverse("trainer:run_adapter", args=[run.pk]) not in page


def test_the_page_says_which_base_the_adapter_fits(finished, as_curator, base):
    base.kind, base.location, base.revision = "hub", "owner/model", "ab" * 20
    base.save()
    run = finished()

    page = as_curator.get(reverse("trainer:run", args=[run.pk])).content.decode()

    assert "at revision abababababab" in page
    assert reverse("trainer:run_adapter", args=[run.pk]) in page


def test_before_it_has_finished_there_is_nothing_to_take(request_run, as_curator, fake):
    run = request_run()

    assert as_curator.get(reverse("trainer:run_adapter", args=[run.pk])).status_code == 404
    assert as_curator.post(reverse("trainer:run_export", args=[run.pk])).status_code == 404


@pytest.mark.django_db(transaction=False)
def test_a_zip_is_made_in_pieces_and_is_the_same_each_time(tmp_path):
    large = tmp_path / "weights"
    large.write_bytes(bytes(range(256)) * 20_000)
    files = [("a/README.md", b"Hi"), ("a/weights", large)]

    pieces = list(zipped(files))

    assert max(map(len, pieces)) < 2 << 20
    assert len(pieces) > 4
    assert b"".join(pieces) == b"".join(zipped(files))
    found = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert found.testzip() is None
    assert found.read("a/weights") == large.read_bytes()


def test_a_model_of_all_weights_leaves_as_it_is(finished, as_curator, curator):
    whole, other = finished(tuning="full"), finished(seed=2)

    page = as_curator.get(reverse("trainer:run", args=[whole.pk])).text
    assert "Download the model" in page
    assert reverse("trainer:run_export", args=[whole.pk]) not in page
    address = reverse("trainer:run_adapter", args=[whole.pk])
    found = unpacked(as_curator.get(address))
    top = f"run-{whole.pk}-model"
    there = launch.folder_of(whole) / "model" / "model-1.safetensors"
    assert found.read(f"{top}/model-1.safetensors") == there.read_bytes()
    assert whole.version_digest in found.read(f"{top}/README.md").decode()
    merge = reverse("trainer:run_merge", args=[other.pk])
    assert f'value="{whole.pk}"' not in as_curator.get(merge).text
    assert as_curator.get(reverse("trainer:run_merge", args=[whole.pk])).status_code == 404
    with pytest.raises(TrainerError, match="no adapter to merge"):
        merges.request(run_ids=[other.pk, whole.pk], way="cat", by=curator)
    with pytest.raises(TrainerError, match="Download its model"):
        jobs.request(kind="export", run=whole, by=curator)


@pytest.mark.django_db(transaction=False)
def test_an_export_needs_room_for_whole_weights(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(bytes(1000))
    config = {"base": str(tmp_path), "form": "model"}
    assert space._written(config) == 2000
    assert space._written(config | {"form": "adapter"}) == 0
