"""The guideline has changed: what was judged under the old text is judged once more."""

from __future__ import annotations

import pytest
from django.db import connection

from annotate.models import Assignment
from curation import judged_again, tasks
from curation.actions import (
    datasets,
    judgements,
    messages,
    older_guidelines,
    suspensions,
    versions,
)
from curation.actions.older_guidelines import Older
from curation.errors import CurationError, NotAllowed
from curation.judged_again import foreseen
from curation.models import Ballot, Event, Message, Review, SecondLook, Settlement
from tests.annotate.work import planned
from tests.curation.pages import signed_in, url
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__rankings_wanted=2, policy__replies_wanted=2)


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


def reviewed(dataset, verdict="accept", by=None, message=None, **fields):
    message = message or MessageFactory(conversation__dataset=dataset, **fields)
    said = {"reason": "wrong"} if verdict == "reject" else {}
    by = by or ContributorFactory(member=dataset)
    messages.review(message_id=message.pk, by=by, verdict=verdict, **said)
    return message


def ranked(dataset, *people, prompt=None, **fields):
    if prompt is None:
        prompt = MessageFactory(accepted=True, conversation__dataset=dataset, **fields)
        for _ in range(2):
            ReplyFactory(parent=prompt, accepted=True)
    answers = list(prompt.replies.order_by("pk").values_list("pk", flat=True))
    for by in people or [ContributorFactory(member=dataset)]:
        judgements.rank(
            prompt_id=prompt.pk, by=by, outcome="ranked", shown=answers,
            positions={pk: place for place, pk in enumerate(answers, 1)},
        )  # fmt: skip
    return prompt


def publish(dataset, text="Be kind and brief."):
    boss = ContributorFactory(is_staff=True)
    return datasets.publish_guideline(dataset=dataset, text=text, by=boss)


def older_in(dataset, guideline=None, category=None):
    return Older(dataset.guideline_in_force(), guideline, category)


def ask(dataset, by, **chosen):
    return older_guidelines.ask(older=older_in(dataset, **chosen), by=by)


def open_slots(**wanted):
    return Assignment.objects.filter(state="open", **wanted).count()


def state_of(message):
    return Message.objects.get(pk=message.pk).state


# ---- which -----------------------------------------------------------------------------
def test_verdicts_under_the_old_text_are_asked_for_again(dataset, curator):
    old, rejected = reviewed(dataset), reviewed(dataset, "reject")
    publish(dataset)
    new = reviewed(dataset)
    found = foreseen(older_in(dataset), dataset.policy)
    assert (found.verdicts, found.texts, found.reviews) == (2, 2, 2)
    ask(dataset, curator)

    tasks.judge_again()

    assert [state_of(one) for one in (old, rejected, new)] == [
        "submitted", "submitted", "accepted",
    ]  # fmt: skip
    for one in (old, rejected, new):
        planned(one)
    assert open_slots(kind="review") == found.reviews
    look = SecondLook.objects.get()
    assert (look.reopened, look.standing, look.ended_at is None) == (2, 0, False)
    asked = Event.objects.get(kind="guideline.judge_again")
    assert (asked.by, asked.data["reviews"], asked.data["rankings"]) == (curator, 2, 0)
    assert Event.objects.filter(kind="review.set_aside", by=curator).count() == 2
    other = ContributorFactory(member=dataset)
    messages.review(message_id=old.pk, by=other, verdict="accept")
    assert foreseen(older_in(dataset), dataset.policy).verdicts == 0


