"""Models elsewhere that turn texts into vectors: what means the same lies close together.

An embedder is asked by a worker for what was written, and for what somebody searches for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import numpy as np
from numpy.typing import NDArray

from curation.clean.calls import Busy, Refused, post
from curation.clean.check import Unavailable

Vector = NDArray[np.float32]  # of length 1
Vectors = NDArray[np.float32]  # one in each row

AT_ONCE = 32  # texts in one question
SECONDS = 30.0
ANSWER_AT_MOST = 8 * 1024 * 1024  # bytes; 32 times 4,000 numbers are three
NUMBERS_AT_MOST = 4_000  # as many as an index takes
SENT_AT_MOST = 8_000  # characters of a text
BEGINNING = 1_000  # what is sent of one that is too long for the model
PLAIN = "A text that every embedder takes."


Ask = Callable[[Sequence[str]], Vectors]


class Embedder(Protocol):
    @property
    def name(self) -> str: ...

    def __call__(self, texts: Sequence[str]) -> Vectors: ...


@dataclass(frozen=True, kw_only=True)
class OverHttp:
    """POST {"model": …, "input": […]}, as OpenAI, Ollama, vLLM and TEI understand it."""

    address: str  # ending in /v1/embeddings, mostly
    name: str
    token: str = ""  # sent as a bearer token
    seconds: float = SECONDS
    transport: httpx.BaseTransport | None = None  # the tests' own

    def __call__(self, texts: Sequence[str]) -> Vectors:
        answer = post(
            self.address,
            {
                "model": self.name,
                "input": [text[:SENT_AT_MOST] for text in texts],
                "encoding_format": "float",
            },
            token=self.token,
            seconds=self.seconds,
            at_most=ANSWER_AT_MOST,
            transport=self.transport,
        )
        return vectors_in(answer, len(texts))


def vectors_in(answer: bytes, count: int) -> Vectors:
    """The vectors of an answer in their order, or Unavailable with what is wrong."""
    try:
        rows = json.loads(answer)["data"]
        by_place = {int(row["index"]): row["embedding"] for row in rows}
        found = np.array([by_place[place] for place in range(count)], np.float32)
    except (ValueError, TypeError, LookupError, RecursionError) as problem:
        raise Unavailable("its answer has no vectors") from problem
    return unit(found)


def unit(found: NDArray[Any]) -> Vectors:
    """Each of length 1."""
    if found.ndim != 2 or not 1 <= found.shape[1] <= NUMBERS_AT_MOST:
        raise Unavailable(f"its vectors have no 1 to {NUMBERS_AT_MOST} numbers")
    wide = found.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    if not np.isfinite(lengths).all():
        raise Refused("its vectors are not finite")
    if not lengths.all():
        raise Refused("it says nothing of one of the texts")
    return np.asarray(wide / lengths, np.float32)


def embedded(ask: Ask, texts: Sequence[str]) -> list[Vector | None]:
    """A vector for each text, and None for one that the embedder cannot do by itself."""
    try:
        return list(ask(texts))
    except Busy:
        raise
    except Refused:
        return [_alone(ask, text) for text in texts]
    except Unavailable:
        ask([PLAIN])  # fails, too: it is not one of the texts that is wrong
    if len(texts) == 1:
        return [_alone(ask, texts[0])]
    middle = len(texts) // 2
    return [*embedded(ask, texts[:middle]), *embedded(ask, texts[middle:])]


def _alone(ask: Ask, text: str) -> Vector | None:
    for part in dict.fromkeys((text, text[:BEGINNING])):
        try:
            return np.asarray(ask([part])[0])
        except Busy:
            raise
        except Unavailable:
            continue
    ask([PLAIN])  # fails, too: it is not the text that is wrong
    return None
