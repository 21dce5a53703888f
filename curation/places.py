"""Where a person may bring what they wrote elsewhere, and what is said of it before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from curation.actions import consents, conversations
from curation.actions.exchanges import Exchange
from curation.actions.rights import Role
from curation.clean import duplicates
from curation.clean.checks import is_held, sightings
from curation.clean.sighting import Sighting
from curation.clean.text import TEXT_AT_MOST, tidied
from curation.models import Category, Contributor, Dataset, Terms
from curation.wording import translated


class Place(NamedTuple):
    """A dataset in which the person may write, on its terms."""

    dataset: Dataset
    categories: list[Category]
    terms: list[Terms]  # that the person has not agreed to yet


class Hint(NamedTuple):
    """What a check sees in a text that is not sent yet."""

    text: str
    holds: bool  # the dataset's rules set such a text aside for a curator


def of(person: Contributor) -> list[Dataset]:
    """Those in which the person may write, by title."""
    return list(Dataset.objects.worked_on_by(person, [Role.WRITER]).order_by("title", "pk"))


def place(person: Contributor, slug: str) -> Place | None:
    """None where there is none of that name in which the person may write."""
    there = Dataset.objects.worked_on_by(person, [Role.WRITER]).select_related("policy")
    dataset = there.filter(slug=slug).first()
    if dataset is None:
        return None
    categories = list(dataset.categories.order_by("name", "pk"))
    return Place(dataset, categories, consents.unanswered(person, dataset.pk))


def hints(
    dataset: Dataset,
    one: Exchange,
    *,
    is_first: bool,
    correction: str = "",
    language: str = "",
) -> dict[str, list[Hint]]:
    """What the checks say of each text, by its name: nothing is written. At most two
    queries, for what is like the first question."""
    question = tidied(one.question)[:TEXT_AT_MOST]
    policy = dataset.policy.checks
    found = {
        "question": [
            *_seen(dataset, question, language=language),
            *(_alike(dataset, question) if is_first else []),
        ],
        "context": [
            _hint(seen, policy) for seen in sightings(tidied(one.context), policy=policy)
        ],
        "answer": _seen(
            dataset, one.answer, prompt=question, language=language, is_by_person=False
        ),
        "correction": _seen(dataset, correction, prompt=question, language=language),
    }
    return {name: said for name, said in found.items() if said}


def _seen(
    dataset: Dataset,
    text: str,
    *,
    prompt: str | None = None,
    language: str,
    is_by_person: bool = True,
) -> list[Hint]:
    policy = dataset.policy.checks
    seen = sightings(
        tidied(text)[:TEXT_AT_MOST],
        prompt=prompt,
        language=language or dataset.languages[0],
        is_by_person=is_by_person,
        policy=policy,
    )
    return [_hint(one, policy) for one in seen] if text.strip() else []


def _alike(dataset: Dataset, question: str) -> Iterator[Hint]:
    for one in conversations.lookalikes_by_policy(dataset, question):
        yield _hint(duplicates.sighting(one.likeness), dataset.policy.checks)


def _hint(sighting: Sighting, policy: dict[str, str]) -> Hint:
    return Hint(translated(sighting.advice), is_held(sighting, policy))
