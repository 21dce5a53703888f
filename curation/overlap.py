"""Door out: which questions stand in what a model learns from a frozen version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from curation import files, handoff
from curation.clean import decontamination
from curation.formats import tables
from curation.models import DatasetVersion


def contaminated(
    version_ids: Iterable[int], questions: Sequence[str], answers: Sequence[str]
) -> set[int]:
    """The numbers of the questions that one of the versions gives away.

    See clean/decontamination.py. Refuses a version of which words are destroyed: nobody
    can tell any more what stood in it. Reads them whole.
    """
    versions = list(version_ids)
    for version_id in versions:
        handoff.require_whole(version_id)
    learned = (text for version_id in versions for text in _learned(version_id))
    return decontamination.overlapping(questions, answers, learned)


def _learned(version_id: int) -> Iterator[str]:
    """Prompts and replies to learn from; also those that people found worse."""
    version = DatasetVersion.objects.select_related("dataset").get(pk=version_id)
    held = files.terms(version)
    has_pairs = "pairs" in tables.tables(held.recipe)
    for split, built, ranked in files.examples(version):
        if split != "train":
            continue
        for example in built:
            turns = [*example.record["prompt"], *example.record["completion"]]
            yield from (turn["content"] for turn in turns)
        for row in tables.rows("pairs", built, ranked, held) if has_pairs else ():
            yield from (turn["content"] for turn in row["rejected"])
