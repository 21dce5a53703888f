"""Known items: decided messages that are mixed unseen into the stream of reviews."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import reputations
from curation.actions.conversations import checked_text
from curation.actions.rights import Role, require
from curation.errors import CurationError, WrongState
from curation.models import (
    Contributor,
    Event,
    GoldAnswer,
    GoldItem,
    GoldRanking,
    Message,
    Review,
)

State = Message.State
Verdict = Review.Verdict


@transaction.atomic
def make(*, message_id: int, by: Contributor, verdict: str, why: str) -> GoldItem:
    """Use a decided message to see how reviewers judge. A retired one comes back."""
    messages = Message.objects.select_related("conversation__dataset")
    message = messages.select_for_update(of=("self",)).get(pk=message_id)
    dataset = message.conversation.dataset
    require(by, dataset)
    if message.state not in (State.ACCEPTED, State.REJECTED):
        raise CurationError(_("Only a text that was accepted or rejected can be used."))
    if dataset.is_pairs and message.parent_id is None:
        raise CurationError(_("A pair is reviewed by its answer: use that."))
    if verdict not in (Verdict.ACCEPT, Verdict.REJECT):
        raise CurationError(_("Choose the right verdict: accept or reject."))
    if not why.strip():
        raise CurationError(_("Say why, for reviewers who decide otherwise."))
    facts = {"verdict": verdict, "why": why.strip(), "made_by": by, "retired_at": None}
    item, is_new = GoldItem.objects.update_or_create(message=message, defaults=facts)
    Event.objects.record("gold.made", item, by=by, dataset=dataset, message=message.pk)
    return item


@transaction.atomic
def retire(*, item_id: int, by: Contributor) -> GoldItem:
    """Show it to nobody more. What was answered stays counted."""
    items = GoldItem.objects.select_related("message__conversation__dataset")
    item = items.select_for_update(of=("self",)).get(pk=item_id)
    dataset = item.message.conversation.dataset
    require(by, dataset)
    if item.retired_at is None:
        item.retired_at = now()
        item.save(update_fields=["retired_at"])
        Event.objects.record("gold.retired", item, by=by, dataset=dataset)
    return item


def retire_taken_back(message_ids: Collection[int], *, by: Contributor) -> None:
    """Words that were taken back are nobody's example any more."""
    items = GoldItem.objects.filter(message__in=message_ids)
    holds_one = Q(prompt__in=message_ids) | Q(answers__overlap=list(message_ids))
    for found in (items, GoldRanking.objects.filter(holds_one)):
        in_use = list(found.filter(retired_at=None))
        found.filter(retired_at=None).update(retired_at=now())
        Event.objects.record_all(
            Event.objects.line("gold.retired", item, by=by) for item in in_use
        )


@transaction.atomic
def answer(
    *,
    message_id: int,
    by: Contributor,
    verdict: str,
    reason: str = "",
    edited_text: str = "",
) -> GoldAnswer:
    """What a reviewer says of a known item; the message itself stays as it is.

    It refuses what a review would refuse, so that nothing tells the two apart. An edit
    agrees with acceptance: it improves what is good enough to keep.
    """
    items = GoldItem.objects.select_related("message__conversation__dataset")
    item = items.get(message=message_id)
    message, dataset = item.message, item.message.conversation.dataset
    require(by, dataset, Role.REVIEWER)
    if message.state in (State.HELD, State.WITHDRAWN):
        raise WrongState("message", message.state)
    if verdict == Verdict.REJECT and reason not in Review.Reason.values:
        raise CurationError(_("Choose a reason, so that the author knows why."))
    if verdict == Verdict.EDIT:
        edited = checked_text(edited_text, "edited text")
        if edited == message.text:
            said = _("The edited text is the same as before. Accept it as it is?")
            raise CurationError(said)
    agrees = Verdict.REJECT if verdict == Verdict.REJECT else Verdict.ACCEPT
    given, is_new = GoldAnswer.objects.get_or_create(
        item=item,
        person=by,
        defaults={"verdict": verdict, "is_right": agrees == item.verdict},
    )
    if is_new:
        Event.objects.record("gold.answered", item, by=by, dataset=dataset, verdict=verdict)
        reputations.count_known_item(dataset=dataset, by=by)
    return given
