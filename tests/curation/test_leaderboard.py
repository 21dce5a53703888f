from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from curation import standings
from curation.actions import messages, profiles
from curation.models import Ballot, Conversation, Message, Review
from curation.standings import Period, Tally
from tests.curation.pages import queries, signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MembershipFactory,
    MessageFactory,
    PairFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
State = Message.State


@pytest.fixture
def dataset():
    return DatasetFactory()


def accepted(dataset, author, **fields):
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    return ReplyFactory(accepted=True, parent=prompt, author=author, **fields)


def tally(person, *datasets, since=None):
    return standings.tallies(datasets, since).get(person.pk, Tally())


def test_only_what_was_accepted_counts(dataset):
    person = ContributorFactory()
    accepted(dataset, person)
    ReplyFactory(parent__conversation__dataset=dataset, author=person)
    for state in (State.REJECTED, State.HELD, State.WITHDRAWN):
        accepted(dataset, person, state=state)

    assert tally(person, dataset) == Tally(texts=1)
    assert tally(person, dataset).points == 10


def test_a_question_with_its_answer_is_one_text():
    answer = PairFactory()
    judge = ContributorFactory(member=answer.conversation.dataset)
    messages.review(message_id=answer.pk, by=judge, verdict="accept")

    done = tally(answer.author, answer.conversation.dataset)

    assert (done.texts, done.conversations) == (1, 1)


def test_a_finished_conversation_counts_once_for_each_whose_words_are_in_it(dataset):
    person = ContributorFactory()
    first = accepted(dataset, person)
    ReplyFactory(accepted=True, parent=first.parent, author=person)
    rejected = ReplyFactory(parent=first.parent, state=State.REJECTED, decided_at=now())
    Conversation.objects.update(state="complete", completed_at=now())

    assert tally(person, dataset).conversations == 1
    assert tally(rejected.author, dataset).conversations == 0


@pytest.mark.parametrize(
    ("verdict", "state", "counts"),
    [
        ("accept", State.ACCEPTED, 1),
        ("accept", State.REJECTED, 0),
        ("reject", State.REJECTED, 1),
        ("reject", State.ACCEPTED, 0),
        ("accept", State.SUBMITTED, 0),
    ],
)
def test_a_review_counts_when_the_outcome_agrees(dataset, verdict, state, counts):
    person = ContributorFactory()
    decided_at = None if state == State.SUBMITTED else now()
    text = ReplyFactory(
        parent__conversation__dataset=dataset, state=state, decided_at=decided_at
    )
    Review.objects.create(
        message=text,
        reviewer=person,
        verdict=verdict,
        reason="wrong" if verdict == "reject" else "",
    )

    assert tally(person, dataset).reviews == counts


def test_an_edit_counts_when_the_edited_text_was_accepted(dataset):
    editor = ContributorFactory(member=dataset)
    text = ReplyFactory(parent__conversation__dataset=dataset)

    messages.review(message_id=text.pk, by=editor, verdict="edit", edited_text="Better.")

    assert tally(editor, dataset).reviews == 1


def test_a_ballot_counts_and_cannot_judge_does_not(dataset):
    person = ContributorFactory()
    for outcome in ("ranked", "none_good", "cannot_judge"):
        prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
        Ballot.objects.create(prompt=prompt, ranker=person, outcome=outcome)

    assert tally(person, dataset).ballots == 2


def test_other_datasets_do_not_count(dataset):
    person = ContributorFactory()
    accepted(DatasetFactory(), person)

    assert tally(person, dataset).points == 0


def test_a_time_counts_what_was_decided_in_it(dataset):
    person = ContributorFactory()
    accepted(dataset, person, decided_at=now() - timedelta(days=40))

    assert tally(person, dataset, since=standings.since(Period.MONTH)).texts == 0
    assert tally(person, dataset, since=standings.since(Period.EVER)).texts == 1


def test_equal_points_share_a_place():
    people = [ContributorFactory(name=name) for name in ("Ada", "Bo", "Cy", "Di")]
    points = dict(zip(people, (3, 5, 3, 1), strict=True))

    found = standings.board(
        {person.pk: Tally(ballots=n) for person, n in points.items()}, people[0]
    )

    rows = [(one.place, str(one.person)) for one in found]
    assert rows == [(1, "Bo"), (2, "Ada"), (2, "Cy"), (4, "Di")]


def test_the_viewer_is_shown_also_far_down():
    many = [ContributorFactory() for _ in range(standings.SHOWN + 3)]
    done = {p.pk: Tally(ballots=100 - number) for number, p in enumerate(many)}

    found = standings.board(done, many[-1])

    assert len(found) == standings.SHOWN + 1
    assert (found[-1].place, found[-1].person) == (standings.SHOWN + 3, many[-1])


def test_who_left_is_not_shown_and_takes_no_place(client, dataset):
    shy = ContributorFactory(name="Shy Sharp", member=dataset)
    profiles.save(by=shy, fields={"on_leaderboard": False})
    me = signed_in(client, dataset)
    for _ in range(2):
        accepted(dataset, shy)
    accepted(dataset, me)

    page = client.get(url("leaderboard"), {"period": "ever"})

    assert "Shy Sharp" not in page.text
    (first,) = page.context["standings"][:1]
    assert (first.place, first.person) == (1, me)


def test_who_left_sees_only_their_own_points(client, dataset):
    me = signed_in(client, dataset)
    profiles.save(by=me, fields={"on_leaderboard": False})
    accepted(dataset, me)
    accepted(dataset, ContributorFactory(name="Open Olga"))

    page = client.get(url("leaderboard"), {"period": "ever"}).text

    assert "you see only your own: 10 points." in page
    assert "Open Olga" not in page


def test_only_members_see_a_datasets_people(client, dataset):
    accepted(dataset, ContributorFactory(name="Distant Dora"))
    signed_in(client, DatasetFactory())

    page = client.get(url("leaderboard"), {"dataset": dataset.slug, "period": "ever"})

    assert page.status_code == 200
    assert "Distant Dora" not in page.text


def test_it_can_be_narrowed_to_one_dataset(client, dataset):
    other = DatasetFactory()
    me = signed_in(client, dataset)
    MembershipFactory(dataset=other, contributor=me)
    accepted(dataset, me)
    accepted(other, me)

    def points(**asked):
        page = client.get(url("leaderboard"), {"period": "ever", **asked})
        return page.context["mine"].points

    assert points() == 20
    assert points(dataset=other.slug) == 10


def test_odd_addresses_show_the_usual_page(client, dataset):
    signed_in(client, dataset)

    page = client.get(url("leaderboard"), {"period": "aeon", "dataset": "\0"})

    assert page.status_code == 200
    assert page.context["period"] == Period.WEEK


def test_it_says_so_when_there_is_nothing(client, dataset):
    signed_in(client)
    assert "You are not in a dataset yet" in client.get(url("leaderboard")).text
    signed_in(client, dataset)
    assert "Nobody has points here yet" in client.get(url("leaderboard")).text


def test_it_costs_the_same_however_many_take_part(client, dataset):
    me = signed_in(client, dataset)
    accepted(dataset, me)
    before = queries(client, url("leaderboard"))
    for _ in range(7):
        accepted(dataset, ContributorFactory())

    # Expect 9 queries: the session, their datasets, texts, conversations,
    # reviews, ballots, their profile, the people, the bell
    assert (before, queries(client, url("leaderboard"))) == (9, 9)
