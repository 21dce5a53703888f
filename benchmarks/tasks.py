"""Instruction records nobody wrote, of the lengths of real ones, and a model to train."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.copies import Corpus

BATCH = 16
MAX_LENGTH = 512
RECORDS = 8 * BATCH
PROMPTS = ("prompt", "question", "instruction", "INSTRUCTION")
REPLIES = ("response", "reply", "answer", "output", "RESPONSE")


def records(data: str = "") -> list[dict[str, Any]]:
    """As a version's train.jsonl has them; of a file's the same ones each time."""
    pairs = sorted(set(given(Path(data)) if data else written()))
    chosen = Random(1).sample(pairs, min(RECORDS, len(pairs) // BATCH * BATCH))
    return [record(number, *pair) for number, pair in enumerate(chosen)]


def rankings() -> list[dict[str, Any]]:
    """Four replies each, in an order, as a version's rankings_train.jsonl has them."""
    found = []
    for number, (prompt, reply) in enumerate(sorted(written())[: RECORDS // 4]):
        words = reply.split()
        chance = Random(number)
        answers = [
            {
                "id": f"{number}-{place}",
                "place": place,
                "content": " ".join(chance.sample(words, max(2, len(words) * share // 10))),
            }
            for place, share in enumerate(chance.sample((4, 6, 8, 10), 4))
        ]
        head = record(number, prompt, reply)
        found.append({**head, "prompt_id": str(number), "answers": answers})
    return found


def pairs(ranked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two a ranking: its first before its third, its second before its last."""
    return [
        {
            "id": f"{row['id']}:{better}",
            "prompt_id": f"{row['id']}:{better}",
            "conversation": row["id"],
            "category": "all",
            "prompt": row["prompt"],
            "chosen": said(row["answers"][better]),
            "rejected": said(row["answers"][worse]),
            "chosen_id": row["answers"][better]["id"],
            "rejected_id": row["answers"][worse]["id"],
        }
        for row in ranked
        for better, worse in ((0, 2), (1, 3))
    ]


def said(answer: dict[str, Any]) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": answer["content"]}]


def record(number: int, prompt: str, reply: str) -> dict[str, Any]:
    return {
        "id": str(number),
        "conversation": str(number),
        "category": "all",
        "prompt": [{"role": "user", "content": prompt}],
        "completion": [{"role": "assistant", "content": reply}],
    }


def written() -> Iterator[tuple[str, str]]:
    """Lengths as in instruction sets: 177 tokens in the mean, 384 at the 95th percentile
    with a tokenizer of 4,096, six tenths of them in the reply."""
    corpus, chance = Corpus(), Random(1)
    for number in range(RECORDS):
        words = max(12, min(260, round(chance.lognormvariate(4.35, 0.65))))
        asked = max(4, round(words * chance.uniform(0.2, 0.6)))
        text = " ".join(corpus.text(number * 40 + more) for more in range(40)).split()
        yield " ".join(text[:asked]), " ".join(text[asked:words])


def given(path: Path) -> Iterator[tuple[str, str]]:
    """Of a version's file, or of any lines with a prompt and a reply."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for line in lines:
            row = json.loads(line)
            if isinstance(row.get("completion"), list):
                yield row["prompt"][-1]["content"], row["completion"][0]["content"]
                continue
            prompt = next((row[name] for name in PROMPTS if row.get(name)), "")
            for one in row.get("instances", [row]):
                reply = next((one[name] for name in REPLIES if one.get(name)), "")
                if prompt and reply:
                    yield f"{prompt}\n\n{one.get('input', '')}".strip(), reply
