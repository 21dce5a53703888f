"""The rows of a version's files: examples, preferences, rankings, single judgements.

Whole numbers only, so that a row has one spelling: `weight` and `agreement` in hundredths,
`share` in thousandths. `prompt`, `completion`, `chosen` and `rejected` are chat messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from curation.formats.preferences import Part, parts, preferences, shares, soft
from curation.formats.preferences import labels as labels_of
from curation.formats.recipe import Recipe

Record = dict[str, Any]
Row = dict[str, Any]


class Example(NamedTuple):
    """A frozen record with what stands beside it."""

    record: Record
    group: str


class Terms(NamedTuple):
    """What holds for the whole version."""

    licence: str
    recipe: Recipe


def tables(recipe: Recipe) -> tuple[str, ...]:
    """The kinds of rows that a recipe asks for; plain examples are always there."""
    if recipe.pairs:
        return ("pairs", "rankings", "unpaired")
    return ("pairs", "unpaired") if recipe.edits else ()


def rows(
    table: str, examples: Sequence[Example], rankings: Sequence[Mapping[str, Any]],
    terms: Terms,
) -> Iterator[Row]:  # fmt: skip
    """The rows of one conversation."""
    if table == "pairs":
        yield from pair_rows(examples, rankings, terms)
    elif table == "rankings":
        yield from ranking_rows(examples, rankings, terms)
    elif table == "unpaired":
        yield from unpaired_rows(examples, rankings, terms)
    elif table == "supervised":
        yield from supervised_rows(examples, terms)
    else:
        yield from (example.record | _side(example, terms) for example in examples)


def supervised_rows(examples: Iterable[Example], terms: Terms) -> Iterator[Row]:
    """Whole chats, as most trainers read them."""
    for example in examples:
        record = example.record
        yield {
            "id": record["id"],
            "messages": record["prompt"] + record["completion"],
            "category": record["category"],
            "language": record["language"],
            **_side(example, terms),
        }


def pair_rows(
    examples: Sequence[Example], rankings: Iterable[Mapping[str, Any]], terms: Terms
) -> Iterator[Row]:
    """One answer preferred to another, from ballots and from reviewers' edits.

    Where people disagree: shares, or rows of each group of people, as the recipe says.
    """
    there = {example.record["id"]: example for example in examples}
    policy: Any = terms.recipe.pairs
    for ranking in rankings:
        for part in parts(ranking, terms.recipe.contested):
            of_part = soft(part.found) if part.is_soft else preferences(part.found, policy)
            for one in of_part:
                if one.chosen in there and one.rejected in there:
                    worse = there[one.rejected].record["completion"]
                    yield _pair(there[one.chosen], worse, one.rejected, terms,
                                source="ballots", margin=one.margin, votes=one.votes,
                                share=one.share, agreement=part.found["agreement"],
                                status=ranking["status"], raters=part.raters)  # fmt: skip
    for example in examples:
        if "rejected" in example.record:
            yield _pair(example, example.record["rejected"], "", terms, source="edit",
                        margin=None, votes=None, share=1000, agreement=None,
                        status="edited", raters="")  # fmt: skip


def ranking_rows(
    examples: Sequence[Example], rankings: Iterable[Mapping[str, Any]], terms: Terms
) -> Iterator[Row]:
    """All answers to a prompt with their places, 0 the best, equal places a tie.

    Where people disagree and no winner is forced they have no place: `share` is the mean
    share of its comparisons that an answer won, `positions` how many ballots gave it the
    first place, the second, and so on. Or a row for each group of people.
    """
    there = {example.record["id"]: example for example in examples}
    for ranking in rankings:
        for part in parts(ranking, terms.recipe.contested):
            answers = _placed(part, there)
            if len(answers) > 1:
                first = there[answers[0]["id"]]
                yield {
                    "prompt_id": ranking["prompt_id"],
                    "conversation": ranking["conversation"],
                    "category": first.record["category"],
                    "language": first.record["language"],
                    "prompt": first.record["prompt"],
                    "answers": answers,
                    "votes": part.found["ballots"],
                    "agreement": part.found["agreement"],
                    "status": ranking["status"],
                    "raters": part.raters,
                    **_side(first, terms),
                }


def _placed(part: Part, there: Mapping[str, Example]) -> list[dict[str, Any]]:
    share, counts = shares(part.found), part.found.get("positions", [])
    positions = {answer: list(numbers) for answer, *numbers in counts}
    return [
        {
            "id": answer,
            "place": None if part.is_soft else place,
            "share": share.get(answer),
            "positions": positions.get(answer, []),
            "content": there[answer].record["completion"][0]["content"],
        }
        for place, group in enumerate(part.found["order"])
        for answer in group
        if answer in there
    ]


def unpaired_rows(
    examples: Sequence[Example], rankings: Iterable[Mapping[str, Any]], terms: Terms
) -> Iterator[Row]:
    """An answer that is good or bad by itself.

    Good: the best ones of a ranking, and those that nobody ranked. Bad: the worst ones,
    and what a reviewer's edit replaced. Those between are neither; so are all of a prompt
    that people disagree on, where the recipe wants no winner there.
    """
    labels: dict[str, bool | None] = {}
    for found in rankings:
        is_soft = terms.recipe.forces_no_winner and found["status"] == "contested"
        answers = (answer for group in found["order"] for answer in group)
        labels |= dict.fromkeys(answers) if is_soft else labels_of(found)
    for example in examples:
        record = example.record
        label = labels.get(record["id"], True)
        if label is not None:
            yield _unpaired(example, record["completion"], terms, label=label)
        if "rejected" in record:
            yield _unpaired(example, record["rejected"], terms, label=False)


def _pair(chosen: Example, worse: Any, worse_id: str, terms: Terms, **said: Any) -> Row:
    record = chosen.record
    return {
        "prompt_id": record["prompt_id"],
        "chosen_id": record["id"],
        "rejected_id": worse_id,
        "conversation": record["conversation"],
        "category": record["category"],
        "language": record["language"],
        "prompt": record["prompt"],
        "chosen": record["completion"],
        "rejected": worse,
        **said,
        **_side(chosen, terms),
    }


def _unpaired(example: Example, said: Any, terms: Terms, *, label: bool) -> Row:
    record = example.record
    return {
        "id": record["id"],
        "category": record["category"],
        "language": record["language"],
        "prompt": record["prompt"],
        "completion": said,
        "label": label,
        **_side(example, terms),
    }


def _side(example: Example, terms: Terms) -> Row:
    return {
        "group": example.group,
        "licence": terms.licence,
        "weight": terms.recipe.weight(example.record["category"]),
    }
