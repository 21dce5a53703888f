"""Checks by somebody's classifier: toxicity, spam, whatever scores a text from 0 to 1.

A classifier is slow or far away: it is asked by a worker, never while somebody waits. One
that gives no answer is asked again later; a text is never kept back for that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite

import httpx

from curation.clean.calls import post
from curation.clean.check import Check, Reading, Treatment, Unavailable
from curation.clean.sighting import N_, Sighting
from curation.clean.text import TEXT_AT_MOST

Scores = Mapping[str, float]  # by label
Classify = Callable[[str], Scores]

SECONDS = 5.0
ANSWER_AT_MOST = 64 * 1024  # bytes; scores are few, and more is not what was asked for
LABEL_AT_MOST = 16  # characters, so that the record can store the name

ADVICE = N_("A classifier marked this. Please read it with care.")


def check_by(
    classify: Classify,
    *,
    name: str,
    version: int,
    label: str,
    from_score: float = 0.5,
    usually: Treatment = Treatment.HINT,
    advice: str = ADVICE,
) -> Check:
    """A check to register, whose sightings are called "name.label" from that score on.

    Raise the version when the model behind it changes: then all texts are looked at again.
    """
    return Check(
        name=name,
        version=version,
        label=label,
        see=partial(_seen, classify, name, version, from_score, advice),
        is_slow=True,
        usually=usually,
    )


@dataclass(frozen=True, kw_only=True)
class OverHttp:
    """POST {"text": …} to an address that answers {"scores": {"toxic": 0.97, …}}."""

    address: str
    token: str = ""  # sent as a bearer token
    seconds: float = SECONDS  # for each step; twice that for all of it
    transport: httpx.BaseTransport | None = None  # the tests' own

    def __call__(self, text: str) -> Scores:
        answer = post(
            self.address,
            {"text": text[:TEXT_AT_MOST]},
            token=self.token,
            seconds=self.seconds,
            at_most=ANSWER_AT_MOST,
            transport=self.transport,
        )
        return scores_in(answer)


def scores_in(answer: bytes) -> Scores:
    """The scores of an answer, or Unavailable with what is wrong with it."""
    try:
        scores = json.loads(answer)["scores"]
        found = {str(label): float(score) for label, score in scores.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise Unavailable("its answer has no scores") from problem
    if not all(isfinite(score) and 0 <= score <= 1 for score in found.values()):
        raise Unavailable("its scores are not between 0 and 1")
    return found


def _seen(
    classify: Classify,
    name: str,
    version: int,
    from_score: float,
    advice: str,
    reading: Reading,
) -> Iterator[Sighting]:
    for label, score in classify(reading.text).items():
        if score >= from_score:
            plain = "".join(c if c.isalnum() else "_" for c in label.lower())
            called = f"{name}.{plain[:LABEL_AT_MOST]}"
            yield Sighting(called, version, round(score, 3), [], advice)
