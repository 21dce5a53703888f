"""People's answers to a text that is erased: they stay, and a curator looks at them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.utils.translation import gettext_noop

from curation import reach
from curation.actions.moves import State
from curation.clean.grams import words_of
from curation.models import Contributor, Event, Flag, Message

RUN = 5  # so many words in a row are hardly chance
QUOTES = gettext_noop("It repeats words of a text that was erased.")
ANSWERS = gettext_noop("It answers a text that was erased, and may repeat it.")


def ask_curators(
    message_ids: Sequence[int], *, besides: Sequence[int], by: Contributor
) -> None:
    """Flag what people answered directly, and whatever below repeats some words in a row.

    For while the words are still there; the flags themselves quote nothing.
    """
    erased: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for tree, text, context in Message.objects.filter(pk__in=message_ids).values_list(
        "conversation", "text", "context"
    ):
        erased[tree] |= _runs(text) | _runs(context)
    below = Message.objects.filter(pk__in=reach.under(message_ids)).exclude(pk__in=besides)
    direct = set(message_ids)
    below = below.exclude(state__in=[State.WITHDRAWN, State.DRAFT])
    for message in below.select_related("conversation__dataset").order_by("pk"):
        repeats = not erased[message.conversation_id].isdisjoint(_runs(message.text))
        if repeats or message.parent_id in direct:
            _flag(message, by=by, note=QUOTES if repeats else ANSWERS)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = words_of(text).words
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


def _flag(message: Message, *, by: Contributor, note: str) -> None:
    reason = Flag.Reason.PERSONAL_DATA
    _made, is_new = Flag.objects.get_or_create(
        message=message, by=by, resolved_at=None, defaults={"reason": reason, "note": note}
    )
    if is_new:
        dataset = message.conversation.dataset
        Event.objects.record("message.flagged", message, by=by, dataset=dataset, why=reason)
