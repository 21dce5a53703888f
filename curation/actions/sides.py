"""On which side of the split a conversation stands: for training, or held out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID, uuid4

from curation.aggregate.splits import prompt_key, split_of
from curation.models import Conversation, Dataset
from curation.prepared import Among


class Side(NamedTuple):
    """On which side a conversation with such a first prompt stands, and why."""

    prompt_key: str
    split: str
    group: UUID


def sides_of(dataset: Dataset, first_prompts: Iterable[str]) -> dict[str, Side]:
    """The side for each text. Words that are there already keep their side and group.

    Otherwise a changed percentage would put the same words on both.
    """
    keys = {text: prompt_key(dataset.slug, text) for text in first_prompts}
    known = sides_by_key(dataset, set(keys.values()))
    return {text: known[key] for text, key in keys.items()}


def sides_by_key(dataset: Dataset, keys: Collection[str]) -> dict[str, Side]:
    """The same for prompts of which only the key is at hand. One query."""
    wanted = Among("prompt_key", list(keys))
    there = Conversation.objects.filter(wanted, dataset=dataset)
    rows = there.order_by("-pk").values_list("prompt_key", "split", "group", "uid")
    known = {key: Side(key, split, group or uid) for key, split, group, uid in rows}
    percent = dataset.policy.held_out_percent
    for key in keys:
        if key not in known:
            known[key] = Side(key, split_of(key, percent), uuid4())
    return known


def begin_with(conversation: Conversation, text: str) -> None:
    """Put other first words in place of a locked conversation's old ones.

    It keeps its side and group, unless these words stand somewhere already: its new words
    are frozen in no version yet, those may be.
    """
    key = prompt_key(conversation.dataset.slug, text)
    if key == conversation.prompt_key:
        return
    there = Conversation.objects.filter(dataset=conversation.dataset, prompt_key=key)
    conversation.prompt_key = key
    if first := there.order_by("pk").first():
        conversation.split, conversation.group = first.split, first.group or first.uid
    conversation.save(update_fields=["prompt_key", "split", "group"])
