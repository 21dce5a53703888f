"""What a dataset's policy does with what a check sees: nothing, a hint, or a hold."""

from __future__ import annotations

import pytest

from curation import intake
from curation.actions import conversations, datasets, messages, revisions
from curation.errors import CurationError
from curation.models import Conversation, Event, Finding, Message, Notification
from tests.curation.lines import take
from tests.curation.pages import signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
LEAK = "Write to ada@analytical.de about it."
HOLD = {"personal_data": "hold"}
State = Message.State


@pytest.fixture
def pairs():
    return DatasetFactory(pairs=True, policy__checks=HOLD)


def written(dataset, prompt="Whom do I ask?", reply="Ada, she knows."):
    writer = ContributorFactory(member=dataset)
    pair = conversations.write_pair(dataset=dataset, by=writer, prompt=prompt, reply=reply)
    return pair.messages.order_by("pk")


@pytest.mark.parametrize(
    ("treatment", "found", "state"),
    [("off", 0, "submitted"), ("hint", 1, "submitted"), ("hold", 1, "held")],
)
def test_a_check_is_off_or_gives_a_hint_or_holds(treatment, found, state):
    dataset = DatasetFactory(pairs=True, policy__checks={"personal_data": treatment})

    prompt, reply = written(dataset, reply=LEAK)

    assert (reply.state, prompt.state) == (state, state)
    assert Finding.objects.filter(check_name="personal_data.email").count() == found


def test_nothing_is_held_by_default():
    _prompt, reply = written(DatasetFactory(pairs=True), reply=LEAK)

    assert reply.state == State.SUBMITTED


@pytest.mark.parametrize("where", ["prompt", "reply"])
def test_a_pair_is_held_as_one(pairs, where):
    prompt, reply = written(pairs, **{where: LEAK})

    assert {prompt.state, reply.state} == {State.HELD}
    assert prompt.conversation.state == Conversation.State.HELD
    assert "address" in reply.why
    assert reply.why == prompt.why


def test_its_author_is_told_once_and_why(pairs):
    _prompt, reply = written(pairs, reply=LEAK)

    told = Notification.objects.get()
    assert (told.kind, told.person) == ("held", reply.author)
    assert told.data["why"] == reply.why


def test_no_person_is_named_as_who_held_it(pairs):
    _prompt, reply = written(pairs, reply=LEAK)

    line = Event.objects.get(kind="message.held", subject_id=reply.pk)
    assert (line.by, line.data["was"]) == (None, "submitted")


def test_what_a_check_is_unsure_of_is_not_held(pairs):
    _prompt, reply = written(pairs, reply="Write to eve@example.org about it.")

    assert Finding.objects.filter(message=reply).exists()
    assert reply.state == State.SUBMITTED


def test_a_curator_lets_a_held_pair_pass(pairs):
    _prompt, reply = written(pairs, prompt=LEAK)
    curator = ContributorFactory(member=pairs, member__roles=["curator"])

    messages.release(message_id=reply.pk, by=curator, accept=True)

    conversation = Conversation.objects.get()
    assert {one.state for one in conversation.messages.all()} == {State.ACCEPTED}
    assert conversation.state == Conversation.State.COMPLETE


def test_a_held_prompt_holds_its_conversation():
    dataset = DatasetFactory(policy__checks=HOLD)
    writer = ContributorFactory(member=dataset)

    begun = conversations.write_prompt(dataset=dataset, by=writer, text=LEAK)

    begun.refresh_from_db()
    assert begun.state == Conversation.State.HELD


def test_a_reviewers_edit_that_is_held_is_not_accepted_by_itself(pairs):
    prompt, reply = written(pairs)
    reviewer = ContributorFactory(member=pairs)

    edited = messages.review(
        message_id=reply.pk, by=reviewer, verdict="edit", edited_text=LEAK
    )

    assert edited.state == State.HELD
    prompt.refresh_from_db()
    assert prompt.state != State.ACCEPTED


def test_new_words_in_place_of_old_ones_are_held_too(pairs):
    _prompt, reply = written(pairs)

    anew = revisions.amend(message_id=reply.pk, by=reply.author, text=LEAK)

    anew.refresh_from_db()
    assert anew.state == State.HELD


def test_a_prompt_that_is_there_already_is_held_where_the_policy_says_so():
    dataset = DatasetFactory(pairs=True, policy__checks={"near_duplicate": "hold"})
    asked = "How do I teach a small child to swim without fear?"
    first, _reply = written(dataset, prompt=asked)
    again, reply = written(dataset, prompt=asked)

    assert first.state == State.SUBMITTED
    assert (again.state, reply.state) == (State.HELD, State.HELD)


def test_where_it_is_off_nobody_looks_for_prompts_that_are_there():
    dataset = DatasetFactory(pairs=True, policy__checks={"near_duplicate": "off"})
    asked = "How do I teach a small child to swim without fear?"
    for _ in range(2):
        written(dataset, prompt=asked)

    assert not Finding.objects.filter(check_name="near_duplicate").exists()


