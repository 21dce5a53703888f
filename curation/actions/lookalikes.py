"""First prompts of a dataset that say nearly the same as a new one."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import QuerySet

from curation.aggregate.splits import prompt_key
from curation.clean.duplicates import ALIKE_FROM, likeness, telling_words
from curation.models import Conversation, Dataset, Message

COMPARED_AT_MOST = 300
ALIVE = (Message.State.SUBMITTED, Message.State.ACCEPTED)


class Lookalike(NamedTuple):
    message: Message
    likeness: float  # 1.0 for the same words


def lookalikes(
    dataset: Dataset, text: str, *, at_most: int = 3, besides: Conversation | None = None
) -> list[Lookalike]:
    """The most alike first, outside the conversation `besides`. One query where the same
    words are there, else two.

    What shares most of its words shares two of the rarest: such prompts come from the
    index of their words, and are compared here.
    """
    there = Message.objects.filter(
        parent=None, conversation__dataset=dataset, state__in=ALIVE
    ).select_related("conversation")
    if besides is not None:
        there = there.exclude(conversation=besides)
    same = there.filter(conversation__prompt_key=prompt_key(dataset.slug, text))
    found = list(same.order_by("pk")[:at_most])
    if found:
        return [Lookalike(message, 1.0) for message in found]
    scored = [
        Lookalike(message, likeness(text, message.text))
        for message in _sharing_words(there, text)
    ]
    alike = [one for one in scored if one.likeness >= ALIKE_FROM]
    return sorted(alike, key=lambda one: (-one.likeness, one.message.pk))[:at_most]


def _sharing_words(prompts: QuerySet[Message], text: str) -> QuerySet[Message]:
    query = SearchQuery("", config="simple")
    words = [SearchQuery(word, config="simple") for word in telling_words(text)]
    if len(words) < 2:
        return prompts.none()
    for one, other in combinations(words, 2):
        query |= one & other
    # The expression of the index message_prompt_words.
    searched = prompts.annotate(words=SearchVector("text", config="simple"))
    return searched.filter(words=query)[:COMPARED_AT_MOST]
