"""Put what is rarely there into a running Winnow, named by WINNOW_VAR.

A dataset “rare”: two answers to compare, one to write anew, a text whose reviewers
disagree, a flag, a known item, comments, given work, and a text that was kept unsent.
"""

from __future__ import annotations

import os
from typing import Any

import django
from django.apps import apps
from django.db import transaction

POLICY = {
    "reviews_wanted": 2, "approvals_needed": 2, "adjudicates": True, "improve_below": 3,
    "replies_wanted": 1, "open_conversations": 30,
}  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    with transaction.atomic():
        write()


def write() -> None:
    from annotate import planner
    from curation.actions import datasets, people

    found = apps.get_model("curation", "Contributor").objects
    cast = {
        name: found.get(email=f"{name}@winnow.example")
        for name in ("ada", "cleo", "wim", "wanda", "rosa", "ravi", "ruth")
    }
    roles = {"curator": ["cleo"], "writer": ["wim", "wanda"]}
    roles["reviewer"] = ["rosa", "ravi", "ruth"]
    admin = cast["ada"]
    dataset = datasets.create(
        slug="rare", title="Rare pages", shape="conversations", by=admin, policy=POLICY
    )
    for role, names in roles.items():
        for name in names:
            people.join(dataset=dataset, person=cast[name], role=role, by=admin)
    write_and_judge(dataset, cast)
    planner.plan_changed()
    give_and_keep(dataset, cast)


def write_and_judge(dataset: Any, cast: dict[str, Any]) -> None:
    from curation.actions import discussion, flags, gold, moderation

    curator, rosa, ravi = cast["cleo"], cast["rosa"], cast["ravi"]
    blue = prompt_with(dataset, cast, "Why is the sky blue?", answers=2)
    cats = prompt_with(dataset, cast, "Why do cats purr?", answers=1, quality=2)
    vague = prompt_with(dataset, cast, "Explain it to me, briefly.")
    review(vague, rosa, "accept", labels={"quality": 4})
    review(vague, ravi, "reject", reason="unclear", note="What is “it”?")
    discussion.comment(message_id=vague.pk, by=rosa, text="I **do** know what.")
    for message, by in ((blue, rosa), (vague, ravi), (cats, ravi)):
        flag = flags.raise_flag(message_id=message.pk, by=by, reason="other", note="Hm.")
    moderation.decide(message_id=flag.message_id, by=curator, action="keep")
    gold.make(message_id=blue.pk, by=curator, verdict="accept", why="It is clear.")
    gold.answer(message_id=blue.pk, by=cast["ruth"], verdict="accept")
    old = gold.make(message_id=cats.pk, by=curator, verdict="accept", why="It is, too.")
    gold.retire(item_id=old.pk, by=curator)


def prompt_with(
    dataset: Any, cast: dict[str, Any], text: str, *, answers: int = 0, quality: int = 0
) -> Any:
    """A prompt; where answers are wanted, accepted with them."""
    from curation.actions import conversations, messages

    author = cast["wim"]
    written = conversations.write_prompt(dataset=dataset, by=author, text=text)
    prompt = written.messages.get()
    there = [prompt] if answers else []
    for message in there:
        for name in ("rosa", "ravi"):
            labels = {"quality": quality} if quality and message != prompt else {}
            review(message, cast[name], "accept", labels=labels)
        if len(there) <= answers:
            words = f"Nobody knows for certain; {len(there)} of us have *asked*."
            there.append(messages.reply(parent_id=prompt.pk, by=author, text=words))
    return prompt


def review(message: Any, by: Any, verdict: str, **said: Any) -> None:
    from curation.actions import messages

    messages.review(message_id=message.pk, by=by, verdict=verdict, **said)


def give_and_keep(dataset: Any, cast: dict[str, Any]) -> None:
    from annotate import actions, allotments

    slots = apps.get_model("annotate", "Assignment").objects.filter(dataset=dataset)
    slot = slots.filter(kind="write_prompt").earliest("pk")
    fields = {"text": "What became of **this** one?\n\nIt was never sent."}
    actions.save_draft(assignment_id=slot.pk, by=cast["wanda"], fields=fields)
    allotments.allot(
        dataset=dataset, person=cast["rosa"], kind="compare", wanted=1, by=cast["cleo"],
        note="As soon as you can.",
    )  # fmt: skip


if __name__ == "__main__":
    main()