def test_a_models_answer_that_is_held_is_not_offered_for_ranking():
    dataset = DatasetFactory(policy__checks=HOLD)
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    proposals = [intake.Proposal(str(prompt.uid), LEAK)]

    intake.offer_replies(proposals, generator="m", source="run")

    answer = Message.objects.get(origin="model")
    prompt.refresh_from_db()
    assert (answer.state, prompt.ranking_round) == (State.HELD, 1)


def test_an_improved_answer_that_says_the_same_is_told_of():
    dataset = DatasetFactory()
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    text = "Ask the one who wrote the tables, and she will tell you of the machine."
    answer = ReplyFactory(accepted=True, parent=prompt, text=text)
    writer = ContributorFactory(member=dataset)

    messages.improve(message_id=answer.pk, by=writer, text=f"{text} Yes")

    assert Finding.objects.get().check_name == "preference.alike"


# ---- imports ---------------------------------------------------------------------------
@pytest.mark.parametrize("where", ["instruction", "response"])
def test_an_imported_pair_is_held_as_one(pairs, where):
    line = {"instruction": "Whom?", "context": "", "response": "Ada.", "category": ""}

    take(pairs, {**line, where: LEAK}, line, format="dolly")

    held, fine = Conversation.objects.order_by("pk")
    assert {one.state for one in held.messages.all()} == {State.HELD}
    assert held.state == Conversation.State.HELD
    assert {one.state for one in fine.messages.all()} == {State.ACCEPTED}
    lines = Event.objects.filter(kind="message.held")
    assert {line.by for line in lines} == {None}
    assert lines.count() == 2


def test_an_imported_answer_of_a_model_is_held():
    dataset = DatasetFactory(policy__checks=HOLD)
    line = {"prompt": "Whom do I ask?", "response": LEAK, "model": "m"}

    take(dataset, line, format="responses")

    prompt = Message.objects.get(role="prompter")
    assert Message.objects.get(origin="model").state == State.HELD
    assert (prompt.state, prompt.ranking_round) == (State.ACCEPTED, 1)


# ---- the rules -------------------------------------------------------------------------
def test_a_policy_names_checks_that_are_there():
    dataset = DatasetFactory()
    curator = ContributorFactory(member=dataset, member__roles=["curator"])

    for wrong in ({"nonsense": "hold"}, {"secret": "maybe"}, {"secret": 1}):
        with pytest.raises(CurationError):
            datasets.set_policy(dataset=dataset, by=curator, checks=wrong)
    dataset.policy.refresh_from_db()
    assert dataset.policy.checks == {}


def chosen(client, dataset, **choices):
    page = client.get(url("rules", dataset.slug))
    form = page.context["checks_form"]
    sent = {name: field.initial for name, field in form.fields.items()}
    return {**sent, **{f"check-{name}": to for name, to in choices.items()}}


def test_a_curator_says_what_is_looked_for(client):
    dataset = DatasetFactory()
    curator = signed_in(client, dataset, "curator")
    sent = chosen(client, dataset, secret="hold", echo="off")

    assert client.post(url("rules-checks", dataset.slug), sent).status_code == 302

    dataset.policy.refresh_from_db()
    assert dataset.policy.checks == {"secret": "hold", "echo": "off"}
    line = Event.objects.get(kind="policy.changed", by=curator)
    assert line.data["before"] == {"checks": {}}


def test_a_choice_that_there_is_not_is_refused_at_its_field(client):
    dataset = DatasetFactory()
    signed_in(client, dataset, "curator")
    sent = chosen(client, dataset, secret="burn")

    response = client.post(url("rules-checks", dataset.slug), sent)

    assert response.status_code == 422
    assert "field--invalid" in response.text
    dataset.policy.refresh_from_db()
    assert dataset.policy.checks == {}


def test_what_is_looked_for_is_the_curators_to_say(client):
    dataset = DatasetFactory()
    signed_in(client, dataset, "writer", "reviewer")

    assert client.post(url("rules-checks", dataset.slug), {}).status_code == 404


# ---- pages -----------------------------------------------------------------------------
def test_both_texts_of_a_held_pair_stand_in_the_curators_queue(client, pairs):
    prompt, reply = written(pairs, prompt=LEAK)
    signed_in(client, pairs, "curator")

    page = client.get(url("flags", pairs.slug))

    assert [item.message for item in page.context["items"]] == [prompt, reply]


def test_a_conversations_page_tells_check_version_and_how_sure(client):
    dataset = DatasetFactory(pairs=True)
    _prompt, reply = written(dataset, reply=LEAK)
    signed_in(client, dataset, "curator")

    page = client.get(url("conversation", dataset.slug, reply.conversation_id))

    found = Finding.objects.get(message=reply)
    sure = round(100 * found.score)
    assert f"Personal data, version {found.check_version}, {sure} % sure" in page.text
