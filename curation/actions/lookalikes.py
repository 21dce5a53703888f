"""First prompts of a dataset that say nearly the same as a new one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from django.db import transaction
from django.db.models import Q

from curation.actions.unwritten import Unwritten
from curation.aggregate.splits import prompt_key
from curation.clean import duplicates, sketches
from curation.clean.duplicates import ALIKE_FROM, Relation
from curation.copied import as_array, copy_rows
from curation.models import Conversation, Dataset, Message, Sketch
from curation.prepared import Among, Prepared

READ_AT_MOST = 20  # texts of candidates
SLACK = 0.12  # an estimate is hardly ever further off than this
AT_ONCE = 1_000
One = TypeVar("One", Message, Unwritten)
ALIVE = (Message.State.SUBMITTED, Message.State.ACCEPTED)


_alive = Prepared(
    lambda pks: Message.objects.filter(
        Among("pk", pks), parent=None, state__in=ALIVE
    ).select_related("conversation")
)


class Drawn(NamedTuple):
    """A sketch as it is stored."""

    bands: list[int]
    signature: bytes


class Lookalike(NamedTuple):
    message: Message
    likeness: float  # 1.0 for the same words


def lookalikes(
    dataset: Dataset, text: str, *, at_most: int = 3, besides: Conversation | None = None
) -> list[Lookalike]:
    """The most alike first, outside the conversation `besides`. One query, and one more
    where something may be alike.

    Prompts with other numbers, or of which one denies, ask for something else. Of short
    texts only those with the same words are found.
    """
    candidates = _candidates(dataset, text)
    if not candidates:
        return []
    mine = duplicates.read(text)
    alike = []
    for message in _alive(pks=candidates):
        if besides is not None and message.conversation_id == besides.pk:
            continue
        relation, likeness = duplicates.compared(mine, duplicates.read(message.text))
        if relation in (Relation.SAME, Relation.DUPLICATE):
            alike.append(Lookalike(message, likeness))
    return sorted(alike, key=lambda one: (-one.likeness, one.message.pk))[:at_most]


def note_sketches(messages: Sequence[Message]) -> None:
    """Have first prompts among them found from now on."""
    prompts = [message for message in messages if message.parent_id is None]
    if not prompts:
        return
    Sketch.objects.bulk_create(
        (
            Sketch(
                message=prompt,
                dataset_id=prompt.conversation.dataset_id,
                bands=bands,
                signature=signature,
                version=sketches.VERSION,
            )
            for prompt, (bands, signature) in _with_sketches(prompts, {})
        ),
        update_conflicts=True,
        unique_fields=["message"],
        update_fields=["bands", "signature", "version"],
    )


def copy_sketches(
    messages: Sequence[Unwritten], dataset: Dataset, known: Mapping[str, Drawn]
) -> None:
    """The same for many that were just written; `known` are drawn already, by text."""
    prompts = [message for message in messages if message.parent is None]
    copy_rows(
        Sketch,
        ("message_id", "dataset_id", "bands", "signature", "version"),
        (
            (prompt.pk, dataset.pk, as_array(bands), signature, sketches.VERSION)
            for prompt, (bands, signature) in _with_sketches(prompts, known)
        ),
    )


def drawn(first_prompts: Iterable[str]) -> dict[str, Drawn]:
    """The sketch of each text. Short ones are looked up by their words alone."""
    words = {text: sketches.words_of(text) for text in first_prompts}
    signatures = sketches.signatures_of(list(words.values()))
    rows = zip(words.items(), signatures, sketches.bands(signatures), strict=True)
    return {
        text: Drawn([] if sketches.is_short(own) else bands.tolist(), signature.tobytes())
        for (text, own), signature, bands in rows
    }


def _with_sketches(
    prompts: Sequence[One], known: Mapping[str, Drawn]
) -> Iterator[tuple[One, Drawn]]:
    anew = drawn(prompt.text for prompt in prompts if prompt.text not in known)
    for prompt in prompts:
        yield prompt, known.get(prompt.text) or anew[prompt.text]


def catch_up() -> int:
    """Sketch the first prompts that have no sketch yet, or one of an older version."""
    behind = (
        Message.objects.filter(parent=None)
        .filter(Q(sketch=None) | Q(sketch__version__lt=sketches.VERSION))
        .select_related("conversation")
        .only("text", "parent", "conversation__dataset")
        .order_by("pk")
    )
    count = newest = 0
    while batch := list(behind.filter(pk__gt=newest)[:AT_ONCE]):
        with transaction.atomic():
            note_sketches(batch)
        count, newest = count + len(batch), batch[-1].pk
    return count


def _candidates(dataset: Dataset, text: str) -> list[int]:
    """The messages that are worth reading. One query."""
    mine = drawn([text])[text]
    found = Sketch.objects.worth_reading(
        dataset,
        prompt_key=prompt_key(dataset.slug, text),
        bands=mine.bands,
        alive=ALIVE,
    )
    same = [one.message_id for one in found if not one.signature]
    near = [one for one in found if one.signature]
    theirs = np.frombuffer(b"".join(one.signature for one in near), "<u4")
    share = sketches.estimates(
        np.frombuffer(mine.signature, "<u4"), theirs.reshape(len(near), sketches.PLACES)
    )
    best = np.argsort(-share, kind="stable")[:READ_AT_MOST]
    return same + [near[i].message_id for i in best if share[i] > ALIKE_FROM - SLACK]
