"""What no check of now has looked at is looked at by a worker, again and again."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils.timezone import now

from curation import tasks
from curation.actions import conversations, inspections, messages, rechecks
from curation.actions.inspections import DETECTED
from curation.clean import checks
from curation.clean.check import Check, Unavailable
from curation.clean.sighting import Sighting
from curation.models import Event, Finding, Inspection, Inspector, Message
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.races import together

pytestmark = pytest.mark.django_db
State = Message.State
GERMAN = (
    "Das Wetter war gestern so schön, dass wir mit den Kindern an den See gefahren sind "
    "und dort bis zum Abend geblieben sind."
)
FINNISH = "Tämä on hyvin kaunis päivä, ja aurinko paistaa meren yllä koko ajan."


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(checks, "CHECKS", dict(checks.CHECKS))


def shout(version=1, score=0.9, **fields):
    """A check that sees capitals, in place of an older version of itself."""
    asked = []

    def see(reading):
        asked.append(reading.text)
        if reading.text.isupper():
            yield Sighting("shout", version, score, [(0, 5)], f"Shouted {version}.")

    checks.CHECKS.pop("shout", None)
    checks.register(Check(name="shout", version=version, label="Shout", see=see, **fields))
    return asked


def broken(**fields):
    def see(reading):
        raise Unavailable("it is closed on Sundays")

    checks.register(Check(name="closed", version=1, label="Closed", see=see, **fields))


def check_all(**wanted):
    rechecks.note_new(is_thorough=True)
    return rechecks.catch_up(**wanted)


def found():
    rows = Finding.objects.order_by("pk")
    return list(rows.values_list("check_name", "check_version"))


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


# ---- failing, stopping, going on -------------------------------------------------------
def test_a_check_that_cannot_look_is_asked_again_after_a_while():
    broken()
    asked = shout()
    MessageFactory(text="HELLO THERE")
    check_all()
    assert found() == [("shout", 1)]
    assert check_all().looked_at == 0  # left alone for now
    assert rechecks.waiting() == 1

    Inspection.objects.update(tried_at=now() - timedelta(minutes=11))
    checks.CHECKS.pop("closed")
    checks.register(Check(name="closed", version=1, label="", see=lambda reading: []))

    assert check_all().looked_at == 1
    assert rechecks.waiting() == 0
    assert len(asked) == 1  # who had looked was not asked again


def test_a_check_that_fails_again_and_again_is_left_alone_in_this_run():
    asked = []

    def see(reading):
        asked.append(reading)
        raise Unavailable("it is closed on Sundays")

    checks.register(Check(name="closed", version=1, label="", see=see))
    for _ in range(9):
        MessageFactory()

    run = check_all()

    assert (run.looked_at, run.tired, len(asked)) == (9, {"closed"}, rechecks.TIRED_AFTER)


def test_findings_of_a_check_that_cannot_look_stay():
    shout()
    MessageFactory(text="HELLO THERE")
    check_all()
    checks.CHECKS.pop("shout")

    def see(reading):
        raise Unavailable("it is closed on Sundays")

    checks.register(Check(name="shout", version=2, label="", see=see))

    check_all()

    assert found() == [("shout", 1)]


def test_a_run_stops_when_it_is_enough_and_the_next_goes_on(monkeypatch):
    monkeypatch.setattr(rechecks, "AT_ONCE", 2)
    dataset = DatasetFactory()
    for _ in range(5):
        MessageFactory(conversation__dataset=dataset)

    assert check_all(at_most=3).looked_at == 4  # in whole batches
    assert check_all(at_most=3).looked_at == 1


def test_what_is_new_comes_before_what_older_checks_have_seen(monkeypatch):
    monkeypatch.setattr(rechecks, "AT_ONCE", 1)
    old = DatasetFactory()
    for _ in range(3):
        MessageFactory(conversation__dataset=old)
    check_all()
    new = MessageFactory(text="It is new.")
    asked = shout()

    check_all(at_most=1)

    assert asked == [new.text]


def test_datasets_take_turns(monkeypatch):
    monkeypatch.setattr(rechecks, "AT_ONCE", 1)
    one, other = DatasetFactory(), DatasetFactory()
    for number in range(3):
        MessageFactory(conversation__dataset=one, text=f"One {number}.")
    for number in range(2):
        MessageFactory(conversation__dataset=other, text=f"Other {number}.")
    asked = shout()
    in_turns = ["One 0.", "Other 0.", "One 1.", "Other 1.", "One 2."]

    check_all()
    assert asked == in_turns
    asked = shout(version=2)
    check_all()
    assert asked == in_turns


def test_a_walk_only_goes_forwards(monkeypatch):
    monkeypatch.setattr(rechecks, "AT_ONCE", 2)
    dataset = DatasetFactory()
    for _ in range(3):
        MessageFactory(conversation__dataset=dataset)
    rechecks.note_new(is_thorough=True)
    wanted = inspections.wanted_by(dataset.policy.checks, None)
    walk = rechecks.Walk(dataset, wanted, rechecks.NEW)

    first = walk.take()
    Inspection.objects.update(tried_at=None)
    second = walk.take()

    assert [len(first), len(second)] == [2, 1]
    assert not {row.pk for row in first} & {row.pk for row in second}


@pytest.mark.django_db(transaction=True)
def test_nobody_who_reviews_meanwhile_is_thrown_out():
    """Who holds a conversation has locked one of its rows, and wants the other."""
    first = MessageFactory(text="HELLO THERE")
    last = MessageFactory(text="GOOD DAY", conversation=first.conversation, parent=first)
    rechecks.note_new(is_thorough=True)
    shout()
    begun = threading.Event()

    def review():
        with transaction.atomic():
            conversations.lock(first.conversation_id)
            for message in (last, first):
                Message.objects.filter(pk=message.pk).update(
                    state=State.ACCEPTED, decided_at=now()
                )
                begun.set()
                time.sleep(1)

    def look():
        begun.wait()
        return rechecks.catch_up().changed

    assert 2 in together(review, look)
    connection.close()


def test_what_is_withdrawn_is_not_looked_at():
    asked = shout()
    MessageFactory(state=State.WITHDRAWN, decided_at=now())

    assert (check_all().looked_at, asked) == (0, [])


def test_texts_older_than_the_newest_are_found_by_the_thorough_look():
    old = MessageFactory()
    Inspection.objects.create(
        message=MessageFactory(pk=old.pk + rechecks.SLACK + 10),
        dataset=old.conversation.dataset,
    )

    rechecks.note_new()
    assert not Inspection.objects.filter(message=old).exists()
    tasks.find_unchecked_texts()
    assert Inspection.objects.filter(message=old).exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_look_at_the_same_texts():
    for _ in range(3):
        MessageFactory()
    rechecks.note_new(is_thorough=True)
    runs = []

    def other():
        runs.append(rechecks.catch_up().looked_at)
        connection.close()

    with transaction.atomic():
        first = Inspection.objects.order_by("pk").first()
        Inspection.objects.select_for_update().get(pk=first.pk)
        worker = Thread(target=other)
        worker.start()
        worker.join()
    assert runs == [2]


def test_versions_are_kept_once_for_all_texts():
    for _ in range(3):
        MessageFactory()

    check_all()

    assert Inspector.objects.count() == 1
    assert Inspector.objects.get().versions.keys() >= {"secret", DETECTED}


# ---- the command -----------------------------------------------------------------------
def test_the_command_says_what_it_did(capsys):
    shout()
    dataset = MessageFactory(text="HELLO THERE").conversation.dataset
    MessageFactory()

    call_command("recheck", dataset.slug)

    out, progress = capsys.readouterr()
    assert "1 texts looked at: findings of 1 changed, 0 set aside, 0 left." in out
    assert "1 of 1 texts" in progress
    assert Inspection.objects.exclude(digest="").count() == 1


def test_the_command_refuses_a_dataset_that_there_is_not():
    with pytest.raises(CommandError, match="no dataset nowhere"):
        call_command("recheck", "nowhere")


@pytest.mark.parametrize("count", [10, 40])
def test_a_batch_takes_as_many_queries_however_large_it_is(
    count, django_assert_max_num_queries
):
    dataset = DatasetFactory()
    for _ in range(count):
        MessageFactory(conversation__dataset=dataset)
    rechecks.note_new(is_thorough=True)

    # sets, datasets; take and mark; texts, findings, versions; what a digest stands for;
    # write; nothing more to take; and the savepoints of a test
    with django_assert_max_num_queries(22):
        assert rechecks.catch_up().looked_at == count
