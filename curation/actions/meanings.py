"""First prompts that mean the same as one that is there already get a hint that says so."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from curation import neighbours
from curation.actions import conversations
from curation.actions.findings import as_findings
from curation.actions.lookalikes import ALIVE
from curation.clean import duplicates, meaning
from curation.clean.check import Treatment
from curation.clean.checks import treatment
from curation.models import Finding, Message, Vector
from curation.neighbours import Neighbour

COMPARED = 5  # the nearest


def note_same(fresh: Sequence[Vector]) -> int:
    """Look among the neighbours of what has just got its vector; how many hints it made.

    What an older vector of these texts had said goes.
    """
    older = Finding.objects.filter(check_name=meaning.NAME)
    stale = older.filter(message__in=[one.pk for one in fresh]).values_list("message")
    for (pk,) in stale.distinct():  # one at a time: it locks what the text is found by
        older.filter(message=pk).delete()
    return sum(_note(one) for one in fresh if _is_looked_at(one))


def _is_looked_at(vector: Vector) -> bool:
    policy = vector.dataset.policy.checks
    is_wanted = treatment(meaning.NAME, policy) is not Treatment.OFF
    is_prompt = vector.is_first and vector.message.state in ALIVE
    return is_wanted and is_prompt and vector.numbers is not None


def _note(vector: Vector) -> bool:
    """The nearest that asks for the same. Of two prompts the newer one gets the hint."""
    near = neighbours.of_message(vector, at_most=COMPARED)
    alike = [one for one in near if one.likeness >= settings.EMBEDDER_ALIKE]
    if not alike:
        return False
    there = Message.objects.filter(state__in=ALIVE).in_bulk([m for m, __ in alike])
    for one in alike:
        other = there.get(one.message_id)
        if other is not None and _asks_for_the_same(vector.message, other):
            return _hint(vector.message, other, one)
    return False


def _asks_for_the_same(message: Message, other: Message) -> bool:
    """Other numbers or a “not” make it another question, however near it lies."""
    if message.conversation_id == other.conversation_id:
        return False
    one, two = duplicates.read(message.text), duplicates.read(other.text)
    differs = sorted(one.numbers) != sorted(two.numbers)
    return not differs and bool(one.denials) == bool(two.denials)


@transaction.atomic
def _hint(message: Message, other: Message, found: Neighbour) -> bool:
    older, newer = sorted((message, other), key=lambda one: one.pk)
    conversations.lock_around(newer.pk)
    # Whoever takes a text back or changes it meanwhile comes first.
    there = Message.objects.filter(pk=newer.pk, state__in=ALIVE, vector__isnull=False)
    if not there.select_for_update(no_key=True, of=("self",)).exists():
        return False
    said = Q(check_name="near_duplicate", other=older) | Q(check_name=meaning.NAME)
    if Finding.objects.filter(said, message=newer).exists():
        return False
    (finding,) = as_findings(newer, [meaning.sighting(found.likeness)])
    finding.other = older
    finding.save()
    return True