def test_rankings_under_the_old_text_too_and_by_the_same_people(dataset, curator):
    people = [ContributorFactory(member=dataset) for _ in range(2)]
    prompt = ranked(dataset, *people)
    planned(prompt)
    assert open_slots(kind="compare") == 0
    publish(dataset)
    found = foreseen(older_in(dataset), dataset.policy)
    assert (found.ballots, found.prompts, found.rankings) == (2, 1, 2)
    ask(dataset, curator)

    tasks.judge_again()

    there = Settlement.objects.get()
    assert (there.ballots, there.order, there.status) == (0, [], "insufficient")
    assert Ballot.objects.filter(set_aside_at=None).count() == 0
    planned(prompt)
    assert open_slots(kind="compare") == found.rankings
    ranked(dataset, *people, prompt=prompt)
    assert (Settlement.objects.get().ballots, Ballot.objects.count()) == (2, 4)
    assert SecondLook.objects.get().prompts == 1


def test_of_one_conversation_rankings_wait_until_its_texts_are_accepted_again(
    dataset, curator
):
    prompt = reviewed(dataset)
    for _ in range(2):
        reviewed(dataset, message=ReplyFactory(parent=Message.objects.get(pk=prompt.pk)))
    ranked(dataset, prompt=prompt)
    publish(dataset)
    found = foreseen(older_in(dataset), dataset.policy)
    assert (found.reviews, found.rankings) == (3, 1)
    ask(dataset, curator)

    tasks.judge_again()

    look = SecondLook.objects.get()
    assert (look.reopened, look.prompts) == (3, 1)
    assert not Ballot.objects.filter(set_aside_at=None).exists()
    for message in Message.objects.order_by("pk"):
        reviewed(dataset, message=message)
    planned(prompt)
    assert open_slots(kind="compare") == dataset.policy.rankings_wanted


def test_where_some_ranked_under_the_new_text_their_ballots_stay(dataset, curator):
    prompt = ranked(dataset)
    publish(dataset)
    ranked(dataset, prompt=prompt)
    found = foreseen(older_in(dataset), dataset.policy)
    ask(dataset, curator)

    tasks.judge_again()

    assert Settlement.objects.get().ballots == 1
    assert Message.objects.get(pk=prompt.pk).ranking_round == 1
    planned(prompt)
    assert (found.rankings, open_slots(kind="compare")) == (1, 1)


def test_one_version_or_one_category_can_be_chosen(dataset, curator):
    poems = CategoryFactory(dataset=dataset, slug="poems")
    first = reviewed(dataset)
    poem = reviewed(dataset, conversation__category=poems)
    second_version = publish(dataset)
    second = reviewed(dataset)
    publish(dataset, "Be brief.")

    ask(dataset, curator, category=poems)
    tasks.judge_again()
    assert [state_of(one) for one in (first, poem, second)] == [
        "accepted", "submitted", "accepted",
    ]  # fmt: skip
    ask(dataset, curator, guideline=second_version)
    tasks.judge_again()
    assert [state_of(one) for one in (first, second)] == ["accepted", "submitted"]


def test_what_was_judged_before_there_was_a_guideline_or_elsewhere_stays(dataset, curator):
    imported, elsewhere = reviewed(dataset), reviewed(DatasetFactory())
    Review.objects.filter(message=imported).update(guideline=None)
    publish(dataset)

    with pytest.raises(CurationError, match="Nothing that still counts"):
        ask(dataset, curator)
    assert (state_of(imported), state_of(elsewhere)) == ("accepted", "accepted")


def test_a_curators_last_word_stands(dataset, curator):
    message = MessageFactory(conversation__dataset=dataset)
    messages.review(message_id=message.pk, by=curator, verdict="accept", is_final=True)
    old = reviewed(dataset)
    publish(dataset)
    ask(dataset, curator)

    tasks.judge_again()

    assert (state_of(message), state_of(old)) == ("accepted", "submitted")


