"""Once round the loop, through the real pages: `make loop DATA=file.jsonl`.

Imports the file, then sends scripted people: they write, review and rank; a curator
freezes, an admin fine-tunes; the model is scored, and its answers are ranked. Where the
version has preferences on both sides, a reward model and DPO on the fine-tuned run follow.
A line per step on standard error, one JSON line at the end, and a failure if a step did
not happen.
"""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import stack, writings
from benchmarks.pages import Page
from benchmarks.people import Person, in_order_of_taste
from config.places import ROOT

SAMPLE = ROOT / "curation" / "demo" / "sample.jsonl"
SLUG = "loop"
PAIRS_WRITTEN = 12
ROLES = {
    "admin": "",
    "curator": "curator",
    **dict.fromkeys(("writer1", "writer2"), "writer"),
    **dict.fromkeys(("reviewer1", "reviewer2", "reviewer3"), "reviewer"),
}
POLICY = {
    "replies_wanted": 2,
    "max_depth": 2,
    "rankings_wanted": 2,
    "open_conversations": 1000,
    "held_out_percent": 50,  # of 100 trees; with fewer the interval says nothing
}
ENDED = ("finished", "failed", "cancelled")
TRAINING_SECONDS = 600.0


class Loop:
    """What the steps know of each other."""

    def __init__(self, address: str, data: Path) -> None:
        self.address, self.data = address, data
        self.format = format_of(data)
        self.people: dict[str, Person] = {}
        self.seconds: dict[str, float] = {}
        self.run_id = 0
        self.runs: dict[str, int] = {}  # by method
        self.facts: dict[str, Any] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 1)
        say(f"{name}: {self.seconds[name]} s")


def main() -> None:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE
    if not data.exists():
        raise SystemExit(
            f"There is no file {data}. Name one, as in `make loop DATA=file.jsonl`."
        )
    started = time.monotonic()
    with stack.running("loop") as address:
        loop = Loop(address, data)
        loop.seconds["start"] = round(time.monotonic() - started, 1)
        say(f"start: {loop.seconds['start']} s, at {address}")
        for name, work in STEPS.items():
            with loop.step(name):
                work(loop)
        report(loop, round(time.monotonic() - started, 1))


