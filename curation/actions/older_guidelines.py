"""What was judged under an older guideline is put before people again.

A curator chooses which, and sees before how much work it makes. The row is the queue: the
clock carries it out in parts, so a lost worker or message loses nothing. Frozen versions
stay as they are.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from django.db import transaction
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from curation.actions import conversations, second_looks
from curation.actions.rights import holds, require
from curation.actions.settlements import ask_again as ask_rankers_again
from curation.actions.settlements import settle
from curation.errors import CurationError
from curation.models import (
    Ballot,
    Category,
    Contributor,
    Dataset,
    Event,
    Guideline,
    Membership,
    Message,
    Policy,
    Review,
    SecondLook,
)

AT_ONCE = 50
SECONDS_AT_ONCE = 8  # for all datasets together: the clock goes on with the rest
WHY = gettext_noop("The guideline has changed since it was judged.")
State = Message.State
Role = Membership.Role
ALONE = (Review.Verdict.ACCEPT, Review.Verdict.REJECT)


class Older(NamedTuple):
    """Which judgements are meant: under one older version or under all of them."""

    newest: Guideline
    guideline: Guideline | None = None
    category: Category | None = None

    def reviews(self) -> QuerySet[Review]:
        """Verdicts that are set aside: where enough others may judge the text instead.

        Nobody judges a text twice: without others it would wait for ever.
        """
        return self._judgeable(self.verdicts())

    def stuck(self) -> QuerySet[Review]:
        """Verdicts that stay, as too few others may judge the text."""
        return self.verdicts().exclude(pk__in=self.reviews().values("pk"))

    def verdicts(self) -> QuerySet[Review]:
        """All that count. A curator's last word stands under any guideline."""
        found = Review.objects.filter(
            self._meant(),
            message__state__in=(State.ACCEPTED, State.REJECTED, State.SUBMITTED),
        )
        if self.category is not None:
            found = found.filter(message__conversation__category=self.category)
        return found

    def ballots(self) -> QuerySet[Ballot]:
        found = Ballot.objects.standing().filter(
            guideline__in=self.versions(),
            ranker__isnull=False,
            prompt__state__in=(State.ACCEPTED, State.SUBMITTED),
        )
        if self.category is not None:
            found = found.filter(prompt__conversation__category=self.category)
        return found

    def _meant(self) -> Q:
        return Q(guideline__in=self.versions(), set_aside_at=None, is_final=False)

    def _judgeable(self, found: QuerySet[Review]) -> QuerySet[Review]:
        """Causes two queries."""
        people = _who_may_review(self.newest.dataset_id)
        if not people:
            return found.none()
        policy = Policy.objects.get(dataset=self.newest.dataset_id)
        counts = Q(set_aside_at=None, verdict__in=ALONE)
        author, original = "message__author", "message__revises__author"
        is_other = Q(**{f"{original}__in": people}) & ~Q(**{original: F(author)})
        of_text = Review.objects.filter(message=OuterRef("message")).order_by()
        with_others = (
            of_text.values("message", author, original)
            .annotate(
                kept=Count("pk", filter=counts)
                - Count("pk", filter=counts & self._meant()),
                others=len(people)
                - Count("pk", filter=Q(reviewer__in=people))
                - Case(When(**{f"{author}__in": people}, then=1), default=0)
                - Case(When(is_other, then=1), default=0),
            )
            .filter(others__gte=1)
            .filter(others__gte=Value(policy.reviews_wanted) - F("kept"))
        )
        return found.filter(Exists(with_others))

    def versions(self) -> QuerySet[Guideline]:
        older = Guideline.objects.filter(
            dataset=self.newest.dataset_id, number__lt=self.newest.number
        )
        return older.filter(pk=self.guideline.pk) if self.guideline else older


@transaction.atomic
def ask(*, older: Older, by: Contributor) -> SecondLook:
    """Note that these shall be judged again. One wish of a dataset at a time."""
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=older.newest.dataset_id)
    require(by, dataset)
    if SecondLook.objects.filter(dataset=dataset, ended_at=None).exists():
        raise CurationError(_("Others are being put before people again: wait for that."))
    if not (older.reviews().exists() or older.ballots().exists()):
        if older.verdicts().exists():
            raise CurationError(_("Too few others may review these: add reviewers first."))
        raise CurationError(_("Nothing that still counts was judged under that."))
    wanted = SecondLook.objects.create(
        dataset=dataset,
        newest=older.newest,
        guideline=older.guideline,
        category=older.category,
        asked_by=by,
    )
    Event.objects.record(
        "guideline.judge_again",
        older.newest,
        by=by,
        dataset=dataset,
        under=older.guideline.number if older.guideline else None,
        category=older.category.slug if older.category else "",
        reviews=older.reviews().count(),
        rankings=older.ballots().count(),
        left_standing=older.stuck().count(),
    )
    return wanted


