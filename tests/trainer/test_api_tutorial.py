"""docs/api.md is typed here as it stands, into a shell, against a server."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from django.db import transaction
from django.utils.timezone import now

from config.places import ROOT
from tests.annotate.work import planned
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.programs import Program
from trainer.models import Metric, Run

BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
MISSING = [name for name in ("bash", "curl", "jq", "sha256sum") if not shutil.which(name)]


@pytest.fixture
def secret(transactional_db, base):
    """Of a curator of a dataset in which a review waits and some pairs are accepted."""
    dataset = DatasetFactory(slug="handbook")
    category = CategoryFactory(dataset=dataset)
    with transaction.atomic():
        planned(MessageFactory(conversation__dataset=dataset, text="Is it open?"))
    for split in ("train", "train", "held_out"):
        begun = ConversationFactory(dataset=dataset, category=category, split=split)
        prompt = MessageFactory(conversation=begun, accepted=True)
        ReplyFactory(parent=prompt, accepted=True)
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    return Program(curator).secret


def finish(run_id):
    """As a worker would, without a training."""
    Metric.objects.create(run_id=run_id, step=20, name="loss", value=1.5)
    Run.objects.filter(pk=run_id).update(
        state="finished", finished_at=now(), started_at=now(), adapter_sha256="a" * 64
    )


@pytest.mark.skipif(bool(MISSING), reason=f"without {MISSING}")
def test_every_line_of_the_tutorial_works(
    secret, live_server, folders, tmp_path, monkeypatch
):
    monkeypatch.setattr("trainer.tasks.execute_run.delay", finish)
    key, *blocks = BLOCKS.findall((ROOT / "docs" / "api.md").read_text())
    assert "WINNOW_KEY" in key and len(blocks) >= 7
    ran = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "WINNOW_URL": f"{live_server.url}/api/v1",
            "WINNOW_KEY": secret,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    for told in ("Is it open?", "label_quality: Quality", "train.jsonl: OK", "20 loss 1.5"):
        assert told in ran.stdout
    assert '"unchanged":0' in ran.stdout
