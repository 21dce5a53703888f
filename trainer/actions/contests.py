"""Two models before people, in rounds, until it is settled which they prefer."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation import handoff, history
from curation.errors import CurationError
from curation.handoff import Person
from trainer import duels, evidence, fits, looks, saw
from trainer.actions import jobs
from trainer.actions.runs import require
from trainer.errors import TrainerError
from trainer.models import Contest, Job, Run

logger = logging.getLogger(__name__)

State = Contest.State
ROUND = 10  # prompts
KIND = "generate"
RIVALS_SHOWN = 50


def rivals_of(run: Run) -> list[Run]:
    """Whom a run's model can meet: the newest of its dataset that answer."""
    theirs = Run.objects.usable().filter(version__dataset=run.dataset_id)
    rivals = theirs.exclude(method=Run.Method.REWARD).exclude(pk=run.pk)
    return list(rivals.select_related("base").order_by("-pk")[:RIVALS_SHOWN])


@transaction.atomic
def begin(
    *,
    run_id: int,
    by: Person,
    rival: int | None,
    choice: str = "held_out",
    budget: int = 60,
    confidence: float = 0.95,
) -> Contest:
    """Let a run's model meet another of its dataset, or its base. See `go_on`."""
    left = Run.objects.select_related("version", "base").get(pk=run_id)
    require(by, left.version_id)
    right = Run.objects.select_related("version").get(pk=rival) if rival else None
    for run in filter(None, (left, right)):
        if run.state != Run.State.FINISHED or run.method == Run.Method.REWARD:
            said = _("Run %(number)d has no model that answers.")
            raise TrainerError(said % {"number": run.pk})
        if run.retired_at is not None:
            raise TrainerError(saw.why_retired(run))
    if right is not None and right.dataset_id != left.dataset_id:
        raise TrainerError(_("They learned from different datasets."))
    if right == left:
        raise TrainerError(_("A model cannot meet itself."))
    contest = Contest(
        version=left.version, base=left.base, left=left, right=right, choice=choice,
        budget=budget, confidence=confidence, created_by=by,
    )  # fmt: skip
    if Contest.objects.filter(left=left, right=right, state=State.OPEN).exists():
        raise TrainerError(_("These two are in the arena already."))
    contest.save()
    told = {"left": left.pk, "right": rival}
    history.record("contest.begun", contest, by=by, dataset_id=left.dataset_id, **told)
    return contest


@transaction.atomic
def stop(*, contest_id: int, by: Person) -> Contest:
    contest = _locked(contest_id)
    require(by, contest.version_id)
    if contest.state != State.OPEN:
        raise TrainerError(_("It is over already."))
    _end(contest, State.STOPPED, standing(contest), by=by)
    return contest


def stop_all_of(run: Run) -> None:
    """Of a retired model nobody is asked any more. In the caller's transaction."""
    theirs = Contest.objects.filter(Q(left=run) | Q(right=run), state=State.OPEN)
    for pk in theirs.order_by("pk").values_list("pk", flat=True):
        contest = _locked(pk)
        if contest.state == State.OPEN:
            _end(contest, State.STOPPED, standing(contest))


@transaction.atomic
def go_on(contest_id: int) -> Job | None:
    """End what is settled or spent, or have the next round answered: a job to ring for.

    The clock asks it every other minute, so it looks seldom at ballots: see looks.py.

    A round begins when people have ranked half of what was asked before it. None does after
    one that failed, or another one would fail each time.
    """
    contest = _locked(contest_id)
    if contest.state != State.OPEN or _rounds(contest).unended().exists():
        return None
    stands, missed = standing(contest), _missed(contest)
    if _is_retired(contest) or _has_failed(contest):
        _end(contest, State.STOPPED, stands)
        return None
    if stands.is_settled:
        _end(contest, State.SETTLED, stands)
        return None
    room = handoff.room_to_ask(contest.dataset_id)
    is_used_up = contest.asked >= contest.budget or contest.is_dry
    if is_used_up and room.waiting == 0:
        last = standing(contest, is_over=True)
        _end(contest, State.SETTLED if last.is_settled else State.SPENT, last)
    over = len(missed) + stands.prompts
    if is_used_up or not room.prompts or 2 * over < contest.asked:
        return None
    return _asked(contest, but_not=missed)


