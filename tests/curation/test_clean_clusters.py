from __future__ import annotations

from random import Random

import numpy as np
import pytest

from benchmarks.copies import Corpus, edited
from curation.clean import buckets, clusters, sketches
from curation.clean.clusters import Clustering

WORDS = [
    f"{a}{b}" for a in ("lamp", "river", "stone", "green") for b in map(chr, range(97, 123))
]


def sentence(number, words=30):
    return " ".join(Random(number).choices(WORDS, k=words))


def found(texts, *, reading=True, block=7):
    """Clusters as sets of numbers of texts, the head first in each pair."""
    asked = (lambda ids: [texts[i] for i in ids]) if reading else None
    clustering = Clustering(texts=asked)
    for start in range(0, len(texts), block):
        part = texts[start : start + block]
        clustering.add(range(start, start + len(part)), sketches.signatures(part))
    return {
        one.head: {m.id: m.likeness for m in one.members} for one in clustering.clusters()
    }


@pytest.mark.parametrize("reading", [True, False])
def test_copies_are_joined_to_what_they_copy(reading):
    texts = [sentence(n) for n in range(40)]
    texts += [texts[3] + " now", texts[3].upper(), texts[8].replace("lampa", "lampb")]

    there = found(texts, reading=reading)

    groups = {frozenset((head, *members)) for head, members in there.items()}
    assert groups == {frozenset((3, 40, 41)), frozenset((8, 42))}


def test_likeness_is_exact_where_texts_are_read():
    one, other = sentence(1), sentence(1) + " and so much more of it"
    shared = sketches.jaccard(
        sketches.runs_of(sketches.words_of(one)), sketches.runs_of(sketches.words_of(other))
    )

    assert found([one, other]) == {0: {1: round(shared, 3)}}


def test_siblings_stay_apart_and_find_their_own_copies():
    stem = sentence(5) + " and costs {} euros"
    texts = [stem.format(n) for n in (3, 4, 3, 4, 5)]

    assert found(texts) == {0: {2: 1.0}, 1: {3: 1.0}}
    assert len(found(texts, reading=False)) == 1


def test_a_chain_of_likenesses_does_not_become_one_cluster():
    words = sentence(9, words=400).split()
    texts = [" ".join(words[start : start + 60]) for start in range(0, 340, 12)]

    there = found(texts)

    assert len(there) > 3
    for members in there.values():
        assert members and min(members.values()) >= 0.5


def test_a_bucket_of_ten_thousand_is_not_compared_pair_by_pair(monkeypatch):
    compared = []
    estimates = clusters.estimates
    monkeypatch.setattr(
        clusters,
        "estimates",
        lambda places, one, other: (
            compared.append(len(one)) or estimates(places, one, other)
        ),
    )
    texts = ["Say hello."] * 10_000 + [sentence(1), sentence(1).upper()]

    there = found(texts, block=1_000)

    assert sorted(map(len, there.values())) == [1, 9_999]
    assert sum(compared) < 33 * buckets.NEIGHBOURS * len(texts)


def test_numbers_of_texts_may_be_any_and_nothing_gives_nothing():
    clustering = Clustering()
    clustering.add([10**12, 7], sketches.signatures([sentence(1), sentence(1) + " indeed"]))

    (only,) = clustering.clusters()
    assert {only.head, only.members[0].id} == {10**12, 7}
    assert list(Clustering().clusters()) == []
    empty = Clustering()
    empty.add(np.empty(0, np.int64), sketches.signatures([]))
    assert list(empty.clusters()) == []


@pytest.mark.parametrize(
    ("edit", "share"),
    [
        ("case", 1.0),
        ("typos_3", 0.97),
        ("words_5", 0.97),
        ("cut_to_70", 0.9),
        ("numbers", 0),
    ],
)
def test_planted_copies_are_found(edit, share):
    corpus = Corpus()
    texts = [corpus.text(number) for number in range(2_000)]
    originals = list(corpus.sample(edit, len(texts), 150))
    chance = Random(edit)
    texts += [edited(texts[n], edit, chance, corpus.vocabulary) for n in originals]

    there = found(texts, block=1_000)

    heads = {pk: head for head, members in there.items() for pk in (head, *members)}
    joined = [
        heads.get(copy) == heads.get(original, -1)
        for copy, original in enumerate(originals, start=2_000)
    ]
    assert sum(joined) >= share * len(joined) if share else not any(joined)
