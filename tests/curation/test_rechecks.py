"""What no check of now has looked at is looked at by a worker, again and again."""

# ruff: noqa: F401 (fixtures are imported, then named as arguments)
from __future__ import annotations

import pytest
from django.utils.timezone import now

from curation import tasks
from curation.actions import conversations, messages, rechecks
from curation.actions.inspections import DETECTED
from curation.clean import checks
from curation.clean.check import Check
from curation.models import Event, Finding, Inspection, Message
from tests.curation.slow_checks import check_all, found, own_registry, shout
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db
State = Message.State
GERMAN = (
    "Das Wetter war gestern so schön, dass wir mit den Kindern an den See gefahren sind "
    "und dort bis zum Abend geblieben sind."
)
FINNISH = "Tämä on hyvin kaunis päivä, ja aurinko paistaa meren yllä koko ajan."


def test_slow_checks_look_after_the_text_was_sent():
    shout(is_slow=True)
    dataset = DatasetFactory(pairs=True)
    writer = ContributorFactory(member=dataset)
    conversations.write_pair(dataset=dataset, by=writer, prompt="Why?", reply="NO WAY")
    assert found() == []

    tasks.check_texts()

    assert found() == [("shout", 1)]


def test_a_second_run_has_nothing_to_do():
    MessageFactory(text="HELLO THERE")
    shout()

    assert check_all().looked_at == 1
    assert check_all().looked_at == 0
    assert rechecks.waiting() == 0


def test_a_new_version_puts_its_findings_in_place_of_the_old_ones():
    message = MessageFactory(text="HELLO THERE ada@analytical.de")
    shout(version=1)
    check_all()
    Message.objects.filter(pk=message.pk).update(text="HELLO THERE")
    Finding.objects.filter(check_name__startswith="personal").update(advice="As it was.")
    asked = shout(version=2)

    run = check_all()

    assert (run.looked_at, run.changed, len(asked)) == (1, 1, 1)
    there = dict(Finding.objects.values_list("check_name", "advice"))
    # The other check had looked already, so it was not asked again.
    assert there == {"shout": "Shouted 2.", "personal_data.email": "As it was."}


def test_what_a_check_sees_no_more_goes():
    MessageFactory(text="HELLO THERE")
    shout(version=1)
    check_all()
    checks.CHECKS.pop("shout")
    checks.register(Check(name="shout", version=2, label="", see=lambda reading: []))

    check_all()

    assert found() == []


def test_findings_of_a_check_that_was_switched_off_go_and_come_back():
    message = MessageFactory(text="HELLO THERE")
    policy = message.conversation.dataset.policy
    shout()
    check_all()
    for choices, left in ({"shout": "off"}, []), ({}, [("shout", 1)]):
        policy.checks = choices
        policy.save()
        check_all()
        assert found() == left


def test_what_was_found_with_another_text_stays():
    message = MessageFactory()
    other = MessageFactory(conversation=message.conversation, parent=message)
    message.findings.create(
        check_name="near_duplicate", check_version=1, score=0.9, advice="", other=other
    )

    check_all()

    assert message.findings.get().other == other


def test_the_declared_language_stays_and_the_detected_one_stands_beside():
    message = MessageFactory(text=FINNISH, language="en")

    check_all()

    message.refresh_from_db()
    assert (message.language, message.inspection.detected_language) == ("en", "fi")
    assert message.inspection.detected_score > 0.9
    assert message.findings.get().check_name == DETECTED


def test_another_language_is_told_of_once():
    message = MessageFactory(text=GERMAN, language="fr")

    check_all()

    assert message.findings.get().check_name == "language"
    assert Inspection.objects.get().detected_language == "de"


def test_an_answer_in_the_language_that_was_asked_for_is_fine():
    prompt = MessageFactory(text="Translate this: It was fine weather.", accepted=True)
    ReplyFactory(parent=prompt, text=GERMAN, language="fr")

    check_all()

    assert found() == []


def test_a_passage_is_looked_at_too():
    shout()
    MessageFactory(text="What is meant?", context="HELLO THERE")

    check_all()

    assert found() == [("context.shout", 1)]


# ---- holding ---------------------------------------------------------------------------
def held_later(**rules):
    dataset = DatasetFactory(policy__checks={"shout": "hold"}, **rules)
    shout()
    return dataset


def test_what_is_found_later_is_held():
    dataset = held_later(pairs=True)
    writer = ContributorFactory(member=dataset)
    checks.CHECKS.pop("shout")
    pair = conversations.write_pair(
        dataset=dataset, by=writer, prompt="WHY NOT", reply="Because."
    )
    shout()

    run = check_all()

    pair.refresh_from_db()
    assert {one.state for one in pair.messages.all()} == {State.HELD}
    assert (pair.state, run.held) == ("held", 1)
    assert {line.by for line in Event.objects.filter(kind="message.held")} == {None}


def test_accepted_texts_are_held_too_and_rejected_ones_left_alone():
    dataset = held_later()
    accepted = MessageFactory(text="WHY", conversation__dataset=dataset, accepted=True)
    rejected = MessageFactory(
        text="WHY",
        conversation__dataset=dataset,
        state=State.REJECTED,
        decided_at=now(),
    )

    check_all()

    accepted.refresh_from_db()
    rejected.refresh_from_db()
    assert (accepted.state, rejected.state) == (State.HELD, State.REJECTED)


def test_what_a_curator_let_pass_is_not_held_again():
    dataset = held_later()
    message = MessageFactory(text="WHY", conversation__dataset=dataset)
    check_all()
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    messages.release(message_id=message.pk, by=curator, accept=True)
    shout(version=2)

    check_all()

    message.refresh_from_db()
    assert (message.state, found()) == (State.ACCEPTED, [("shout", 2)])