# ---- the steps -----------------------------------------------------------------------
def prepare(loop: Loop) -> None:
    """Accounts and an empty dataset, and the file imported into it."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.core.management import call_command

    from curation.actions import datasets, people
    from curation.models import Contributor

    passwords = {name: secrets.token_urlsafe(12) for name in ROLES}
    admin = Contributor.objects.create_superuser("admin@loop.example", passwords["admin"])
    dataset = datasets.create(
        slug=SLUG,
        title="Loop",
        shape="conversations" if loop.format == "oasst" else "pairs",
        guideline="Write what you would be glad to read.",
        policy=POLICY,
        by=admin,
    )
    for name, role in ROLES.items():
        if role:
            email, password = f"{name}@loop.example", passwords[name]
            person = Contributor.objects.create_user(email, password)
            people.join(dataset=dataset, person=person, role=role, by=admin)
    options = {"format": loop.format, "by": admin.email, "stdout": sys.stderr}
    call_command("import_data", SLUG, str(loop.data), **options)
    loop.facts["imported_rankings"] = _settlements()
    for name in ROLES:
        loop.people[name] = Person(loop.address, f"{name}@loop.example", passwords[name])


def write(loop: Loop) -> None:
    """Writers write; in conversations others answer after the prompts are reviewed."""
    if loop.format == "oasst":
        texts = iter(writings.PROMPTS)
        for name in ("writer1", "writer2"):
            done = loop.people[name].work_through(
                "write_prompt", SLUG, lambda page: {"text": next(texts)}, at_most=4
            )
            need(done == 4, f"{name} could write {done} of 4 prompts")
        return
    pairs = itertools.islice(writings.pairs(), PAIRS_WRITTEN)
    for number, pair in enumerate(pairs):
        writer = loop.people["writer1" if number % 2 else "writer2"]
        category = pair.pop("category")
        wanted = {"kind": "write_pair", "dataset": SLUG, "category": category}
        writer.send("/work/claim/", wanted)
        need(writer.has_task, f"no slot to write in {category}")
        writer.submit(**pair)


def review(loop: Loop) -> None:
    """Everything that waits is reviewed; one text is edited and one rejected."""
    number = itertools.count(1)

    def verdict(page: Page) -> dict[str, Any]:
        turn = next(number)
        if turn == 3:
            edited = page.form("task").fields["edited_text"].rstrip() + " "
            return {"verdict": "edit", "edited_text": f"{edited}Thank you."}
        if turn == 5:
            return {
                "verdict": "reject",
                "reason": "unclear",
                "note": "I could not follow it.",
            }
        return {"verdict": "accept"}

    done = _everybody(loop, "reviewer", "review", verdict, at_most=40)
    need(done > 0, "nothing came to be reviewed")


def answer(loop: Loop) -> None:
    """In conversations: two answers to each new prompt, and their reviews."""
    if loop.format != "oasst":
        return
    texts = itertools.cycle(writings.ANSWERS)
    done = _everybody(
        loop, "writer", "answer", lambda page: {"text": next(texts)}, at_most=8
    )
    need(done > 0, "no prompt came to be answered")
    _everybody(loop, "reviewer", "review", lambda page: {"verdict": "accept"}, at_most=40)


def rank(loop: Loop) -> None:
    """Ballots on what waits to be ranked before the model has answered."""
    done = _rank_all(loop, at_most=12)
    need(done > 0 or loop.format != "oasst", "no answers came to be ranked")


def freeze(loop: Loop) -> None:
    curator = loop.people["curator"]
    form = curator.visit(f"/datasets/{SLUG}/versions/").form("versions")
    curator.send(form.action, {**form.fields, "pairs": "all"})
    loop.facts["version_id"] = int(re.findall(r"version=(\d+)", curator.page.html)[0])


def fine_tune(loop: Loop) -> None:
    _wait_for_base(loop.people["admin"])
    loop.run_id = _train(loop, "sft")


def reward(loop: Loop) -> None:
    if _has_preferences(loop):
        _train(loop, "reward")


def dpo(loop: Loop) -> None:
    """On the fine-tuned run, which the form proposes."""
    if _has_preferences(loop):
        from trainer.models import Run

        run_id = _train(loop, "dpo")
        parent = Run.objects.get(pk=run_id).parent_id
        need(parent == loop.run_id, f"DPO went on from {parent}, not from {loop.run_id}")


def _has_preferences(loop: Loop) -> bool:
    from curation import handoff

    counts = handoff.row_counts(loop.facts["version_id"]) or {}
    loop.facts["pairs"] = counts.get("pairs_train", 0)
    return all(counts.get(f"pairs_{split}") for split in ("train", "held_out"))


def _train(loop: Loop, method: str) -> int:
    """Launch from the form, and watch the run until it ends."""
    from trainer.models import Run

    admin, version = loop.people["admin"], loop.facts["version_id"]
    launch = admin.visit(f"/models/launch/?method={method}&version={version}")
    form = launch.form("launch")
    admin.send(form.action, form.fields)
    loop.runs[method] = run_id = int(re.findall(r"/runs/(\d+)/", admin.page.url)[0])
    deadline = time.monotonic() + TRAINING_SECONDS
    shown = ""
    while time.monotonic() < deadline:
        run = Run.objects.get(pk=run_id)
        if (now := f"  run {run.pk}: {run.state} {run.phase} {run.step}/{run.of}") != shown:
            shown = now
            say(shown)
        if run.state in ENDED:
            break
        time.sleep(1)
    need(run.state == "finished", f"the run is {run.state}: {run.problem}")
    admin.visit(f"/models/runs/{run_id}/")
    return run_id


def rank_candidates(loop: Loop) -> None:
    """The model's answers stand beside the others; people rank them blind."""
    from curation.models import Message

    ours = Message.objects.filter(conversation__dataset__slug=SLUG, origin="model")
    candidates = ours.filter(source_key__startswith=f"run-{loop.run_id}:")
    need(candidates.exists(), "the model's answers were not offered")
    _rank_all(loop, at_most=60)
    loop.facts["candidates"] = candidates.count()
    ranked = candidates.filter(placings__position__isnull=False).distinct()
    loop.facts["candidates_ranked"] = ranked.count()
    need(ranked.exists(), "nobody ranked the model's answers")


STEPS = {
    "import": prepare,
    "write": write,
    "review": review,
    "answer": answer,
    "rank": rank,
    "freeze": freeze,
    "fine_tune": fine_tune,
    "reward": reward,
    "dpo": dpo,
    "rank_candidates": rank_candidates,
}