@pytest.mark.parametrize("adjudicates", [True, False])
def test_what_others_decide_under_the_new_text_makes_no_task(curator, adjudicates):
    dataset = DatasetFactory(
        policy__reviews_wanted=3,
        policy__approvals_needed=2,
        policy__adjudicates=adjudicates,
    )
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    message = MessageFactory(conversation__dataset=dataset)
    reviewed(dataset, message=message)
    publish(dataset)
    reviewed(dataset, message=message)
    if adjudicates:
        reviewed(dataset, message=message)
    else:
        Review.objects.create(
            message=message, reviewer=ContributorFactory(member=dataset), verdict="accept",
            guideline=dataset.guideline_in_force(),
        )  # fmt: skip
    assert state_of(message) == "accepted"
    found = foreseen(older_in(dataset), dataset.policy)
    ask(dataset, boss)

    tasks.judge_again()

    look = SecondLook.objects.get()
    planned(message)
    assert open_slots(kind="review") == found.reviews
    if adjudicates:  # all who are wanted have to be heard
        assert (look.reopened, found.reviews) == (1, 1)
    else:
        assert (look.reopened, look.standing, found.reviews) == (0, 1, 0)


def test_frozen_versions_stay_as_they_are(dataset, curator):
    reply = ReplyFactory(parent__conversation__dataset=dataset)
    reviewed(dataset, message=reply)
    prompt = ranked(dataset)
    version = versions.freeze(dataset_id=dataset.pk, by=curator, recipe={"pairs": "all"})
    facts = version.rankings.get().facts
    publish(dataset)
    assert foreseen(older_in(dataset), dataset.policy).versions == 1
    ask(dataset, curator)

    tasks.judge_again()

    assert state_of(reply) == "submitted"
    assert Settlement.objects.get(prompt=prompt).ballots == 0
    assert versions.verify(version) == []
    assert version.rankings.get().facts == facts


# ---- who is left to judge --------------------------------------------------------------
def test_a_team_of_two_keeps_what_only_they_could_judge(client):
    dataset = DatasetFactory()
    boss = signed_in(client, dataset, "curator")
    writer = ContributorFactory(member=dataset, member__roles=["writer", "reviewer"])
    message = reviewed(dataset, by=boss, author=writer)
    publish(dataset)
    found = foreseen(older_in(dataset), dataset.policy)
    assert (found.verdicts, found.texts, found.reviews, found.stuck) == (0, 0, 0, 1)
    path = url("judged-again", dataset.slug)
    page = client.get(path).text
    assert "1 text keeps its verdicts" in page
    assert "Have these judged again" not in page

    refused = client.post(path)

    assert refused.status_code == 409
    assert "add reviewers first" in refused.text
    tasks.judge_again()
    assert state_of(message) == "accepted"

    ContributorFactory(member=dataset, member__roles=["reviewer"])  # now somebody may
    ask(dataset, boss)
    tasks.judge_again()
    assert state_of(message) == "submitted"


def test_texts_that_others_may_judge_go_on_and_the_rest_stays(dataset):
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    other = ContributorFactory(member=dataset)
    open_to_other = reviewed(dataset, by=boss)
    stuck = reviewed(dataset, by=boss, author=other)
    publish(dataset)
    found = foreseen(older_in(dataset), dataset.policy)
    assert (found.verdicts, found.reviews, found.stuck) == (1, 1, 1)
    ask(dataset, boss)

    tasks.judge_again()

    assert [state_of(open_to_other), state_of(stuck)] == ["submitted", "accepted"]
    assert SecondLook.objects.get().ended_at is not None
    assert Event.objects.get(kind="guideline.judge_again").data["left_standing"] == 1


@pytest.mark.parametrize("fit", [1, 2])
def test_as_many_are_needed_as_reviews_are_wanted(fit):
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    message = MessageFactory(conversation__dataset=dataset)
    for _ in range(2):
        reviewed(dataset, message=message)
    ContributorFactory(member=dataset, member__roles=["writer"])
    ContributorFactory.create_batch(fit, member=dataset, member__roles=["reviewer"])
    publish(dataset)
    found = foreseen(older_in(dataset), dataset.policy)

    assert (found.verdicts, found.stuck) == ((2, 0) if fit == 2 else (0, 1))


