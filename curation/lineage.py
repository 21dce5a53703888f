"""Where a person's words went: the versions that hold them, the models that learned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet

from curation import access, facts, reach
from curation.actions.rights import Sight
from curation.aggregate.contests import Fared, Score, scores
from curation.formats.facts import Facts
from curation.models import (
    Ballot,
    BallotEntry,
    Contributor,
    Dataset,
    DatasetVersion,
    Message,
    ModelReport,
    Withdrawal,
)
from curation.unmet import hidden_from, unmet_in

MODELS_AT_MOST = 50  # the newest; each costs a look at its ballots
UNKNOWN = Fared(Score(0, 0), Score(0, 0))


class Share(NamedTuple):
    """Of n comparisons so many percent were won, between `low` and `high` at 95%."""

    n: int
    share: int
    low: int
    high: int


def shown(score: Score) -> Share:
    """Without the digits that so few comparisons do not bear."""
    low, high = score.interval
    percents = (round(100 * one) for one in (score.share, low, high))
    return Share(score.comparisons, *percents)


class Learned(NamedTuple):
    """A model that learned from a version, and how its answers fared."""

    report: ModelReport
    people: Share
    models: Share

    @property
    def change(self) -> float | None:
        """Of the held-out loss, in percent; below zero is better."""
        before, after = self.report.held_out_loss_before, self.report.held_out_loss
        return None if not before or after is None else 100 * (after - before) / before

    @property
    def answers(self) -> bool:
        """Whether it writes any: of one that gives marks no loss is told."""
        return self.report.held_out_loss is not None or self.accuracy is None

    @property
    def accuracy(self) -> float | None:
        """In percent, on held-out pairs."""
        share = self.report.held_out_accuracy
        return None if share is None else 100 * share


class Held(NamedTuple):
    """A version, how many of the person's texts it holds, and what learned from it."""

    version: DatasetVersion
    answers: int
    prompts: int
    kept: int  # of both, for evaluation: no model learns from these
    is_open: bool  # whether the person still may look at it
    models: list[Learned]

    @property
    def learned_from(self) -> int:
        return self.answers + self.prompts - self.kept


class Reached(NamedTuple):
    """A version, and the models that learned from it."""

    version: DatasetVersion
    models: list[Learner]


class Learner(NamedTuple):
    """One of these, and what stands in its place by now; `is_clean` where that never saw
    what this is about."""

    report: ModelReport
    replaced_by: ModelReport | None
    is_clean: bool


class Behind(NamedTuple):
    """A version whose texts are in a model's weights."""

    version: DatasetVersion
    examples: int
    facts: Facts
    not_allowed: list[str]  # uses that not everybody behind it agreed to
    is_open: bool  # whether the person may look at it


def all_behind(report: ModelReport, *, shown: QuerySet[Dataset]) -> list[Behind]:
    """The versions that a model learned from, the report's own first; `shown` are the
    datasets that the person may see. A few queries for each."""
    reports = ModelReport.objects.of_model(report.source)
    parts = reports.select_related("version__dataset__policy")
    seen = set(shown.values_list("pk", flat=True))
    return [
        _behind(part, is_open=part.version.dataset_id in seen)
        for part in sorted(parts, key=lambda part: part.pk != report.pk)
    ]


def _behind(report: ModelReport, *, is_open: bool) -> Behind:
    known = facts.of(report.version)
    lacking = facts.not_allowed(known)
    return Behind(report.version, report.examples, known, lacking, is_open)


def reached_by(message_ids: Iterable[int]) -> list[Reached]:
    """Where these texts went, and what others made of their words. Newest first."""
    versions = reach.versions_holding(reach.derived(message_ids))
    return _with_models(versions)


class Made(NamedTuple):
    """Other words that were made of a text, in the state that is told."""

    message: Message
    state: Message.State
    is_blind: bool  # it is told as one that waits for verdicts, so not when it came


class Went(NamedTuple):
    """Where a text went, as far as one person may know."""

    state: Message.State  # as it is told
    made: list[Made]
    reached: list[Reached]