# ---- what they need --------------------------------------------------------------------
def _everybody(loop: Loop, role: str, kind: str, fill: Any, *, at_most: int) -> int:
    """All people of a role in turn, until nothing of the kind is left for them."""
    people = [person for name, person in loop.people.items() if name.startswith(role)]
    return sum(person.work_through(kind, SLUG, fill, at_most=at_most) for person in people)


def _rank_all(loop: Loop, *, at_most: int) -> int:
    done = 0
    for name in ("reviewer1", "reviewer2", "reviewer3"):
        person = loop.people[name]
        by_taste = functools.partial(in_order_of_taste, person=name)
        done += person.work_through("rank", SLUG, by_taste, at_most=at_most)
    return done


def _wait_for_base(admin: Person) -> None:
    """The base model is built in the background of the first start."""
    from trainer.models import BaseModel

    deadline = time.monotonic() + TRAINING_SECONDS
    while time.monotonic() < deadline:
        base = BaseModel.objects.order_by("pk").first()
        if base is not None and base.state != "building":
            need(base.state == "ready", f"the base model failed: {base.problem}")
            return
        time.sleep(1)
    need(happened=False, otherwise="the base model was not built in time")


def _settlements() -> int:
    from curation.models import Settlement

    return Settlement.objects.filter(prompt__conversation__dataset__slug=SLUG).count()


def report(loop: Loop, seconds: float) -> None:
    from django.db.models import Avg

    from curation.models import Ballot, DatasetVersion, Message, Settlement
    from trainer.models import Evaluation, Run

    ours = Message.objects.filter(conversation__dataset__slug=SLUG)
    ballots = Ballot.objects.filter(prompt__in=ours)
    settled = Settlement.objects.filter(prompt__in=ours)
    run = Run.objects.get(pk=loop.run_id)
    evaluation = Evaluation.objects.get(run=run)
    version = DatasetVersion.objects.get(pk=loop.facts["version_id"])
    agreement = settled.aggregate(mean=Avg("agreement"))["mean"]
    line = {
        "file": loop.data.name,
        "messages": ours.count(),
        "accepted": ours.filter(state="accepted").count(),
        "imported_rankings": loop.facts["imported_rankings"],
        "ballots": ballots.exclude(ranker=None).count(),
        "agreement": None if agreement is None else round(agreement, 3),
        "version": version.digest,
        "run": run.pk,
        "examples": version.train_count,
        "tokens": run.tokens,
        "held_out_loss_before": round(evaluation.loss_before or 0.0, 4),
        "held_out_loss_after": round(evaluation.loss_after or 0.0, 4),
        "pairs": loop.facts["pairs"],
        **{name: _agreement(loop.runs.get(name)) for name in ("reward", "dpo")},
        "candidates": loop.facts["candidates"],
        "candidates_ranked": loop.facts["candidates_ranked"],
        "seconds": loop.seconds,
        "seconds_in_all": seconds,
    }
    for sample in run.samples.all()[:3]:
        say(f"  {sample.prompt_text!r} -> {sample.tuned_text!r}")
    sys.stdout.write(json.dumps(line) + "\n")


def _agreement(run_id: int | None) -> dict[str, Any] | None:
    """With people, on held-out pairs: the share with its interval, and the margin of the
    better answer, which is 0 before."""
    from trainer.models import Evaluation, Metric

    if run_id is None:
        return None
    found = Evaluation.objects.get(run=run_id)
    margins = Metric.objects.filter(run=run_id, name=Metric.Name.HELD_OUT_MARGIN)
    first = margins.order_by("step").first()
    return {
        "run": run_id,
        "held_out_pairs": found.pairs,
        "accuracy": found.accuracy,
        "accuracy_low": found.accuracy_low,
        "accuracy_high": found.accuracy_high,
        "is_above_chance": found.is_above_chance,
        "margin_before": first.value if first else None,
        "margin_after": found.margin,
    }


def format_of(data: Path) -> str:
    """Told by the fields of the first line."""
    opener = gzip.open if data.suffix == ".gz" else open
    with opener(data, "rt", encoding="utf-8") as lines:
        first = json.loads(next(iter(lines)))
    for name, mark in (("oasst", "message_tree_id"), ("dolly", "instruction")):
        if mark in first:
            return name
    return "responses"


def need(happened: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not happened:
        raise SystemExit(f"The loop is not closed: {otherwise}.")


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
