"""Where an accepted rewrite stands in the order of the answers to one prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Order = list[list[int]]  # groups of equal answers, the best first


def with_rewrites(
    order: Sequence[Sequence[int]], pairs: Iterable[tuple[int, int]]
) -> Order:
    """The order with each rewrite put before the answer that it rewrites: `(new, old)`.

    What people said in ballots stays: where they have ranked a rewrite, it is not moved.
    Before an answer that is not the best it joins the group above, for nobody has said
    which of those two is better. An answer that nobody ranked while others were has no
    place that its rewrite could be put before.
    """
    found: Order = [list(group) for group in order if group]
    for new, old in sorted(pairs):
        place = {answer: at for at, group in enumerate(found) for answer in group}
        if new in place:
            continue
        if not found:
            found = [[new], [old]]
        elif place.get(old) == 0:
            found.insert(0, [new])
        elif old in place:
            found[place[old] - 1].append(new)
    return found
