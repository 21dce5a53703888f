"""What changed between two texts, word by word. The browser's twin is diff.js."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

Change = Literal["equal", "insert", "delete"]
Part = tuple[Change, str]
Step = tuple[str, str]  # a word and the gap before it; the last has no word

# A sign of a script without spaces, a word with its apostrophes, a mark, or the end.
SIGNS = r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
WORDS = re.compile(rf"(\s*)({SIGNS}|(?:(?!{SIGNS})\w|['’](?=\w))+|[^\w\s]|\Z)")
SENTENCES = re.compile(r"()([^\n.!?。！？]*[\n.!?。！？]+\s*|[^\n.!?。！？]+)")
# Longer texts are compared by sentence first, and what is longer still counts as replaced.
WORDS_AT_MOST = 10_000
# Of texts that repeat more than so, the frequent words are passed over: about a second.
REPEATS_AT_MOST = 200_000


def differences(before: str, after: str) -> list[Part]:
    """Parts in reading order: what stayed, what went, what came; a removal comes first."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    if max(len(old), len(new)) <= WORDS_AT_MOST:
        return _joined(_compared(old, new))
    parts: list[Part] = []
    changed: dict[Change, str] = {"delete": "", "insert": ""}
    for change, text in _compared(SENTENCES.findall(before), SENTENCES.findall(after)):
        if change == "equal":
            parts += [*_refined(**changed), (change, text)]
            changed = {"delete": "", "insert": ""}
        else:
            changed[change] += text
    return _joined([*parts, *_refined(**changed)])


def _refined(delete: str, insert: str) -> list[Part]:
    """By word what was replaced as a block, where that is not too much to compare."""
    old, new = WORDS.findall(delete), WORDS.findall(insert)
    if max(len(old), len(new)) <= WORDS_AT_MOST:
        return list(_compared(old, new))
    return [("delete", delete), ("insert", insert)]


def _compared(old: Sequence[Step], new: Sequence[Step]) -> Iterator[Part]:
    start, end = _same_at_ends(old, new)
    yield from _kept(old[:start], new[:start])
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    words_old, words_new = [w for _, w in middle_old], [w for _, w in middle_new]
    counts = Counter(words_new)
    repeats = sum(counts[word] for word in words_old)
    matcher = SequenceMatcher(None, words_old, words_new, repeats > REPEATS_AT_MOST)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield from _kept(middle_old[a:b], middle_new[c:d])
        else:
            yield from _replaced(middle_old[a:b], middle_new[c:d])
    yield from _kept(old[len(old) - end :], new[len(new) - end :])


def _same_at_ends(old: Sequence[Step], new: Sequence[Step]) -> tuple[int, int]:
    """How many words at the start and at the end are the same in both."""
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i][1] != new[i][1]), shorter)
    left = shorter - start
    end = next((i for i in range(left) if old[-1 - i][1] != new[-1 - i][1]), left)
    return start, end


def _kept(old: Sequence[Step], new: Sequence[Step]) -> Iterator[Part]:
    """The same words; the gaps between them may differ."""
    for (gap_before, word), (gap_after, _) in zip(old, new, strict=True):
        if gap_before == gap_after:
            yield "equal", gap_before + word
        else:
            yield "delete", gap_before
            yield "insert", gap_after
            yield "equal", word


def _replaced(old: Sequence[Step], new: Sequence[Step]) -> Iterator[Part]:
    gone = "".join(gap + word for gap, word in old)
    come = "".join(gap + word for gap, word in new)
    shared = old[0][0] if old and new and old[0][0] == new[0][0] else ""
    yield "equal", shared
    yield "delete", gone[len(shared) :]
    yield "insert", come[len(shared) :]


def _joined(parts: Iterable[Part]) -> list[Part]:
    """Neighbours of a kind as one, and nothing empty."""
    joined: list[Part] = []
    changed: dict[Change, str] = {"delete": "", "insert": ""}
    same = ""
    for change, text in parts:
        if not text:
            continue
        if change == "equal":
            joined += _given(changed)
            changed = {"delete": "", "insert": ""}
            same += text
        else:
            joined += _given({"equal": same})
            same = ""
            changed[change] += text
    return [*joined, *_given({"equal": same}), *_given(changed)]


def _given(texts: dict[Change, str]) -> list[Part]:
    return [(change, text) for change, text in texts.items() if text]
