"""Who is champion, and what people prefer."""

from __future__ import annotations

import uuid

from curation.actions import judgements
from curation.models import Message
from tests.factories import ContributorFactory, ReplyFactory
from trainer.models import Champion

UIDS = [uuid.UUID(int=number) for number in range(30)]  # of the held-out examples


def champion():
    return Champion.objects.get().run_id


def vote(run, other, count, dataset):
    """So many people prefer the run's answers to the other's."""
    prompts = Message.objects.filter(parent=None, conversation__dataset=dataset)
    for number, prompt in zip(range(count), list(prompts) * count, strict=False):
        ballots = [
            ReplyFactory(
                parent=prompt, origin="model", author=None, generator=name,
                text=f"{name} says {number}",
            )
            for name in (run, other)
        ]  # fmt: skip
        if number % 2:
            ballots.reverse()
        place = {reply.pk: 1 + (reply.generator == other) for reply in ballots}
        judgements.rank(
            prompt_id=prompt.pk,
            by=ContributorFactory(member=dataset),
            outcome="ranked",
            shown=list(place),
            positions=place,
        )


def retention(risen):
    """What evaluate.json says where the loss on the base's own records rose by so much,
    here a little more and there a little less."""
    examples = [
        {"id": f"own-{number}", "category": "", "tokens": 10, "loss_before": 0.5,
         "loss_after": 0.5 + risen + (number % 5 - 2) / 100}
        for number in range(20)
    ]  # fmt: skip
    return {
        "before": {"loss": 0.5}, "after": {"loss": 0.5 + risen}, "examples": examples,
    }  # fmt: skip
