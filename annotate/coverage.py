"""What a category has, what it lacks, and what was accepted in it: for those who write."""

from __future__ import annotations

from typing import NamedTuple

from django.core.cache import caches

from annotate.models import Assignment
from curation.clean.lengths import Usual, usual
from curation.models import Category, Dataset, Message
from curation.models.conversations import MessageQuerySet

KEPT_SECONDS = 300
TEXTS_LOOKED_AT = 200
GAP_FROM = 5  # texts that another category must lack to be worth a word

Kind = Assignment.Kind


class Share(NamedTuple):
    category: int
    name: str
    there: int  # complete or under way
    wanted: int

    @property
    def lacking(self) -> int:
        return max(0, self.wanted - self.there)


class Gap(NamedTuple):
    here: Share
    emptier: Share | None  # another category that needs texts far more


def gap(slot: Assignment) -> Gap | None:
    """How far the category of a new text is, and which one needs it more."""
    shares = {share.category: share for share in _shares(slot.dataset)}
    here = shares.pop(slot.category_id or 0, None)
    if here is None:
        return None
    others = sorted(shares.values(), key=lambda share: share.there / max(1, share.wanted))
    emptiest = next(iter(others), None)
    is_worth_a_word = (
        emptiest is not None
        and emptiest.lacking >= GAP_FROM
        and 2 * emptiest.there * here.wanted < here.there * emptiest.wanted
    )
    return Gap(here, emptiest if is_worth_a_word else None)


def usual_lengths(slot: Assignment) -> dict[str, Usual]:
    """In words, by role, of what was last accepted in the category; empty at first."""
    key = f"usual-lengths-{slot.dataset_id}-{slot.category_id}"
    found: dict[str, Usual] | None = caches["own"].get(key)
    if found is None:
        found = {
            role: bounds for role in Message.Role.values if (bounds := _usual(slot, role))
        }
        caches["own"].set(key, found, KEPT_SECONDS)
    return found


def example_for(slot: Assignment) -> list[Message]:
    """An accepted text of the sort that is asked for; of a pair, both its halves.

    Never one that is held out: who has read it writes like it.
    """
    key = f"examples-{slot.dataset_id}-{slot.category_id}-{slot.kind}"
    candidates: list[tuple[int, int]] | None = caches["own"].get(key)
    if candidates is None:
        candidates = _examples(slot)
        caches["own"].set(key, candidates, KEPT_SECONDS)
    chosen = [pk for pk, within in candidates if within != slot.conversation_id][:1]
    still = Message.objects.filter(pk__in=chosen, state=Message.State.ACCEPTED)
    found = still.select_related("parent").first()
    if found is None:
        return []
    return [found.parent, found] if found.parent is not None else [found]


def _examples(slot: Assignment) -> list[tuple[int, int]]:
    """The newest few, each with its conversation: looking for them may take a while."""
    role = Message.Role.ASSISTANT
    if slot.kind in (Kind.WRITE_PROMPT, Kind.CONTINUE):
        role = Message.Role.PROMPTER
    texts = _accepted(slot, role).filter(conversation__split="train")
    if slot.kind == Kind.WRITE_PROMPT:
        texts = texts.filter(parent=None)
    return list(texts.order_by("-pk").values_list("pk", "conversation_id")[:5])


def _accepted(slot: Assignment, role: str) -> MessageQuerySet:
    """What people wrote and others accepted, in the dataset and category of the slot."""
    return Message.objects.filter(
        conversation__dataset=slot.dataset_id,
        conversation__category=slot.category_id,
        role=role,
        state=Message.State.ACCEPTED,
    ).exclude(origin=Message.Origin.MODEL)


def _shares(dataset: Dataset) -> list[Share]:
    key = f"shares-{dataset.pk}"
    found: list[Share] | None = caches["own"].get(key)
    if found is None:
        counts = ("pk", "name", "complete_count", "under_way_count", "target")
        found = [
            Share(pk, name, complete + under_way, target)
            for pk, name, complete, under_way, target in Category.objects.filter(
                dataset=dataset
            )
            .with_progress()
            .values_list(*counts)
        ]
        caches["own"].set(key, found, KEPT_SECONDS)
    return found


def _usual(slot: Assignment, role: str) -> Usual | None:
    texts = _accepted(slot, role).order_by("-pk").values_list("text", flat=True)
    return usual([len(text.split()) for text in texts[:TEXTS_LOOKED_AT]])
