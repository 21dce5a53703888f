"""How fast the checks are, and how often they speak: `make bench NAME=checks`.

A JSON line for each check and source of texts: `records_per_cpu_s`, what it found by kind,
and `percent`, the share of records in which it saw anything. Each check is asked about each
record as the product asks it. Without DATA the texts are put together from Winnow's own
examples, and each tenth has something planted in it: `planted` and `recall` count those.
With DATA=folder they are the files there, in which findings are mostly false alarms or the
chatbots' own manner. Three lines more are for evaluation sets: `recall_8` and `recall_13`
of planted items of which some words were changed.
"""

from __future__ import annotations

import gzip
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from benchmarks.copies import Corpus, edited
from curation.clean import decontamination, detected_language, preferences
from curation.clean.check import Reading
from curation.clean.checks import CHECKS
from curation.clean.sighting import Sighting

RECORDS = 20_000
EVALUATION = 1_000  # items of a set
EDITS = ("case", "words_5", "words_15")
# What each tenth text has in it, and which check should say so.
PLANTS = {
    "secret": "My password is Tr0ub4dor&3.",
    "personal_data": "Call me at +49 30 901820 13 or write to ada@analytical.de.",
    "citation_marks": "It was so in Berlin.[1] Later it was not.[2][citation needed]",
    "echo": "",
    "chatbot": "As an AI language model, I cannot taste it.",
    "language": "Das ist nicht auf Englisch, und es wird auch nicht mit der Zeit dazu. "
    * 6,
    "repetition": "And so it went on and on until the end of the long day came. " * 12,
    "code": "```python\ndef f(:\n    pass\n```\nAnd then:\n```\nx = 1",
}


class Record(NamedTuple):
    reading: Reading
    planted: str = ""  # the check that should speak


def main() -> None:
    folder = os.environ.get("DATA", "")
    sources = dict(_files(Path(folder))) if folder else {"own": list(_own(RECORDS))}
    for source, records in sources.items():
        for name, see in _all_checks().items():
            print(
                json.dumps(
                    {"check": name, "source": source, **_measured(name, see, records)}
                )
            )
    items = next(iter(sources.values()))[:EVALUATION]
    for edit in EDITS:
        print(json.dumps(_recall([record.reading for record in items], edit)))


def _all_checks() -> dict[str, Callable[[Reading], Iterable[Sighting]]]:
    """Those of the registry that look at one text, then those that need something more."""
    index = decontamination.index_of(_unheard_of(5 * EVALUATION))
    checks = {
        name: lambda it, see=check.see: see(it)
        for name, check in CHECKS.items()
        if check.see is not None
    }
    return checks | {
        "contamination": lambda it: decontamination.seen(it.text, index),
        "preference": lambda it: preferences.seen(it.text, it.prompt or "-"),
        "detected_language": _doubts,
    }


def _doubts(reading: Reading) -> Iterator[Sighting]:
    found = detected_language.detected(reading.text)
    if detected_language.differs(reading.language, found, reading.text):
        yield Sighting(f"detected_language.{found.code}", 1, found.score, [], "")


def _measured(
    name: str, see: Callable[[Reading], Iterable[Sighting]], records: list[Record]
) -> dict[str, Any]:
    list(see(records[0].reading))  # what is loaded once is not counted
    began = time.process_time()
    seen = [list(see(record.reading)) for record in records]
    seconds = time.process_time() - began
    hits = [bool(one) for one in seen]
    line = {
        "records": len(records),
        "records_per_cpu_s": round(len(records) / max(seconds, 1e-9)),
        "percent": round(100 * sum(hits) / len(records), 3),
        "findings": dict(Counter(sighting.check for one in seen for sighting in one)),
    }
    planted = [
        hit for hit, record in zip(hits, records, strict=True) if record.planted == name
    ]
    return line | (
        {"planted": len(planted), "recall": round(sum(planted) / len(planted), 3)}
        if planted
        else {}
    )


def _recall(items: list[Reading], edit: str) -> dict[str, Any]:
    """Of items hidden in a longer text, with some words changed."""
    chance, texts = Random(edit), [item.text for item in items]
    words = sorted({word for text in texts for word in text.split() if word.isalpha()})
    began = time.process_time()
    index = decontamination.index_of(texts)
    seconds = time.process_time() - began
    found = [
        decontamination.match(
            f"Tell me. {edited(text, edit, chance, words)} Thanks.", index
        )
        for text in texts
    ]
    return {
        "check": "contamination",
        "edit": edit,
        "items": len(items),
        "index_bytes": len(decontamination.packed(index)),
        "index_seconds": round(seconds, 2),
        "recall_8": round(sum(map(bool, found)) / len(found), 3),
        "recall_13": round(sum(bool(one.blocks) for one in found) / len(found), 3),
    }


def _unheard_of(count: int) -> Iterator[str]:
    """Usual words in an order of their own: what is found in those is chance."""
    corpus, chance = Corpus(), Random(1)
    for _ in range(count):
        yield " ".join(chance.choices(corpus.vocabulary, k=30))


# ---- texts -----------------------------------------------------------------------------
def _own(count: int) -> Iterator[Record]:
    corpus, plants = Corpus(), list(PLANTS)
    for number in range(count):
        prompt = corpus.text(number)
        text = " ".join(corpus.text(number * 7 + other) for other in range(1, 6))
        planted = plants[number // 10 % len(plants)] if number % 10 == 0 else ""
        if planted == "language":
            text = PLANTS[planted]
        elif planted == "echo":
            text = f"{prompt} {text}"
        elif planted:
            text = f"{text} {PLANTS[planted]}" if planted != "code" else PLANTS[planted]
        yield Record(Reading(text, prompt, "en"), planted)


def _files(folder: Path) -> Iterator[tuple[str, list[Record]]]:
    answers = _lines(folder / "candidate_responses.jsonl.gz")
    yield (
        "candidate_responses",
        [_record(row["response"], row["prompt"]) for row in answers],
    )
    sums = list(_lines(folder / "gsm8k_train.jsonl.gz"))
    yield "gsm8k answers", [_record(row["answer"], row["question"]) for row in sums]
    yield "gsm8k questions", [_record(row["question"], None) for row in sums]


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt") as lines:
        for line in lines:
            yield json.loads(line)


def _record(text: str, prompt: str | None) -> Record:
    return Record(Reading(text, prompt, "en"))


if __name__ == "__main__":
    main()
