"""Of whoever is erased, nothing stays that they said of other people's texts."""

from __future__ import annotations

import pytest
from django.db import connection

from curation.actions import (
    erasure,
    flags,
    gold_rankings,
    messages,
    moderation,
    second_looks,
)
from curation.models import Message, Notification
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    PairFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
WORD = "xylophagous"  # in all that they say
TEXTUAL = """
SELECT c.table_name, c.column_name FROM information_schema.columns AS c
JOIN information_schema.tables AS t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
    AND c.data_type IN ('text', 'character varying', 'jsonb', 'ARRAY')
"""


def traces():
    """Columns that have the word."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(TEXTUAL)
        for table, column in cursor.fetchall():
            query = f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE %s'
            cursor.execute(query, [f"%{WORD}%"])
            if cursor.fetchone():
                found.add(f"{table}.{column}")
    return found


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def person(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator", "reviewer"])


@pytest.fixture
def admin():
    return ContributorFactory(is_staff=True)


def reject(message, by):
    said = {"verdict": "reject", "reason": "unclear", "note": f"Too {WORD}."}
    messages.review(message_id=message.pk, by=by, **said)


def erase(person, admin):
    assert {"curation_message.why", "curation_event.data"} & traces()
    erasure.erase(person_id=person.pk, by=admin)


def test_why_a_pair_was_rejected_goes_from_its_prompt_too(admin):
    answer = PairFactory()
    other = ContributorFactory(member=answer.conversation.dataset)
    Message.objects.filter(pk=answer.parent_id).update(author=other)
    person = ContributorFactory(member=answer.conversation.dataset)
    reject(answer, person)
    assert WORD in Message.objects.get(pk=answer.parent_id).why
    assert Notification.objects.filter(data__why__icontains=WORD).count() == 2

    erase(person, admin)

    assert traces() == set()


def test_why_a_question_was_rejected_goes_from_its_answers_too(dataset, person, admin):
    prompt = MessageFactory(conversation__dataset=dataset)
    orphan = ReplyFactory(parent=prompt)
    reject(prompt, person)
    assert WORD in Message.objects.get(pk=orphan.pk).why

    erase(person, admin)

    assert traces() == set()


@pytest.mark.parametrize("action", ["keep", "hold", "reject", "withdraw", "release"])
def test_what_a_curator_decided_and_why(dataset, person, admin, action):
    person.is_staff = True  # or they could not withdraw
    person.save()
    message = ReplyFactory(parent__conversation__dataset=dataset)
    messages.hold(message_id=message.pk, by=person, why=f"Is it {WORD}?")
    if action in ("keep", "hold"):
        messages.release(message_id=message.pk, by=person, accept=True, why=f"No {WORD}.")
        flag(message, person)
    note = f"{WORD} " * 25  # as much as fits
    moderation.decide(message_id=message.pk, by=person, action=action, note=note)

    erase(person, admin)

    assert traces() == set()


def flag(message, by):
    flags.raise_flag(message_id=message.pk, by=by, reason="other", note=f"Hm, {WORD}.")


def test_why_they_had_verdicts_looked_at_again(dataset, person, admin):
    judge = ContributorFactory(member=dataset)
    message = MessageFactory(conversation__dataset=dataset)
    messages.review(message_id=message.pk, by=judge, verdict="accept")
    second_looks.ask_again(
        dataset=dataset,
        reviews=second_looks.given_by(judge, dataset),
        by=person,
        why=f"All {WORD}.",
    )

    erase(person, admin)

    assert traces() == set()


def known_ranking(prompt, by, why):
    answers = [ReplyFactory(parent=prompt, accepted=True) for _ in range(2)]
    placed = {answer.pk: place for place, answer in enumerate(answers, start=1)}
    return gold_rankings.make(prompt_id=prompt.pk, by=by, placed=placed, why=why)


def test_what_they_taught_by_known_rankings(dataset, person, admin):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    item = known_ranking(prompt, person, f"The second is {WORD}.")

    erasure.erase(person_id=person.pk, by=admin)

    assert traces() == set()
    item.refresh_from_db()
    assert item.retired_at is None  # others still learn from it


@pytest.mark.parametrize("is_prompt", [True, False])
def test_what_known_rankings_say_of_their_texts(dataset, person, admin, is_prompt):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    item = known_ranking(prompt, curator, f"They say {WORD}.")
    theirs = prompt.pk if is_prompt else item.answers[0]
    Message.objects.filter(pk=theirs).update(author=person)

    erasure.erase(person_id=person.pk, by=admin)

    assert traces() == set()
    item.refresh_from_db()
    assert item.retired_at is not None