def of_text(message: Message, reader: Contributor, seen: Sight) -> Went:
    """Of a known item that the reader has yet to meet it would say what became of it."""
    dataset = message.conversation.dataset
    unmet = unmet_in(dataset, reader, seen)
    known = [] if message.pk in unmet.messages else [message.pk]
    hidden = unmet.messages | unmet.later.keys()
    words = set(reach.derived(known)) - unmet.later.keys() - {message.pk}
    there = Message.objects.filter(pk__in=words).order_by("pk")
    made = there.filter(access.readable_by(reader, seen), conversation__dataset=dataset)
    told = [(one, unmet.state_of(one)) for one in made]
    return Went(
        unmet.state_of(message),
        [
            Made(one, state, seen == Sight.WORK and state == Message.State.SUBMITTED)
            for one, state in told
        ],
        _with_models(reach.versions_holding({*known, *words}, but_by=hidden)),
    )


def recalled_by(withdrawal: Withdrawal) -> list[Reached]:
    """Where what was taken back had gone by then."""
    marked = DatasetVersion.objects.filter(recalls__withdrawal=withdrawal)
    shown = marked.select_related("dataset").distinct()
    return _with_models(list(shown.order_by("-frozen_at", "-pk")))


def _with_models(versions: list[DatasetVersion]) -> list[Reached]:
    models: dict[int, list[Learner]] = defaultdict(list)
    held = {version.pk for version in versions}
    shown = ModelReport.objects.select_related("replaced_by", "version")
    reports = shown.filter(version__in=held)
    for report in reports.order_by("-finished_at", "-pk"):
        new = _in_its_place(report)
        is_clean = new is not None and held.isdisjoint(_versions_behind(new))
        models[report.version_id].append(Learner(report, new, is_clean))
    return [Reached(version, models[version.pk]) for version in versions]


def _in_its_place(report: ModelReport) -> ModelReport | None:
    """What replaced it, and what replaced that: a query each but the first."""
    new = report.replaced_by
    while new is not None and new.replaced_by is not None:
        new = new.replaced_by
    return new


def _versions_behind(report: ModelReport) -> set[int]:
    """Those that it learned from, also by way of other models. A query."""
    theirs = ModelReport.objects.of_model(report.source)
    return set(theirs.values_list("version", flat=True))


def of(person: Contributor) -> list[Held]:
    """As far as the person may know: see of_text(). Newest version first.

    Six queries, however much they wrote.
    """
    counts = reach.of_person(person, but_by=hidden_from(person))
    versions = DatasetVersion.objects.filter(pk__in=counts)
    newest = list(versions.select_related("dataset").order_by("-frozen_at", "-pk"))
    models = _models(newest)
    seen = set(Dataset.objects.visible_to(person).values_list("pk", flat=True))
    return [
        Held(
            version=version,
            answers=counts[version.pk][0],
            prompts=counts[version.pk][1],
            kept=counts[version.pk][2],
            is_open=version.dataset_id in seen,
            models=models[version.pk],
        )
        for version in newest
    ]


def learned_from(
    version: DatasetVersion, *, only: ModelReport | None = None
) -> list[Learned]:
    """The models of a version, or one of them, each with how its answers fared."""
    models = _models([version])[version.pk]
    return [one for one in models if only is None or one.report == only]


def _models(versions: Iterable[DatasetVersion]) -> dict[int, list[Learned]]:
    reports = ModelReport.objects.filter(version__in=[v.pk for v in versions])
    joined = reports.select_related("replaced_by", "version__dataset")
    newest = list(joined.order_by("-finished_at", "-pk")[:MODELS_AT_MOST])
    fared = fared_of({report.generator for report in newest})
    found: dict[int, list[Learned]] = defaultdict(list)
    for report in newest:
        people, models = fared.get(report.generator, UNKNOWN)
        one = Learned(report, people=shown(people), models=shown(models))
        found[report.version_id].append(one)
    return found


def fared_of(generators: Iterable[str]) -> dict[str, Fared]:
    """How the answers of each did on all ballots that have one of theirs. One query."""
    named = set(generators)
    if not named:
        return {}
    theirs = BallotEntry.objects.filter(reply__generator__in=named).values("ballot")
    entries = BallotEntry.objects.filter(
        ballot__in=theirs, ballot__outcome=Ballot.Outcome.RANKED, position__isnull=False
    )
    ballots: dict[int, dict[int, int]] = defaultdict(dict)
    writers: dict[int, str] = {}
    for ballot, reply, position, generator in entries.values_list(
        "ballot", "reply", "position", "reply__generator"
    ):
        assert position is not None  # as filtered
        ballots[ballot][reply] = position
        writers[reply] = generator
    return scores(ballots.values(), writers)
