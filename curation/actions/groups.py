"""Conversations that stand on one side together: equal first words, joined duplicates."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from curation.actions.rights import require
from curation.errors import CurationError
from curation.models import Contributor, Conversation, Event
from curation.models.conversations import ConversationQuerySet

HELD_OUT = Conversation.Split.HELD_OUT


@transaction.atomic
def join_groups(*, conversation_ids: Sequence[int], by: Contributor) -> int:
    """Put these and all that stand with them into one group; say how many changed sides.

    Where a part of them is held out, all of them are from now on: what a model is measured
    by must not be what it learned. Versions that are frozen keep the sides that they have.
    """
    given = Conversation.objects.filter(pk__in=conversation_ids).select_related("dataset")
    datasets = {conversation.dataset for conversation in given}
    if len(datasets) != 1 or len(given) < len(set(conversation_ids)):
        raise CurationError(_("These are not conversations of one dataset."))
    (dataset,) = datasets
    require(by, dataset)
    there = Conversation.objects.filter(dataset=dataset)
    members = list(
        _closed(there, list(given)).select_for_update(no_key=True).order_by("pk")
    )
    group = min(one.group or one.uid for one in members)
    is_held_out = any(one.split == HELD_OUT for one in members)
    moved = [one.pk for one in members if is_held_out and one.split != HELD_OUT]
    together = there.filter(pk__in=[one.pk for one in members])
    if moved or any(one.group != group for one in members if len(members) > 1):
        # Raised, so that a version in the making reads them again.
        together.update(group=group, changes=F("changes") + 1)
        there.filter(pk__in=moved).update(split=HELD_OUT)
        Event.objects.record_all(
            Event.objects.line(
                "conversation.joined", one, by=by, dataset=dataset, group=str(group),
                was=one.split, moved=one.pk in moved,
            )
            for one in members
        )  # fmt: skip
    return len(moved)


def _closed(there: ConversationQuerySet, given: list[Conversation]) -> ConversationQuerySet:
    """Everything that shares a group or its first words with one of them, and so on."""
    grouped = there.annotate(side=Coalesce("group", "uid"))
    pks, before = {one.pk for one in given}, 0
    while len(pks) > before:
        before = len(pks)
        rows = grouped.filter(pk__in=pks).values_list("side", "prompt_key")
        sides, keys = {side for side, _key in rows}, {key for _side, key in rows if key}
        same = Q(group__in=sides) | Q(uid__in=sides) | Q(prompt_key__in=keys)
        pks |= set(there.filter(same).values_list("pk", flat=True))
    return there.filter(pk__in=pks)