@transaction.atomic
def stop(*, look_id: int, by: Contributor) -> SecondLook:
    """What was not put before anybody again yet, counts on as it was judged."""
    locked = SecondLook.objects.select_for_update(of=("self",)).select_related("dataset")
    wanted = locked.get(pk=look_id)
    require(by, wanted.dataset)
    if wanted.ended_at is None:
        _end(wanted)
        Event.objects.record(
            "guideline.judge_again_stopped", wanted.newest, by=by, dataset=wanted.dataset
        )
    return wanted


def carry_on_all() -> None:
    """All that was asked for: each has its share of some seconds, and what others left."""
    waiting = SecondLook.objects.filter(ended_at=None, dataset__archived_at=None)
    looks = list(waiting.order_by("asked_at").values_list("pk", flat=True))
    until = time.monotonic() + SECONDS_AT_ONCE
    for done, look_id in enumerate(looks):
        share = (until - time.monotonic()) / (len(looks) - done)
        carry_on(look_id, seconds=share)


def carry_on(look_id: int, *, seconds: float = SECONDS_AT_ONCE) -> None:
    """Do what fits into so many seconds. Two workers at once do each judgement once."""
    there = SecondLook.objects.select_related(
        "dataset", "newest", "guideline", "category", "asked_by"
    )
    wanted = there.filter(pk=look_id, ended_at=None).first()
    if wanted is None:
        return
    until = time.monotonic() + seconds
    while SecondLook.objects.filter(pk=look_id, ended_at=None).exists():
        if not holds(wanted.asked_by, wanted.dataset) or not _do_some(wanted):
            _end(wanted)
        elif time.monotonic() > until:
            return


def _do_some(wanted: SecondLook) -> bool:
    """Some of it; whether there was anything to do."""
    older = Older(wanted.newest, wanted.guideline, wanted.category)
    mine = SecondLook.objects.filter(pk=wanted.pk)
    by, dataset = wanted.asked_by, wanted.dataset
    due = older.ballots().order_by("prompt").values_list("prompt", flat=True).distinct()
    if prompts := list(due[:AT_ONCE]):
        asked_again = sum(_rank_again(prompt, older, by) for prompt in prompts)
        mine.update(prompts=F("prompts") + asked_again)
        return True
    if not older.reviews().exists():
        return False
    asked = second_looks.ask_again(
        dataset=dataset, reviews=older.reviews(), by=by, why=WHY, at_most=AT_ONCE
    )
    mine.update(
        reopened=F("reopened") + asked.reopened, standing=F("standing") + asked.standing
    )
    return True


@transaction.atomic
def _rank_again(prompt_id: int, older: Older, by: Contributor) -> bool:
    """Set the ballots on one prompt aside; false where somebody was faster.

    Where none of its present round is left, those who cast them may rank once more; else
    others are asked, as nobody judges the same answers twice in a round.
    """
    conversation = conversations.lock_around(prompt_id)
    prompt = Message.objects.get(pk=prompt_id)
    prompt.conversation = conversation
    ballots = list(older.ballots().filter(prompt=prompt).values_list("pk", flat=True))
    if not ballots:
        return False
    Ballot.objects.filter(pk__in=ballots).update(set_aside_at=now())
    Event.objects.record(
        "ballot.set_aside",
        prompt,
        by=by,
        dataset=conversation.dataset,
        ballots=ballots,
        why=WHY,
    )
    of_round = prompt.ballots.standing().filter(ranking_round=prompt.ranking_round)
    if not of_round.exists():
        ask_rankers_again(prompt)
    settle(prompt)
    conversations.advance(conversation)
    return True


def _who_may_review(dataset_id: int) -> list[int]:
    members = Membership.objects.filter(
        dataset=dataset_id,
        role__in=(Role.REVIEWER, Role.CURATOR),
        suspended_at=None,
        contributor__is_active=True,
    )
    return list(members.values_list("contributor", flat=True).distinct())


def _end(wanted: SecondLook) -> None:
    SecondLook.objects.filter(pk=wanted.pk, ended_at=None).update(ended_at=now())
