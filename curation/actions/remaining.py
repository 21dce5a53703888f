"""What still stands of an earlier version: its items, without those taken back since.

Nothing that came later is among them, and nothing else has changed: the split, the place
of an answer and what people had said of it are those of that version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from curation.actions.choosing import Choice, Messages, Place, Taken, is_trainable
from curation.actions.choosing import messages_of as all_messages_of
from curation.errors import CurationError
from curation.formats.preferences import pruned
from curation.models import (
    Conversation,
    Dataset,
    DatasetVersion,
    Message,
    VersionItem,
    VersionRanking,
)
from curation.models.conversations import ConversationQuerySet

Rankings = list[tuple[int, dict[str, Any]]]


def version_like(dataset: Dataset, digest: str) -> DatasetVersion:
    found = DatasetVersion.objects.filter(dataset=dataset, digest=digest).first()
    if found is None:
        said = _("This dataset has no version with the digest %(digest)s.")
        raise CurationError(said % {"digest": digest})
    return found


def conversations(version: DatasetVersion) -> ConversationQuerySet:
    """Those that it has anything of, in the order of opaque ids."""
    theirs = VersionItem.objects.filter(version=version, reply__conversation=OuterRef("pk"))
    found = Conversation.objects.filter(Exists(theirs), dataset=version.dataset_id)
    return found.select_related("category").order_by("uid")


def choose(
    chunk: Sequence[Conversation], version: DatasetVersion, *, with_text: bool = True
) -> Iterator[Choice]:
    """As choosing.choose does by a recipe."""
    ids = [conversation.pk for conversation in chunk]
    by_conversation = all_messages_of(ids, with_text)
    items, rankings = _items(version, ids), _rankings(version, ids)
    for conversation in chunk:
        found, theirs = by_conversation.get(conversation.pk, {}), items[conversation.pk]
        kept = [item for item in theirs if _stands(item, found)]
        taken = [_as_it_was(item, found) for item in kept]
        first = theirs[0]
        place = Place(first.split, str(first.group or conversation.uid), first.category)
        ranked = _still_ranked(rankings[conversation.pk], taken)
        yield Choice(conversation, taken, ranked, found, place)


def _items(
    version: DatasetVersion, conversations: Iterable[int]
) -> dict[int, list[VersionItem]]:
    rows = VersionItem.objects.filter(
        version=version, reply__conversation__in=list(conversations)
    )
    found: dict[int, list[VersionItem]] = defaultdict(list)
    for item in rows.select_related("reply").order_by("position"):
        found[item.reply.conversation_id].append(item)
    return found


def _rankings(
    version: DatasetVersion, conversations: Iterable[int]
) -> dict[int, list[VersionRanking]]:
    rows = VersionRanking.objects.filter(
        version=version, prompt__conversation__in=list(conversations)
    )
    found: dict[int, list[VersionRanking]] = defaultdict(list)
    for one in rows.select_related("prompt").order_by("position"):
        found[one.prompt.conversation_id].append(one)
    return found


def _stands(item: VersionItem, found: Messages) -> bool:
    reply = found.get(item.reply_id)
    return reply is not None and is_trainable(reply, found)


def _as_it_was(item: VersionItem, found: Messages) -> Taken:
    worse = found.get(item.instead_of_id or 0)
    is_there = worse is not None and worse.state == Message.State.REJECTED
    return Taken(found[item.reply_id], item.rank, worse if is_there else None)


def _still_ranked(rankings: Sequence[VersionRanking], taken: Sequence[Taken]) -> Rankings:
    kept = {str(one.reply.uid) for one in taken}
    pruned_facts = ((one.prompt_id, pruned(one.facts, kept)) for one in rankings)
    return [(prompt, facts) for prompt, facts in pruned_facts if facts]
