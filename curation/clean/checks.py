"""All checks, what they see in a text, and which text was looked at by which version."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from types import ModuleType
from typing import NamedTuple

from curation.clean import (
    chatbot,
    citations,
    code_blocks,
    decontamination,
    duplicates,
    echo,
    languages,
    lengths,
    meaning,
    personal_data,
    preferences,
    repetition,
    secrets,
)
from curation.clean.check import Check, Need, Reading, Treatment, Unavailable
from curation.clean.sighting import BESIDE, N_, Sighting

logger = logging.getLogger(__name__)

HELD_FROM = 0.6  # a policy that holds, holds what a check is as sure of as this
NAME_AT_MOST = 40 - len(BESIDE)  # as the record stores it
ADVICE_AT_MOST = 300
Policy = Mapping[str, str]  # name of a check: off, hint or hold


class Look(NamedTuple):
    """What was seen, and by which version of each check that did look."""

    sightings: list[Sighting]
    versions: dict[str, int]


def _of_text(name: str, module: ModuleType, label: str) -> Check:
    """A check that needs nothing besides the text."""
    return Check(
        name=name,
        version=module.VERSION,
        label=label,
        see=lambda it: module.seen(it.text),
    )


OWN = (
    _of_text("secret", secrets, N_("Keys and passwords")),
    _of_text("personal_data", personal_data, N_("Personal data")),
    _of_text("citation_marks", citations, N_("Citation marks")),
    Check(
        name="echo",
        version=echo.VERSION,
        label=N_("Repeats the prompt"),
        needs=frozenset({Need.PROMPT}),
        see=lambda it: echo.seen(it.text, it.prompt or ""),
    ),
    Check(
        name="chatbot",
        version=chatbot.VERSION,
        label=N_("Sounds like a chatbot"),
        needs=frozenset({Need.PROMPT, Need.PERSON}),
        see=lambda it: chatbot.seen(it.text),
    ),
    Check(
        name="language",
        version=languages.VERSION,
        label=N_("Another language"),
        needs=frozenset({Need.LANGUAGE}),
        see=lambda it: languages.seen(it.text, it.language, beside=it.prompt or ""),
    ),
    _of_text("repetition", repetition, N_("Repeats itself")),
    _of_text("code", code_blocks, N_("Code blocks")),
    # These need more than one text: who has the others asks the module itself.
    Check(
        name="near_duplicate",
        version=duplicates.VERSION,
        label=N_("Nearly the same prompt"),
        see=None,
    ),
    Check(
        name=meaning.NAME,
        version=meaning.VERSION,
        label=N_("The same in other words"),
        see=None,
    ),
    Check(name="length", version=lengths.VERSION, label=N_("Unusual length"), see=None),
    Check(
        name="contamination",
        version=decontamination.VERSION,
        label=N_("Part of an evaluation set"),
        see=None,
        usually=Treatment.HOLD,
    ),
    Check(
        name="preference",
        version=preferences.VERSION,
        label=N_("Pairs without a difference"),
        see=None,
    ),
)
CHECKS: dict[str, Check] = {check.name: check for check in OWN}


def register(check: Check) -> None:
    """Add somebody else's check. What it does wrong is logged and stops nothing."""
    if not check.name.isidentifier() or len(check.name) > NAME_AT_MOST:
        raise ValueError(f"A check cannot be called {check.name!r}.")
    if check.name in CHECKS:
        raise ValueError(f"There is a check {check.name!r} already.")
    CHECKS[check.name] = replace(check, see=lambda reading: _guarded(check, reading))


def sightings(
    text: str,
    *,
    prompt: str | None = None,
    language: str = "",
    is_by_person: bool = True,
    policy: Policy | None = None,
) -> list[Sighting]:
    """Everything that the quick checks see in one text.

    `prompt` is what it answers, None where it answers nothing; `language` is what it should
    be in, and without one nothing is said about that. What is known to be by a model need
    not sound like a person.
    """
    return look(Reading(text, prompt, language, is_by_person), policy).sightings


def look(
    reading: Reading,
    policy: Policy | None = None,
    *,
    is_worker: bool = False,
    only: Collection[str] | None = None,
) -> Look:
    """As `sightings`, and who looked; slow checks look where `is_worker`.

    `only` names the checks to ask: those that `outdated` names.
    """
    seen: list[Sighting] = []
    looked: dict[str, int] = {}
    for check in _asked(policy):
        if (check.is_slow and not is_worker) or (
            only is not None and check.name not in only
        ):
            continue
        if check.see is not None and check.can_look(reading):
            try:
                seen += check.see(reading)
            except Unavailable as reason:
                logger.warning("The check %s did not look: %s", check.name, reason)
                continue
        looked[check.name] = check.version
    return Look(seen, looked)


def versions(policy: Policy | None = None) -> dict[str, int]:
    """Of all checks that look at single texts under a policy, the slow ones, too."""
    return {check.name: check.version for check in _asked(policy)}


def digest(looked: Mapping[str, int]) -> str:
    """Short; the same for the same versions. `digest(versions(policy))` is up to date."""
    plain = json.dumps(sorted(looked.items()), separators=(",", ":"))
    return sha256(plain.encode()).hexdigest()[:12]


def outdated(looked: Mapping[str, int], policy: Policy | None = None) -> list[str]:
    """The checks that have not looked yet, or did so in another version."""
    return [name for name, now in versions(policy).items() if looked.get(name) != now]


def treatment(name: str, policy: Policy | None = None) -> Treatment:
    """What a policy does with what is called so: a check or one of its sightings."""
    family = name.removeprefix(BESIDE).partition(".")[0]
    check = CHECKS.get(family)
    usual = check.usually if check else Treatment.HINT
    return Treatment((policy or {}).get(family, usual))


def is_held(sighting: Sighting, policy: Policy | None = None) -> bool:
    """Whether the text is kept from going on until somebody looked."""
    is_strict = treatment(sighting.check, policy) is Treatment.HOLD
    return is_strict and sighting.score >= HELD_FROM


def hold_any(policy: Policy | None = None) -> bool:
    """Whether a text may be kept by one of the quick checks."""
    quick = (check for check in _asked(policy) if not check.is_slow)
    return any(treatment(check.name, policy) is Treatment.HOLD for check in quick)


def _asked(policy: Policy | None) -> Iterator[Check]:
    for check in CHECKS.values():
        if check.see is not None and treatment(check.name, policy) is not Treatment.OFF:
            yield check


def _guarded(check: Check, reading: Reading) -> Iterable[Sighting]:
    """Its sightings, as far as the record can store them."""
    if check.see is None:
        return []
    try:
        seen = list(check.see(reading))
    except Unavailable:
        raise
    except Exception as problem:  # somebody else's code must not cost a person their text
        logger.exception("The check %s failed", check.name)
        raise Unavailable("it failed") from problem
    kept = {one.check: one for one in reversed(seen) if _can_be_stored(one, check)}
    return [
        one._replace(
            version=check.version,
            advice=one.advice[:ADVICE_AT_MOST],
            spans=[(a, b) for a, b in one.spans if 0 <= a < b <= len(reading.text)],
        )
        for one in reversed(kept.values())
    ]


def _can_be_stored(sighting: Sighting, check: Check) -> bool:
    return (
        sighting.check.partition(".")[0] == check.name
        and len(sighting.check) <= NAME_AT_MOST
        and 0 <= sighting.score <= 1
    )
