from __future__ import annotations

import logging

import pytest

from curation.clean import checks
from curation.clean.check import Check, Need, Reading, Treatment, Unavailable
from curation.clean.sighting import Sighting

LEAK = "Write to ada@analytical.de, password: hunter2Xq9"
SENTENCE = "This is what they would have said if it was not for all of the others. "
SHOUT = Sighting("shout.loud", 3, 0.7, [(0, 5)], "Do not shout.")


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(checks, "CHECKS", dict(checks.CHECKS))


def shouting(see=lambda reading: [SHOUT], **fields):
    return Check(name="shout", version=3, label="Shouting", see=see, **fields)


def names(seen):
    return [sighting.check for sighting in seen]


def test_every_sighting_is_of_the_version_that_its_check_names():
    text = f"{LEAK}\n```python\ndef f(\n```\nSo.[1] " + SENTENCE * 9
    seen = checks.sightings(text, prompt="Why?", language="de")

    assert {sighting.check.partition(".")[0] for sighting in seen} == {
        "secret", "personal_data", "citation_marks", "language", "repetition", "code",
    }  # fmt: skip
    for sighting in seen:
        check = checks.CHECKS[sighting.check.partition(".")[0]]
        assert sighting.version == check.version
        assert len(sighting.check) <= checks.NAME_AT_MOST


def test_a_check_that_is_off_does_not_look():
    off = {"secret": "off", "code": "hint"}

    assert names(checks.sightings(LEAK)) == ["secret.password", "personal_data.email"]
    assert names(checks.sightings(LEAK, policy=off)) == ["personal_data.email"]
    assert "secret" not in checks.versions(off)


def test_a_policy_holds_what_is_sure():
    seen = checks.sightings("Write to ada@analytical.de or eve@example.org")
    doubtful = checks.sightings("Write to eve@example.org")
    hold = {"personal_data": "hold"}

    assert [checks.is_held(sighting, hold) for sighting in seen] == [True]
    assert [checks.is_held(sighting, hold) for sighting in doubtful] == [False]
    assert [checks.is_held(sighting) for sighting in seen] == [False]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("personal_data.email", "hold"),
        ("context.personal_data.email", "hold"),
        ("echo", "hint"),
        ("contamination.block", "hold"),
        ("never_heard_of", "hint"),
    ],
)
def test_a_finding_is_treated_as_its_check_is(name, expected):
    assert checks.treatment(name, {"personal_data": "hold"}) is Treatment(expected)


def test_what_was_looked_at_is_up_to_date_until_a_version_changes(monkeypatch):
    looked = checks.look(Reading("Hello")).versions
    assert looked == checks.versions()
    assert checks.outdated(looked) == []

    before = checks.digest(checks.versions())
    checks.register(shouting())

    assert checks.outdated(looked) == ["shout"]
    assert checks.digest(looked) == before != checks.digest(checks.versions())


def test_the_digest_is_the_same_in_any_order():
    assert checks.digest({"a": 1, "b": 2}) == checks.digest({"b": 2, "a": 1})
    assert len(checks.digest({})) == 12


def test_only_what_is_outdated_can_be_asked():
    look = checks.look(Reading(LEAK), only=["secret"])

    assert names(look.sightings) == ["secret.password"]
    assert list(look.versions) == ["secret"]


def test_a_check_of_somebody_else_is_asked_too():
    checks.register(shouting())

    assert names(checks.sightings("HELLO")) == ["shout.loud"]


def test_a_slow_check_is_asked_by_a_worker_only():
    checks.register(shouting(is_slow=True))

    quick = checks.look(Reading("HELLO"))
    assert quick.sightings == []
    assert checks.outdated(quick.versions) == ["shout"]
    assert names(checks.look(Reading("HELLO"), is_worker=True).sightings) == ["shout.loud"]


@pytest.mark.parametrize("need", list(Need))
def test_a_check_does_not_look_without_what_it_needs(need):
    checks.register(shouting(needs=frozenset({need})))

    without = Reading("HELLO", is_by_person=False)
    told = Reading("HELLO", prompt="Hm?", language="en")

    assert names(checks.look(without).sightings) == []
    assert checks.outdated(checks.look(without).versions) == []
    assert "shout.loud" in names(checks.look(told).sightings)


@pytest.mark.parametrize(
    "problem", [ZeroDivisionError("oops"), Unavailable("the service is down")]
)
def test_a_check_that_fails_costs_nobody_their_text_and_is_asked_again(caplog, problem):
    def fail(reading):
        raise problem

    checks.register(shouting(fail))

    with caplog.at_level(logging.WARNING):
        look = checks.look(Reading(LEAK))

    assert names(look.sightings) == ["secret.password", "personal_data.email"]
    assert checks.outdated(look.versions) == ["shout"]
    assert "shout" in caplog.text


def test_what_the_record_cannot_store_is_left_out():
    seen = [
        SHOUT._replace(check="secret.stolen_name"),
        SHOUT._replace(check="shout." + "x" * 60),
        SHOUT._replace(check="shout.sure", score=7.0),
        SHOUT._replace(version=99, spans=[(0, 3), (-1, 2), (2, 900)], advice="x" * 999),
        SHOUT._replace(score=0.1),
    ]
    checks.register(shouting(lambda reading: seen))

    (kept,) = checks.sightings("HELLO")

    assert kept == ("shout.loud", 3, 0.7, [(0, 3)], "x" * 300)


@pytest.mark.parametrize("name", ["", "two words", "secret", "x" * 40, "a.b"])
def test_a_name_that_cannot_be_is_refused(name):
    with pytest.raises(ValueError, match="check"):
        checks.register(Check(name=name, version=1, label="", see=lambda reading: []))