def test_verdicts_that_go_on_counting_ask_for_fewer_people():
    dataset = DatasetFactory(policy__reviews_wanted=2, policy__approvals_needed=2)
    boss = ContributorFactory(is_staff=True)  # no member
    message = MessageFactory(conversation__dataset=dataset)
    reviewed(dataset, message=message)
    publish(dataset)
    reviewed(dataset, message=message)
    ContributorFactory(member=dataset, member__roles=["reviewer"])
    ask(dataset, boss)

    tasks.judge_again()

    assert state_of(message) == "submitted"
    assert Review.objects.filter(set_aside_at=None).count() == 1


def test_who_pauses_or_wrote_the_words_before_a_rewrite_is_not_left(dataset):
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    author, editor = (ContributorFactory(member=dataset) for _ in range(2))
    text = MessageFactory(conversation__dataset=dataset, accepted=True, author=author)
    rewrite = MessageFactory(
        conversation=text.conversation, revises=text, author=editor, role=text.role
    )
    reviewed(dataset, by=boss, message=rewrite)
    old = reviewed(dataset, by=boss, author=author)
    publish(dataset)
    older = older_in(dataset)
    assert set(older.stuck().values_list("message", flat=True)) == {rewrite.pk}

    suspensions.suspend(person_id=editor.pk, dataset=dataset, by=boss, reason="Spam.")

    assert set(older.stuck().values_list("message", flat=True)) == {rewrite.pk, old.pk}


def test_texts_that_are_alike_are_looked_at_once(monkeypatch, dataset):
    ContributorFactory(member=dataset)
    by = ContributorFactory(member=dataset)
    for _ in range(4):
        reviewed(dataset, by=by)
    reviewed(dataset, "reject", by=by)
    publish(dataset)
    looked = []
    count = judged_again._reviews_for
    monkeypatch.setattr(
        judged_again, "_reviews_for", lambda *of: looked.append(of) or count(*of)
    )

    found = foreseen(older_in(dataset), dataset.policy)

    assert (found.texts, found.reviews, len(looked)) == (5, 5, 2)


# ---- how -------------------------------------------------------------------------------
def test_it_goes_on_where_it_stopped(monkeypatch, dataset, curator):
    monkeypatch.setattr(older_guidelines, "AT_ONCE", 1)
    for _ in range(3):
        reviewed(dataset)
    publish(dataset)
    look = ask(dataset, curator)

    older_guidelines.carry_on(look.pk, seconds=0)
    look.refresh_from_db()
    assert (look.reopened, look.ended_at) == (1, None)
    tasks.judge_again()

    look.refresh_from_db()
    assert (look.reopened, look.ended_at is None) == (3, False)


def test_stopped_the_rest_counts_on(monkeypatch, dataset, curator):
    monkeypatch.setattr(older_guidelines, "AT_ONCE", 1)
    for _ in range(3):
        reviewed(dataset)
    publish(dataset)
    look = ask(dataset, curator)
    older_guidelines.carry_on(look.pk, seconds=0)

    for _ in range(2):
        older_guidelines.stop(look_id=look.pk, by=curator)
    tasks.judge_again()

    assert Review.objects.filter(set_aside_at=None).count() == 2
    assert Event.objects.filter(kind="guideline.judge_again_stopped").count() == 1


def test_one_at_a_time_and_by_curators(dataset, curator):
    reviewed(dataset)
    publish(dataset)
    with pytest.raises(NotAllowed):
        ask(dataset, ContributorFactory(member=dataset))
    look = ask(dataset, curator)
    with pytest.raises(CurationError, match="wait for that"):
        ask(dataset, curator)
    with pytest.raises(NotAllowed):
        older_guidelines.stop(look_id=look.pk, by=ContributorFactory(member=dataset))


