"""Put prompts whose answers wait to be ranked into a running Winnow, named by WINNOW_VAR.

Each argument is a dataset of one prompt: its slug ends in the number of answers.
"""

from __future__ import annotations

import os
import sys

import django
from django.apps import apps
from django.db import transaction

ANSWERS = [
    "The sky is blue because short waves scatter more than long ones.",
    "As ChatGPT, I would say: the sky is blue as **blue light** scatters more.\n\n"
    "```python\nwaves = sorted(light, key=length, reverse=True)  # and more words\n```",
    "It reflects the sea.",
    "Nobody knows.\n\n" + "But many have wondered, and some have written it down. " * 40,
    "Look up at noon, and again in the evening.",
]


def main(slugs: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    with transaction.atomic():
        for slug in slugs:
            write(slug, int(slug.rpartition("-")[2]))


def write(slug: str, count: int) -> None:
    from curation.actions import conversations, datasets, messages, people

    found = apps.get_model("curation", "Contributor").objects
    admin, author = (found.get(email=f"{name}@winnow.example") for name in ("ada", "wim"))
    policy = {"replies_wanted": count, "max_depth": 2, "open_conversations": 1}
    dataset = datasets.create(
        slug=slug, title=slug, shape="conversations", by=admin, policy=policy
    )
    for person in found.filter(memberships__role="reviewer").distinct():
        people.join(dataset=dataset, person=person, role="reviewer", by=admin)
    people.join(dataset=dataset, person=author, role="writer", by=admin)
    conversation = conversations.write_prompt(
        dataset=dataset, by=author, text="Why is the sky blue?"
    )
    prompt = conversation.messages.get()
    messages.review(message_id=prompt.pk, by=admin, verdict="accept")
    for text in ANSWERS[:count]:
        answer = messages.reply(parent_id=prompt.pk, by=author, text=text)
        messages.review(message_id=answer.pk, by=admin, verdict="accept")


if __name__ == "__main__":
    main(sys.argv[1:])