def go_on_with_all() -> list[int]:
    """Return the jobs to ring for. One that is refused is looked at again next time."""
    found = []
    open_ones = Contest.objects.filter(state=State.OPEN).order_by("pk")
    for pk in open_ones.values_list("pk", flat=True):
        try:
            job = go_on(pk)
        except CurationError as refusal:
            logger.warning("contest %s does not go on: %s", pk, refusal)
            continue
        if job is not None:
            found.append(job.pk)
    return found


class Standing(NamedTuple):
    """What people have said so far, and what that comes to at the look that counts now;
    nothing before the first one."""

    ballots: int
    prompts: int
    none_good: int
    duel: duels.Duel | None
    confidence: float

    @property
    def is_settled(self) -> bool:
        return self.duel is not None and self.duel.corrected.is_settled

    def as_facts(self) -> dict[str, Any]:
        if self.duel is None:
            return {}
        looked = {"confidence": self.confidence, "of": self.ballots}
        return evidence.as_facts(self.duel, self.none_good) | looked


def standing(contest: Contest, *, is_over: bool = False) -> Standing:
    """Two queries. `is_over` where nobody will be asked any more: see looks.py."""
    met = handoff.comparisons(contest.dataset_id, between=contest.names)
    rows = [one for one in met.comparisons if {one.first, one.second} == {*contest.names}]
    ballots = len({one.ballot for one in rows})
    look = looks.of_contest(ballots, confidence=contest.confidence, is_over=is_over)
    found = None
    if look is not None:
        seen = looks.within(rows, look)
        found = fits.duel(seen, *contest.names, confidence=look.confidence)
    return Standing(
        ballots=ballots,
        prompts=len({one.prompt for one in rows}),
        none_good=met.none_good,
        duel=found,
        confidence=look.confidence if look else contest.confidence,
    )


def _asked(contest: Contest, *, but_not: list[str]) -> Job:
    config: dict[str, Any] = {
        "prompts": min(ROUND, contest.budget - contest.asked),
        "made": 1,
        "kept": 1,
        "temperature": 0.7,
        "choice": contest.choice,
        "seed": contest.asked + 1,
        "rivals": [contest.right_id],
        "contest": contest.pk,
        "but_not": but_not,
    }
    lengths = ("max_new_tokens", "max_length")
    settings = {name: contest.left.config[name] for name in lengths}
    return jobs.request(
        kind=KIND, run=contest.left, config=config | settings, by=contest.created_by
    )


def _missed(contest: Contest) -> list[str]:
    """Prompts that were not put before people, as one of the two had nothing to show."""
    results = _rounds(contest).values_list("result", flat=True)
    return sorted({uid for result in results for uid in (result or {}).get("missed", [])})


def _is_retired(contest: Contest) -> bool:
    sides = (contest.left, contest.right)
    return any(run is not None and run.retired_at is not None for run in sides)


def _has_failed(contest: Contest) -> bool:
    last = _rounds(contest).order_by("-pk").first()
    return last is not None and last.state == Job.State.FAILED


def _rounds(contest: Contest) -> Any:
    return Job.objects.filter(kind=KIND, config__contest=contest.pk, run=contest.left)


def _end(
    contest: Contest, state: State, stands: Standing, *, by: Person | None = None
) -> None:
    contest.state, contest.ended_at = state, now()
    contest.result = stands.as_facts()
    contest.save(update_fields=["state", "ended_at", "result"])
    history.record(f"contest.{state}", contest, by=by, dataset_id=contest.dataset_id)


def _locked(contest_id: int) -> Contest:
    joined = Contest.objects.select_related(
        "version", "left__base", "left__version", "right__base", "base", "created_by"
    )
    return joined.select_for_update(of=("self",)).get(pk=contest_id)
