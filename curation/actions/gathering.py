"""Reading a whole dataset for a version, in memory that does not grow with it.

What is chosen of each conversation waits as a line in a temporary file. People go on
working meanwhile: what changed since it was read is read again before it is published.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from tempfile import SpooledTemporaryFile
from typing import NamedTuple

import numpy as np

from curation.actions import choosing, remaining
from curation.actions.choosing import AT_ONCE, Cap, Choice, chunks
from curation.actions.sealing import Entry, counted, seal
from curation.formats.preferences import pruned
from curation.formats.recipe import Recipe
from curation.models import Conversation, Dataset
from curation.models.conversations import ConversationQuerySet

IN_MEMORY = 16_000_000  # bytes of lines that need no file
READ_AT_ONCE = 2_000


class Progress(NamedTuple):
    seen: int  # conversations
    taken: int  # answers


class Source:
    """Where the answers of a version come from: all that stands now and that its recipe
    wants, or what still stands of an earlier version."""

    def __init__(self, dataset: Dataset, recipe: Recipe) -> None:
        self.dataset, self.recipe = dataset, recipe
        self.before = remaining.version_like(dataset, recipe.like) if recipe.like else None

    def conversations(self) -> ConversationQuerySet:
        if self.before is not None:
            return remaining.conversations(self.before)
        return choosing.conversations(self.dataset, self.recipe)

    def choose(
        self, chunk: Sequence[Conversation], *, with_text: bool = True
    ) -> Iterator[Choice]:
        if self.before is not None:
            return remaining.choose(chunk, self.before, with_text=with_text)
        return choosing.choose(chunk, self.recipe, with_text=with_text)


class Gathering(AbstractContextManager["Gathering"]):
    """A context: what it holds is gone at its end."""

    def __init__(self, dataset: Dataset, recipe: Recipe) -> None:
        self.dataset, self.recipe = dataset, recipe
        self._source = Source(dataset, recipe)
        self._lines = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self._read, self._changes = array("q"), array("q")
        self._stale: set[int] = set()
        self._fresh: list[Entry] = []

    def __exit__(self, *error: object) -> None:
        self._lines.close()

    def count(self) -> int:
        return self._source.conversations().count()

    def gather(self, tell: Callable[[Progress], None] = lambda progress: None) -> None:
        """Read everything once. `tell` hears how far it is, and may stop it by raising."""
        taken = 0
        rows = self._source.conversations().iterator(READ_AT_ONCE)
        for chunk in chunks(rows):
            self._read.extend(one.pk for one in chunk)
            self._changes.extend(one.changes for one in chunk)
            for entry in seal(list(self._source.choose(chunk))):
                self._lines.write(entry.as_line())
                taken += len(entry.items)
            tell(Progress(len(self._read), taken))

    def refresh(self) -> None:
        """Read again what changed meanwhile, and forget what is no longer wanted."""
        order = np.argsort(np.array(self._read, "i8"))
        known = np.array(self._read, "i8")[order]
        changes = np.array(self._changes, "i8")[order]
        is_there = np.zeros(len(known), bool)
        again: list[int] = []
        now = self._source.conversations().values_list("pk", "changes")
        for chunk in chunks(now.iterator(READ_AT_ONCE)):
            found = np.array(chunk, "i8")
            at = np.searchsorted(known, found[:, 0])
            inside = np.minimum(at, max(len(known) - 1, 0))
            is_known = (at < len(known)) & (
                known[inside] == found[:, 0] if len(known) else np.zeros(len(at), bool)
            )
            is_there[at[is_known]] = True
            is_same = is_known.copy()
            is_same[is_known] = changes[at[is_known]] == found[is_known, 1]
            again += found[~is_same, 0].tolist()
        self._stale = {*again, *known[~is_there].tolist()}
        self._fresh = list(self._read_anew(again))

    def entries(self) -> Iterator[Entry]:
        """In the order of opaque ids, cut to what the recipe allows each author."""
        self._lines.seek(0)
        kept = (
            entry
            for entry in map(Entry.of_line, self._lines)
            if entry.conversation not in self._stale
        )
        merged = heapq.merge(kept, self._fresh, key=lambda entry: entry.uid)
        return capped(merged, self.recipe)

    def _read_anew(self, ids: list[int]) -> Iterator[Entry]:
        for start in range(0, len(ids), AT_ONCE):
            rows = self._source.conversations()
            chunk = list(rows.filter(pk__in=ids[start : start + AT_ONCE]))
            yield from seal(list(self._source.choose(chunk)))


def capped(entries: Iterator[Entry], recipe: Recipe) -> Iterator[Entry]:
    """At most so many answers by each author, and what was said of those alone."""
    cap = Cap(recipe.cap_per_author)
    for entry in entries:
        items = [item for item in entry.items if cap.takes(item.author)]
        if len(items) == len(entry.items):
            yield entry
        elif items:
            kept = {item.uid for item in items}
            ranked = ((prompt, pruned(facts, kept)) for prompt, facts in entry.rankings)
            yield entry._replace(
                items=items,
                rankings=[(prompt, facts) for prompt, facts in ranked if facts],
            )


def counted_entries(dataset: Dataset, recipe: Recipe) -> Iterator[Entry]:
    """What would be taken now, for a count: nothing is hashed and nothing is written."""
    source = Source(dataset, recipe)
    rows = source.conversations().iterator(READ_AT_ONCE)
    found = (
        entry
        for chunk in chunks(rows)
        for entry in counted(source.choose(chunk, with_text=False))
    )
    return capped(found, recipe)
