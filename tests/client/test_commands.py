"""The command line: what it prints, where it keeps the key, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from config.places import ROOT
from tests.client.conftest import URL
from trainer.actions import fence, runs
from winnow import keys
from winnow.commands import main


def run(*arguments, given=None):
    return CliRunner().invoke(main, list(arguments), input=given)


@pytest.fixture
def as_curator(server, token, monkeypatch):
    monkeypatch.setenv("WINNOW_URL", URL)
    monkeypatch.setenv("WINNOW_TOKEN", token)


def test_a_key_is_tried_and_then_kept_for_its_owner_alone(server, token, curator):
    answer = run("login", "--url", f"{URL}/", "--token-stdin", given=f"{token}\n")

    assert (answer.exit_code, curator.name in answer.output) == (0, True), answer.output
    assert token not in answer.output and "Not encrypted" in answer.output
    assert keys.place().stat().st_mode & 0o777 == 0o600
    assert keys.found() == (URL, token)
    assert run("datasets").exit_code == 0
    assert run("logout").output == "Forgotten.\n"
    assert not keys.place().exists()


def test_a_key_that_opens_nothing_is_not_kept(server):
    answer = run("login", "--url", URL, "--token-stdin", given="winnow_odd\n")

    assert (answer.exit_code, keys.place().exists()) == (3, False)
    assert "Make a new one" in answer.output and "Traceback" not in answer.output


def test_a_kept_key_goes_to_its_own_server_alone(monkeypatch):
    keys.keep(keys.Key("https://winnow.example", "winnow_mine"))
    monkeypatch.setenv("WINNOW_URL", "https://other.example")

    answer = run("datasets")

    assert (answer.exit_code, "no key for https://other.example" in answer.output) == (
        3, True,
    )  # fmt: skip
    monkeypatch.setenv("WINNOW_TOKEN", "winnow_other")
    assert keys.found() == ("https://other.example", "winnow_other")


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"url": 1}', "\0"])
def test_spoilt_settings_are_as_none(kept):
    keys.place().parent.mkdir(parents=True)
    keys.place().write_text(kept)

    answer = run("datasets")

    assert (answer.exit_code, "winnow login" in answer.output) == (3, True)


def test_without_a_terminal_nothing_is_asked():
    answer = run("login")

    assert (answer.exit_code, "--token-stdin" in answer.output) == (3, True)


def test_datasets_are_listed_for_people_and_for_programs(as_curator, frozen):
    assert run("datasets").output.split("\t")[0] == frozen.dataset.slug
    told = json.loads(run("datasets", "--json").output)
    assert told["version_count"] == 1


def test_a_version_is_pulled(as_curator, frozen, settings, tmp_path, monkeypatch):
    settings.VERSIONS_DIR = tmp_path / "versions"
    monkeypatch.chdir(tmp_path)
    slug = frozen.dataset.slug

    told = json.loads(run("pull", f"{slug}@1", "--json").output)

    assert told["digest"] == frozen.digest
    there = tmp_path / f"{slug}-v1"
    assert len((there / "train.jsonl").read_text().splitlines()) == 6
    assert (there / "manifest.json").exists()
    odd = run("pull", f"{slug}@2")
    assert (odd.exit_code, "no version “2”" in odd.output) == (1, True)
    odd = run("pull", slug, "--file", "none.txt")
    assert (odd.exit_code, "no file none.txt" in odd.output) == (1, True)


def test_a_run_is_started_and_watched(as_curator, frozen, base, worker):
    slug = frozen.dataset.slug

    answer = run(
        "run", slug, "--base", "test-base", "--set", "steps=4", "--set", "dtype=fp32",
        "--watch", "--json",
    )  # fmt: skip

    assert answer.exit_code == 0, answer.output
    first, *events = map(json.loads, answer.output.splitlines())
    assert (first["config"]["steps"], first["config"]["dtype"]) == (4, "fp32")
    told = [one["name"] for one in events if one["kind"] == "state"]
    assert told == ["queued", "training", "finished"]
    steps = [one["step"] for one in events if one["kind"] == "step"]
    assert steps == [0, 2, 4]
    losses = [one["step"] for one in events if one["name"] == "loss"]
    assert losses == [0, 1, 2, 3]


def test_a_run_that_fails_ends_the_watching_with_its_reason(
    as_curator, request_run, monkeypatch
):
    claimed = runs.claim(request_run().pk, "gpu-1:42")
    monkeypatch.setattr(
        "winnow.wire.sleep", lambda _s: fence.fail(claimed, problem="Out of memory.")
    )

    answer = run("watch", str(claimed.pk))

    assert answer.exit_code == 5
    assert "is failed. Out of memory." in answer.output


def test_what_is_refused_is_said_without_a_traceback(as_curator, frozen, base):
    slug = frozen.dataset.slug
    answer = run("run", slug, "--base", "none")
    assert answer.exit_code == 1
    assert "base: Object with slug=none does not exist." in answer.output

    assert run("watch", "999").exit_code == 1
    assert run("run", slug).exit_code == 2
    assert run("run", slug, "--base", "x", "--set", "steps").exit_code == 2


def test_a_folder_that_cannot_be_written_is_said(as_curator, frozen, settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path / "versions"
    (tmp_path / "file").write_text("")

    answer = run("pull", frozen.dataset.slug, str(tmp_path / "file" / "x"))

    assert (answer.exit_code, "winnow: " in answer.output) == (1, True)
    assert "no version" in run("pull", f"{frozen.dataset.slug}@x").output
    assert "Not found" in run("pull", "nothing").output


def test_a_server_that_does_not_answer(monkeypatch):
    monkeypatch.setenv("WINNOW_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("WINNOW_TOKEN", "winnow_x")

    answer = run("datasets")

    assert (answer.exit_code, "does not answer" in answer.output) == (4, True)


def test_it_needs_no_django_and_loads_what_is_large_only_when_asked():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import winnow.commands; "
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(ROOT / "client")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    loaded = set(json.loads(done.stdout.replace("'", '"')))
    assert "winnow" in loaded
    assert not loaded & {"django", "pandas", "datasets", "torch", "curation", "trainer"}


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_was_pushed_before_it_broke_off_is_told(
    as_curator, frozen, tmp_path, monkeypatch, options
):
    monkeypatch.setattr("winnow.pushing.ROWS_AT_ONCE", 1)
    file = tmp_path / "rows.jsonl"
    rows = [
        {"instruction": f"Name {n} rivers.", "context": "", "response": "Elbe.",
         "category": "open_qa"}
        for n in (2, 3)
    ]  # fmt: skip
    file.write_text("\n".join([*map(json.dumps, rows), "{"]))

    answer = run("push", frozen.dataset.slug, str(file), "--format", "dolly", *options)

    assert answer.exit_code == 1
    assert "line 3: no JSON" in answer.stderr and "goes on" in answer.stderr
    if options:
        assert json.loads(answer.stdout)["conversations"] == 1
    else:
        assert "1 conversations with 2 messages are new" in answer.stdout
    assert (run("push", "nowhere", str(file), "--format", "dolly").stdout) == ""
