"""What must never be false, the database itself refuses: each constraint once."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now

from curation.actions import versions
from curation.models import (
    Ballot,
    BallotEntry,
    Conversation,
    Event,
    Finding,
    Guideline,
    Instance,
    Label,
    Membership,
    Message,
    Policy,
    Review,
    Settlement,
)
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


def refuses(constraint, write):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        write()


@pytest.mark.parametrize(
    "table",
    [
        "curation_event",
        "curation_guideline",
        "curation_datasetversion",
        "curation_versionitem",
    ],
)
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}"])
def test_history_versions_and_guidelines_are_inserted_once(table, change):
    reply = ReplyFactory(accepted=True)
    versions.freeze(
        dataset_id=reply.conversation.dataset_id, by=ContributorFactory(is_staff=True)
    )

    def write():
        with connection.cursor() as cursor:
            cursor.execute(change.format(table))

    refuses(f"{table} rows are inserted once and never changed", write)


def test_history_is_never_emptied():
    def write():
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE curation_event CASCADE")

    refuses("curation_event is never emptied", write)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        (
            "message_decided_at_exactly_when_decided",
            {"state": "accepted", "decided_at": None},
        ),
        ("message_decided_at_exactly_when_decided", {"decided_at": now()}),
        ("message_by_a_person_or_a_model", {"author": None}),
        ("message_by_a_person_or_a_model", {"generator": "m"}),
        ("message_by_a_person_or_a_model", {"origin": "model"}),
        ("message_by_a_person_or_a_model", {"origin": "import"}),
        ("message_has_text", {"text": ""}),
        ("message_answers_something_if_assistant", {"role": "assistant"}),
    ],
)
def test_a_message_is_whole(constraint, fields):
    refuses(constraint, lambda: MessageFactory(**fields))


def test_a_message_is_nobodys_own_parent():
    message = MessageFactory()

    refuses(
        "message_not_its_own_parent",
        lambda: Message.objects.filter(pk=message.pk).update(parent=message),
    )


def test_a_conversation_has_one_first_prompt_and_revisions_of_it():
    message = MessageFactory()
    MessageFactory(conversation=message.conversation, revises=message)

    refuses(
        "message_one_root_per_conversation",
        lambda: MessageFactory(conversation=message.conversation),
    )


def test_nothing_is_imported_twice():
    conversation = ConversationFactory(source_key="a")
    MessageFactory(conversation=conversation, source_key="b")
    refuses(
        "conversation_imported_once",
        lambda: ConversationFactory(dataset=conversation.dataset, source_key="a"),
    )
    refuses(
        "message_imported_once",
        lambda: MessageFactory(conversation=conversation, source_key="b", revises=_any()),
    )
    ConversationFactory(source_key="a")  # in another dataset it may


def _any():
    return Message.objects.earliest("pk")


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("conversation_completed_at_exactly_when_complete", {"state": "complete"}),
        ("conversation_completed_at_exactly_when_complete", {"completed_at": now()}),
        ("conversation_split_known", {"split": ""}),
    ],
)
def test_a_conversation_is_whole(constraint, fields):
    refuses(constraint, lambda: ConversationFactory(**fields))


def test_one_person_reviews_a_message_once_and_rejects_with_a_reason():
    message, person = MessageFactory(), ContributorFactory()

    def review(**fields):
        Review.objects.create(message=message, reviewer=person, **fields)

    refuses("review_reason_exactly_when_rejected", lambda: review(verdict="reject"))
    refuses(
        "review_reason_exactly_when_rejected",
        lambda: review(verdict="accept", reason="wrong"),
    )
    review(verdict="accept")
    refuses("review_once_per_person", lambda: review(verdict="accept"))


def test_labels_stay_on_their_scales():
    given = Review.objects.create(
        message=MessageFactory(), reviewer=ContributorFactory(), verdict="accept"
    )

    for name, value in (("spam", 2), ("quality", 0), ("quality", 6)):
        refuses(
            "label_value_on_its_scale",
            lambda n=name, v=value: Label.objects.create(review=given, name=n, value=v),
        )
    Label.objects.create(review=given, name="quality", value=5)
    refuses(
        "label_once_per_review",
        lambda: Label.objects.create(review=given, name="quality", value=5),
    )


def test_one_person_ranks_a_prompt_once_a_round_and_so_does_an_import():
    prompt = MessageFactory()
    for ranker in (ContributorFactory(), None):
        Ballot.objects.create(prompt=prompt, ranker=ranker, outcome="ranked")
        refuses(
            "ballot_once_per_person_and_round",
            lambda who=ranker: Ballot.objects.create(
                prompt=prompt, ranker=who, outcome="none_good"
            ),
        )
    Ballot.objects.create(prompt=prompt, outcome="ranked", ranking_round=2)
    refuses(
        "ballot_outcome_known", lambda: Ballot.objects.create(prompt=prompt, outcome="good")
    )


def test_an_answer_stands_on_a_ballot_once():
    reply = ReplyFactory()
    ballot = Ballot.objects.create(prompt=reply.parent, outcome="ranked")

    def enter(reply=reply, shown=1, **fields):
        BallotEntry.objects.create(ballot=ballot, reply=reply, shown=shown, **fields)

    for odd in ({"position": 0}, {"shown": 0}, {"rating": 0}, {"rating": 8}):
        refuses("ballotentry_numbers_in_range", lambda odd=odd: enter(**odd))
    enter(position=1, rating=7)
    refuses("ballotentry_reply_once_per_ballot", lambda: enter(shown=2))
    refuses("ballotentry_place_once_per_ballot", lambda: enter(ReplyFactory()))


def test_settlements_and_findings_stay_in_range():
    message = MessageFactory()
    for agreement in (-1.1, 1.1):
        refuses(
            "settlement_agreement_in_range",
            lambda a=agreement: Settlement.objects.create(
                prompt=message, order=[], ballots=1, agreement=a, status="consensus"
            ),
        )

    def find(score=0.5):
        Finding.objects.create(
            message=message, check_name="echo", check_version=1, score=score
        )

    refuses("finding_score_in_range", lambda: find(score=1.5))
    find()
    refuses("finding_once_per_check", find)


@pytest.mark.parametrize(
    ("constraint", "rules"),
    [
        ("policy_approvals_within_reviews", {"reviews_wanted": 1, "approvals_needed": 2}),
        ("policy_counts_from_one", {"rankings_wanted": 0}),
        ("policy_counts_from_one", {"reviews_wanted": 0, "approvals_needed": 0}),
        ("policy_held_out_between_1_and_50", {"held_out_percent": 0}),
        ("policy_held_out_between_1_and_50", {"held_out_percent": 51}),
    ],
)
def test_a_policy_asks_for_what_can_be_had(constraint, rules):
    dataset = DatasetFactory()

    refuses(constraint, lambda: Policy.objects.filter(dataset=dataset).update(**rules))


def test_slugs_numbers_roles_and_addresses_are_there_once():
    dataset, person = DatasetFactory(), ContributorFactory(email="eve@example.org")
    CategoryFactory(dataset=dataset, slug="maths")
    Membership.objects.create(dataset=dataset, contributor=person, role="writer")

    def join(role):
        Membership.objects.create(dataset=dataset, contributor=person, role=role)

    refuses(
        "category_slug_per_dataset", lambda: CategoryFactory(dataset=dataset, slug="maths")
    )
    refuses("membership_each_role_once", lambda: join("writer"))
    refuses("membership_role_known", lambda: join("owner"))
    refuses(
        "guideline_numbers_count_up",
        lambda: Guideline.objects.create(dataset=dataset, number=1, text="?"),
    )
    refuses(
        "contributor_email_once_in_any_case",
        lambda: ContributorFactory(email="Eve@Example.org"),
    )
    refuses("dataset_shape_known", lambda: DatasetFactory(shape="graph"))
    refuses("instance_is_one_row", lambda: Instance.objects.create(pk=2))


def test_history_is_written_by_inserting():
    Event.objects.record("test.happened", DatasetFactory(), by=None)

    assert Event.objects.filter(kind="test.happened").count() == 1
    assert not Conversation.objects.exists()
