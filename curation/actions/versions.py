"""Freezing what people agreed on, and proving later that it is still that."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from curation.actions.people import require
from curation.aggregate.rewrites import with_rewrites
from curation.errors import CurationError
from curation.formats.recipe import Recipe
from curation.formats.record import Turn, digest, record
from curation.models import (
    Contributor,
    Conversation,
    Dataset,
    DatasetVersion,
    Event,
    Message,
    Settlement,
    VersionItem,
)

Row = TypeVar("Row")
AT_ONCE = 500  # conversations whose messages are in memory together


class Chosen(NamedTuple):
    """One reply that a recipe takes, with the facts that are frozen beside it."""

    reply: Message
    split: str
    category: str
    rank: int | None
    record: dict[str, Any]
    digest: str


@transaction.atomic
def freeze(
    *, dataset_id: int, by: Contributor, recipe: dict[str, Any] | None = None
) -> DatasetVersion:
    """Freeze what the recipe chooses. The same record and recipe give the same digest.

    When nothing has changed since an earlier version, that version is returned.
    """
    # The lock makes version numbers count up; writers of messages do not wait for it.
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=dataset_id)
    require(by, dataset)
    wanted = Recipe.parse(recipe or {})
    chosen = list(_choose(dataset, wanted))
    if not chosen:
        raise CurationError(
            _("Nothing is accepted yet that this recipe takes. Review some messages first.")
        )
    manifest = _manifest(dataset, wanted, chosen)
    fingerprint = digest(manifest)
    same = DatasetVersion.objects.filter(dataset=dataset, digest=fingerprint).first()
    return same or _insert(dataset, wanted, manifest, fingerprint, chosen, by)


def preview(*, dataset: Dataset, recipe: dict[str, Any]) -> Counter[tuple[str, str]]:
    """What freezing with this recipe would take now: a count by category and split."""
    chosen = _choose(dataset, Recipe.parse(recipe))
    return Counter((one.category, one.split) for one in chosen)


def verify(version: DatasetVersion) -> list[str]:
    """What no longer matches the digest, a sentence each; an empty list is good."""
    problems = []
    leaves = hashlib.sha256()
    for item, built in records(version):
        if digest(built) != item.digest:
            problems.append(f"Item {item.position}: its text is not what was frozen.")
        leaves.update(_leaf(item.split, item.digest))
    if leaves.hexdigest() != version.manifest["records_sha256"]:
        problems.append("The list of items is not the one in the manifest.")
    if digest(version.manifest) != version.digest:
        problems.append("The manifest is not what was frozen.")
    return problems


def records(version: DatasetVersion) -> Iterator[tuple[VersionItem, dict[str, Any]]]:
    """Each item in order with its record, built from the text that is there now.

    Where the turns above a reply are gone the record is empty, and so matches no digest.
    """
    items = (
        version.items.select_related("reply__conversation")
        .order_by("position")
        .iterator(2000)
    )
    for chunk in _chunks(items):
        found = _messages({item.reply.conversation_id for item in chunk})
        for item in chunk:
            try:
                reply = found[item.reply_id]
                built = _record(reply, found, category=item.category, rank=item.rank)
            except KeyError:
                built = {}
            yield item, built


def _leaf(split: str, record_digest: str) -> bytes:
    """A record on its side: the same text held out is another version."""
    return hashlib.sha256(f"{split}:{record_digest}".encode()).digest()


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, AT_ONCE)):
        yield chunk


def _insert(
    dataset: Dataset,
    recipe: Recipe,
    manifest: dict[str, Any],
    fingerprint: str,
    chosen: list[Chosen],
    by: Contributor,
) -> DatasetVersion:
    splits = Counter(one.split for one in chosen)
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=dataset.versions.count() + 1,
        recipe=recipe.as_json(),
        manifest=manifest,
        digest=fingerprint,
        train_count=splits["train"],
        held_out_count=splits["held_out"],
        frozen_by=by,
    )
    VersionItem.objects.bulk_create(_items(version, chosen), batch_size=2000)
    Event.objects.record(
        "version.frozen", version, by=by, dataset=dataset, digest=fingerprint
    )
    return version


def _items(version: DatasetVersion, chosen: list[Chosen]) -> Iterator[VersionItem]:
    for position, one in enumerate(chosen):
        yield VersionItem(
            version=version,
            position=position,
            reply=one.reply,
            split=one.split,
            category=one.category,
            rank=one.rank,
            digest=one.digest,
        )


def _manifest(dataset: Dataset, recipe: Recipe, chosen: list[Chosen]) -> dict[str, Any]:
    """Facts about the content only: no time, no person, no number of this database."""
    leaves = hashlib.sha256()
    for one in chosen:
        leaves.update(_leaf(one.split, one.digest))
    splits = Counter(one.split for one in chosen)
    return {
        "format": "winnow-version-1",
        "dataset": dataset.slug,
        "shape": dataset.shape,
        "licence": dataset.licence,
        "recipe": recipe.as_json(),
        "counts": {
            "train": splits["train"],
            "held_out": splits["held_out"],
            "categories": dict(sorted(Counter(one.category for one in chosen).items())),
        },
        "records_sha256": leaves.hexdigest(),
    }


def _choose(dataset: Dataset, recipe: Recipe) -> Iterator[Chosen]:
    """In the order of opaque ids, which is the same in every database."""
    conversations = (
        Conversation.objects.filter(dataset=dataset)
        .exclude(state__in=[Conversation.State.HELD, Conversation.State.REJECTED])
        .select_related("category")
        .order_by("uid")
    )
    if recipe.categories:
        conversations = conversations.filter(category__slug__in=recipe.categories)
    if recipe.languages:
        conversations = conversations.filter(language__in=recipe.languages)
    for chunk in _chunks(conversations.iterator(2000)):
        found = _messages({conversation.pk for conversation in chunk})
        ranks = _ranks(chunk, found)
        taken = _taken(found, ranks, recipe)
        for conversation in chunk:
            for reply in taken[conversation.pk]:
                category = conversation.category.slug if conversation.category else ""
                rank = ranks.get(reply.pk)
                built = _record(reply, found, category=category, rank=rank)
                yield Chosen(
                    reply, conversation.split, category, rank, built, digest(built)
                )


def _taken(
    found: dict[int, Message], ranks: dict[int, int], recipe: Recipe
) -> dict[int, list[Message]]:
    """The replies to train on per conversation, by opaque id."""
    by_prompt: dict[int, list[Message]] = defaultdict(list)
    for message in found.values():
        if _is_trainable(message, found) and (
            recipe.with_models or message.origin != Message.Origin.MODEL
        ):
            assert message.parent_id is not None
            by_prompt[message.parent_id].append(message)
    taken: dict[int, list[Message]] = defaultdict(list)
    for replies in by_prompt.values():
        replies.sort(key=lambda m: (ranks.get(m.pk, len(ranks)), str(m.uid)))
        for reply in replies[: recipe.best_replies or None]:
            taken[reply.conversation_id].append(reply)
    for replies in taken.values():
        replies.sort(key=lambda m: str(m.uid))
    return taken


def _is_trainable(message: Message, found: dict[int, Message]) -> bool:
    """An accepted answer under nothing but accepted turns."""
    if message.role != Message.Role.ASSISTANT:
        return False
    step: Message | None = message
    while step is not None:
        if step.state != Message.State.ACCEPTED:
            return False
        step = found.get(step.parent_id) if step.parent_id is not None else None
    return True


def _messages(conversation_ids: Iterable[int]) -> dict[int, Message]:
    messages = Message.objects.filter(conversation__in=conversation_ids)
    return {m.pk: m for m in messages.select_related("conversation")}


def _ranks(
    conversations: Iterable[Conversation], found: dict[int, Message]
) -> dict[int, int]:
    """The place of each answer: as people ranked them, a rewrite before its original."""
    orders = dict(
        Settlement.objects.filter(
            prompt__conversation__in=[conversation.pk for conversation in conversations]
        ).values_list("prompt", "order")
    )
    pairs: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for message in found.values():
        original = _accepted_original(message, found)
        if original is not None and message.parent_id is not None:
            pairs[message.parent_id].append((message.pk, original.pk))
    return {
        pk: rank
        for prompt in orders.keys() | pairs.keys()
        for rank, group in enumerate(with_rewrites(orders.get(prompt, []), pairs[prompt]))
        for pk in group
    }


def _accepted_original(message: Message, found: dict[int, Message]) -> Message | None:
    """What an accepted answer was written in place of, where that is accepted itself."""
    if message.state != Message.State.ACCEPTED or message.role != Message.Role.ASSISTANT:
        return None
    step = found.get(message.revises_id or 0)
    while step is not None and step.state != Message.State.ACCEPTED:
        step = found.get(step.revises_id or 0)
    return step


def _record(
    reply: Message, found: dict[int, Message], *, category: str, rank: int | None
) -> dict[str, Any]:
    above: list[Message] = []
    step = reply
    while step.parent_id is not None:
        step = found[step.parent_id]
        above.insert(0, step)
    return record(
        uid=str(reply.uid),
        prompt_uid=str(above[-1].uid),
        conversation=str(reply.conversation.uid),
        category=category,
        language=reply.language,
        origin=reply.origin,
        rank=rank,
        path=[Turn(m.role, m.text, m.context) for m in above],
        reply=reply.text,
    )
