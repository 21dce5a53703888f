"""On which side of the split a conversation stands: for training, or held out."""

from __future__ import annotations

from collections.abc import Iterable
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
    wanted = Among("prompt_key", list(set(keys.values())))
    there = Conversation.objects.filter(wanted, dataset=dataset)
    rows = there.order_by("-pk").values_list("prompt_key", "split", "group", "uid")
    known = {key: Side(key, split, group or uid) for key, split, group, uid in rows}
    percent = dataset.policy.held_out_percent
    for text, key in keys.items():
        if key not in known:
            known[key] = Side(key, split_of(dataset.slug, text, percent), uuid4())
    return {text: known[key] for text, key in keys.items()}


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
