"""Texts that were judged, and guidelines that came later."""

from __future__ import annotations

from annotate.models import Assignment
from curation.actions import datasets, judgements, messages, older_guidelines
from curation.actions.older_guidelines import Older
from curation.models import Message
from tests.factories import ContributorFactory, MessageFactory, ReplyFactory


def reviewed(dataset, verdict="accept", by=None, message=None, **fields):
    message = message or MessageFactory(conversation__dataset=dataset, **fields)
    said = {"reason": "wrong"} if verdict == "reject" else {}
    by = by or ContributorFactory(member=dataset)
    messages.review(message_id=message.pk, by=by, verdict=verdict, **said)
    return message


def ranked(dataset, *people, prompt=None, **fields):
    if prompt is None:
        prompt = MessageFactory(accepted=True, conversation__dataset=dataset, **fields)
        for _ in range(2):
            ReplyFactory(parent=prompt, accepted=True)
    answers = list(prompt.replies.order_by("pk").values_list("pk", flat=True))
    for by in people or [ContributorFactory(member=dataset)]:
        judgements.rank(
            prompt_id=prompt.pk, by=by, outcome="ranked", shown=answers,
            positions={pk: place for place, pk in enumerate(answers, 1)},
        )  # fmt: skip
    return prompt


def publish(dataset, text="Be kind and brief."):
    boss = ContributorFactory(is_staff=True)
    return datasets.publish_guideline(dataset=dataset, text=text, by=boss)


def older_in(dataset, guideline=None, category=None):
    return Older(dataset.guideline_in_force(), guideline, category)


def ask(dataset, by, **chosen):
    return older_guidelines.ask(older=older_in(dataset, **chosen), by=by)


def open_slots(**wanted):
    return Assignment.objects.filter(state="open", **wanted).count()


def state_of(message):
    return Message.objects.get(pk=message.pk).state