def test_who_is_no_curator_any_more_changes_nothing(dataset, curator):
    old = reviewed(dataset)
    publish(dataset)
    ask(dataset, curator)
    curator.memberships.all().delete()

    tasks.judge_again()

    assert state_of(old) == "accepted"
    assert SecondLook.objects.get().ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_each_judgement_once():
    dataset = DatasetFactory()
    boss = ContributorFactory(member=dataset, member__roles=["curator"])
    for _ in range(4):
        reviewed(dataset)
    for _ in range(2):
        ranked(dataset)
    publish(dataset)
    look = ask(dataset, boss)

    together(*[lambda: older_guidelines.carry_on(look.pk)] * 3)

    look.refresh_from_db()
    assert (look.reopened, look.standing, look.prompts) == (4, 0, 2)
    assert Event.objects.filter(kind="review.set_aside").count() == 4
    assert Event.objects.filter(kind="ballot.set_aside").count() == 2
    connection.close()


# ---- the page --------------------------------------------------------------------------
def test_a_curator_sees_what_it_means_and_asks(client, monkeypatch, dataset):
    monkeypatch.setattr(tasks.judge_again, "delay", lambda: None)
    signed_in(client, dataset, "curator")
    old = reviewed(dataset)
    publish(dataset)
    path = url("judged-again", dataset.slug)
    assert path in client.get(url("guideline", dataset.slug)).text

    page = client.get(path, {"version": "1"})
    assert page.context["found"].reviews == 1
    assert "Have these judged again" in page.text
    sent = client.post(path, {"version": "1", "category": ""}, follow=True)
    assert "being put before people again" in sent.text
    assert state_of(old) == "accepted"  # the clock does it
    assert client.post(path, {"version": "1"}).status_code == 409
    tasks.judge_again()

    page = client.get(path)
    assert "Nothing to judge again" in page.text
    assert "Done" in page.text
    assert state_of(old) == "submitted"


def test_a_curator_stops_it(client, dataset):
    curator = signed_in(client, dataset, "curator")
    reviewed(dataset)
    publish(dataset)
    look = ask(dataset, curator)
    path = url("judged-again-stop", dataset.slug, look.pk)
    assert path in client.get(url("judged-again", dataset.slug)).text

    assert client.post(path).status_code == 302

    look.refresh_from_db()
    assert look.ended_at is not None


@pytest.mark.parametrize(
    "chosen", [{"version": "9"}, {"category": "none"}, {"version": "\0"}]
)
def test_what_there_is_not_is_refused(client, dataset, chosen):
    signed_in(client, dataset, "curator")
    publish(dataset)
    path = url("judged-again", dataset.slug)

    assert client.get(path, chosen).status_code == 422
    assert client.post(path, chosen).status_code == 422
    assert not SecondLook.objects.exists()


def test_it_is_the_curators(client, dataset, curator):
    reviewed(dataset)
    publish(dataset)
    look = ask(dataset, curator)
    other = DatasetFactory()
    signed_in(client, dataset, "writer", "reviewer")
    assert client.get(url("judged-again", dataset.slug)).status_code == 404
    assert client.post(url("judged-again-stop", dataset.slug, look.pk)).status_code == 404
    signed_in(client, other, "curator")
    assert client.post(url("judged-again-stop", other.slug, look.pk)).status_code == 404


def test_all_datasets_share_the_seconds_of_a_turn(curator, monkeypatch):
    monkeypatch.setattr(older_guidelines, "AT_ONCE", 1)
    monkeypatch.setattr(older_guidelines, "SECONDS_AT_ONCE", 0)
    for _ in range(2):
        dataset = DatasetFactory()
        boss = ContributorFactory(member=dataset, member__roles=["curator"])
        reviewed(dataset), reviewed(dataset), publish(dataset)
        ask(dataset, boss)

    tasks.judge_again()

    looks = SecondLook.objects.order_by("pk").values_list("reopened", flat=True)
    assert list(looks) == [1, 1]
