"""The README of the client is right: its lines are run against the application."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from click.testing import CliRunner

from config.places import ROOT
from tests.client.conftest import URL
from trainer.models import Run
from winnow.commands import main

README = (ROOT / "client" / "README.md").read_text()
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.django_db
def test_all_of_the_tutorial_runs(
    server, token, frozen, base, worker, settings, tmp_path, monkeypatch, capsys
):
    type(frozen.dataset).objects.update(slug="handbook")
    settings.VERSIONS_DIR = tmp_path / "versions"
    monkeypatch.setenv("WINNOW_URL", URL)
    monkeypatch.setenv("WINNOW_TOKEN", token)
    monkeypatch.chdir(tmp_path)
    row = {"instruction": "Where is the key?", "response": "At the desk.", "category": "x"}
    (tmp_path / "more.jsonl").write_text(json.dumps(row) + "\n")
    names: dict[str, object] = {}
    written: list[str] = []

    for kind, lines in BLOCK.findall(README):
        if kind == "python":
            exec(compile(lines, "client/README.md", "exec"), names)
        else:
            for line in lines.splitlines():
                here = line.replace("watch 12", f"watch {Run.objects.latest('pk').pk}")
                program, *arguments = shlex.split(here)
                answer = CliRunner().invoke(main, arguments)
                assert (program, answer.exit_code) == ("winnow", 0), (line, answer.output)
                written.append(answer.output)

    said = capsys.readouterr().out + "".join(written)
    assert "Hello" in said and "2 new, 0 refused" in said
    assert "step 10 held-out loss 1.5" in said and "finished" in said
    assert "2.0 → 0.5" in said and "['base']" in said
    assert "1 conversations with 2 messages are new" in said
    assert (tmp_path / "handbook-latest" / "train.jsonl").exists()
    assert (tmp_path / "adapter" / "adapter_model.safetensors").stat().st_size == 10240
    assert [p.name for p in (tmp_path / "handbook-files").iterdir()] == ["train.jsonl"]
