from __future__ import annotations

import re

import pytest

from config.places import ROOT
from curation.actions import discussion, judgements, messages, withdrawals
from curation.models import Conversation, Event, Message
from curation.tree import WORDS
from curation.views.conversations import FORMS_AT_MOST
from tests.curation.pages import held, queries, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def prompt(dataset):
    return MessageFactory(accepted=True, conversation__dataset=dataset)


def path_of(message):
    conversation = message.conversation
    return url("conversation", conversation.dataset.slug, conversation.pk)


def decide(client, message, name="release", **fields):
    conversation = message.conversation
    path = url(name, conversation.dataset.slug, conversation.pk, message.pk)
    return client.post(path, fields)


def ranked(dataset, prompt):
    """Two answers, the second of which somebody liked better."""
    replies = [ReplyFactory(accepted=True, parent=prompt) for _ in range(2)]
    ids = [reply.pk for reply in replies]
    judgements.rank(
        prompt_id=prompt.pk,
        by=ContributorFactory(member=dataset),
        outcome="ranked",
        shown=ids,
        positions={ids[0]: 2, ids[1]: 1},
    )
    return replies


def test_it_shows_the_tree_to_a_member(client, dataset, prompt):
    reply = ReplyFactory(accepted=True, parent=prompt, text="It is **forty-two**.")
    signed_in(client, dataset)

    page = client.get(path_of(reply))

    assert prompt.text in page.text
    assert "It is <strong>forty-two</strong>." in page.text


def test_a_conversation_is_found_only_in_its_own_dataset(client, dataset, prompt):
    other = DatasetFactory()
    signed_in(client, other, "curator")

    assert client.get(path_of(prompt)).status_code == 404
    assert (
        client.get(url("conversation", other.slug, prompt.conversation_id)).status_code
        == 404
    )


@pytest.mark.parametrize("number", [0, 10**30])
def test_a_number_that_there_is_not_is_a_404(client, dataset, number):
    signed_in(client, dataset)

    assert client.get(url("conversation", dataset.slug, number)).status_code == 404


def test_authors_and_models_are_named_to_curators_only(client, dataset, prompt):
    author = ContributorFactory(name="Ada Author")
    ReplyFactory(accepted=True, parent=prompt, author=author)
    ReplyFactory(parent=prompt, author=None, origin="model", generator="winnow-7")

    signed_in(client, dataset, "reviewer")
    blind = client.get(path_of(prompt)).text
    signed_in(client, dataset, "curator")
    seen = client.get(path_of(prompt)).text

    assert "Ada Author" in seen
    assert "winnow-7" in seen
    assert "Ada Author" not in blind
    assert "winnow-7" not in blind
    assert blind.count("A colleague or a model") == 2
    assert 'badge--model"' not in blind


def test_who_has_yet_to_rank_is_not_told_the_order(client, dataset, prompt):
    dataset.policy.rankings_wanted = 2
    dataset.policy.save()
    _, best = ranked(dataset, prompt)

    signed_in(client, dataset, "reviewer")
    blind = client.get(path_of(prompt)).text
    signed_in(client, dataset, "curator")
    seen = client.get(path_of(prompt)).text

    assert "Place 1" not in blind
    assert "Too few ballots" not in blind
    assert "Too few ballots" in seen
    assert seen.index(best.text) < seen.index("Place 2")


def test_everybody_sees_the_order_of_a_complete_conversation(client, dataset, prompt):
    _, best = ranked(dataset, prompt)
    Conversation.objects.update(state="complete", completed_at=prompt.created_at)
    signed_in(client, dataset, "writer")

    page = client.get(path_of(prompt)).text

    assert "Consensus" in page
    assert page.index("Place 1") < page.index(best.text) < page.index("Place 2")


def test_verdicts_are_hidden_until_the_text_is_decided(client, dataset):
    dataset.policy.reviews_wanted = dataset.policy.approvals_needed = 2
    dataset.policy.save()
    prompt = MessageFactory(conversation__dataset=dataset)
    messages.review(
        message_id=prompt.pk, by=ContributorFactory(member=dataset), verdict="accept"
    )

    signed_in(client, dataset, "reviewer")
    assert "1 for it" not in client.get(path_of(prompt)).text
    signed_in(client, dataset, "curator")
    assert "1 for it" in client.get(path_of(prompt)).text


def test_what_was_taken_back_only_its_author_reads(client, dataset, prompt):
    author = ContributorFactory(member=dataset)
    reply = ReplyFactory(accepted=True, parent=prompt, author=author, text="My own words")
    withdrawals.take_back(message_id=reply.pk, by=author)

    signed_in(client, dataset, "curator")
    assert "My own words" not in client.get(path_of(reply)).text
    client.force_login(author)
    assert "My own words" in client.get(path_of(reply)).text


def test_what_is_held_only_curators_and_its_author_read(client, dataset):
    message = held(dataset)

    signed_in(client, dataset, "reviewer")
    assert message.text not in client.get(path_of(message)).text
    signed_in(client, dataset, "curator")
    assert message.text in client.get(path_of(message)).text


def test_an_edit_points_to_what_it_edits(client, dataset, prompt):
    reply = ReplyFactory(parent=prompt)
    editor = ContributorFactory(member=dataset)
    messages.review(
        message_id=reply.pk, by=editor, verdict="edit", edited_text="A better answer."
    )
    signed_in(client, dataset)

    page = client.get(path_of(prompt)).text

    assert f'edits <a href="#message-{reply.pk}">2</a>' in page
    assert f'id="message-{reply.pk}"' in page
    assert "Show the rejected text" in page


def test_curators_read_its_history(client, dataset):
    message = held(dataset)

    signed_in(client, dataset, "curator")
    assert "It names a person." in client.get(path_of(message)).text
    signed_in(client, dataset, "reviewer")
    page = client.get(path_of(message)).text
    assert "timeline" not in page
    assert "It names a person." not in page


def test_a_curator_accepts_what_was_held(client, dataset):
    message = held(dataset)
    curator = signed_in(client, dataset, "curator")

    response = decide(client, message, decision="accept")

    assert response.url == path_of(message)
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
    assert Event.objects.filter(kind="message.accepted", by=curator).exists()


def test_rejecting_what_was_held_needs_a_reason(client, dataset):
    message = held(dataset)
    signed_in(client, dataset, "curator")

    response = decide(client, message, decision="reject")

    assert response.status_code == 422
    assert "Say why, so that the author knows." in response.text
    message.refresh_from_db()
    assert message.state == Message.State.HELD


def test_it_says_so_when_another_curator_decided_first(client, dataset):
    message = held(dataset)
    messages.release(
        message_id=message.pk, by=ContributorFactory(is_staff=True), accept=True
    )
    signed_in(client, dataset, "curator")

    response = decide(client, message, decision="reject", why="It is about Joe.")

    assert response.status_code == 409
    assert "This message is already accepted." in response.text
    assert "It is about Joe." in response.text


def test_a_curator_holds_a_text_back(client, dataset, prompt):
    reply = ReplyFactory(accepted=True, parent=prompt)
    signed_in(client, dataset, "curator")

    assert decide(client, reply, "hold").status_code == 422
    assert decide(client, reply, "hold", why="It names Joe.").status_code == 302

    reply.refresh_from_db()
    assert (reply.state, reply.why) == (Message.State.HELD, "It names Joe.")


@pytest.mark.parametrize("name", ["release", "hold"])
def test_only_curators_decide(client, dataset, name):
    message = held(dataset)
    signed_in(client, dataset, "reviewer", "writer")

    assert decide(client, message, name, decision="accept", why="x").status_code == 404


def test_a_message_is_decided_on_only_in_its_own_conversation(client, dataset, prompt):
    message = held(dataset)
    signed_in(client, dataset, "curator")
    path = url("release", dataset.slug, prompt.conversation_id, message.pk)

    assert client.post(path, {"decision": "accept"}).status_code == 404


def test_a_deep_conversation_is_shown_whole(client, dataset, prompt):
    turn = prompt
    for _ in range(60):
        role = "assistant" if turn.role == "prompter" else "prompter"
        turn = ReplyFactory(accepted=True, parent=turn, role=role)
    signed_in(client, dataset)

    page = client.get(path_of(prompt)).text

    assert turn.text in page
    assert page.count("<ol") == page.count("</ol>")
    assert page.count("<li>") == page.count("</li>")


def test_a_long_one_has_an_outline_and_forms_only_where_they_are_asked_for(
    client, dataset, prompt
):
    replies = [ReplyFactory(accepted=True, parent=prompt) for _ in range(FORMS_AT_MOST)]
    replies[0].text = "The owl sleeps at noon."
    replies[0].save()
    Message.objects.filter(pk=replies[1].pk).update(state="held")
    signed_in(client, dataset, "curator")
    page = client.get(path_of(prompt))
    assert page.text.count("The owl sleeps at noon.") == 2
    assert page.text.count("<ol") == page.text.count("</ol>")
    assert with_forms(page) == [replies[1].pk]
    asked = client.get(path_of(prompt), {"decide": replies[2].pk})
    assert with_forms(asked) == [replies[1].pk, replies[2].pk]
    assert f"?decide={replies[2].pk}#" not in asked.text
    assert f"?decide={replies[3].pk}#" in asked.text
    refused = client.post(
        url("hold", dataset.slug, prompt.conversation_id, replies[4].pk), {"why": ""}
    )
    assert refused.status_code == 422
    assert with_forms(refused) == [replies[1].pk, replies[4].pk]


def with_forms(page):
    return sorted(node.message.pk for node in page.context["nodes"] if node.form)


def test_it_costs_the_same_however_many_messages_there_are(client, dataset, prompt):
    ReplyFactory(accepted=True, parent=prompt)
    ranked(dataset, prompt)
    signed_in(client, dataset, "curator")
    before = queries(client, path_of(prompt))
    for _ in range(9):
        ReplyFactory(accepted=True, parent=prompt)

    # Expect 16 queries: the session, the dataset, the conversation, its messages,
    # their findings, the role, what is said about them, the versions that hold them, the
    # reviews, the ballots, the places on these, known items and rankings, the history,
    # what is flagged, the bell
    assert (before, queries(client, path_of(prompt))) == (16, 16)


def test_an_edit_is_shown_word_by_word_against_the_original(client, dataset, prompt):
    reviewer = ContributorFactory(member=dataset)
    answer = ReplyFactory(parent=prompt, text="A gnat is a flie.")
    messages.review(
        message_id=answer.pk, by=reviewer, verdict="edit", edited_text="A gnat is a fly."
    )
    signed_in(client, dataset)

    page = client.get(path_of(prompt)).text

    assert '<del class="diff">flie</del><ins class="diff">fly</ins>' in page


def test_what_was_said_stands_under_its_message(client, dataset, prompt):
    by = ContributorFactory(member=dataset, name="Bo Bright")
    discussion.comment(message_id=prompt.pk, by=by, text="Is it <really> so?")
    signed_in(client, dataset)

    page = client.get(path_of(prompt)).text

    assert "Bo Bright" in page
    assert "Is it &lt;really&gt; so?" in page


def test_there_are_words_for_all_that_its_history_can_tell():
    recorded = re.compile(r'"((?:ballot|conversation|message|prompt|review)\.[a-z_]+)"')
    sources = (ROOT / "curation" / "actions").glob("*.py")
    kinds = {kind for path in sources for kind in recorded.findall(path.read_text())}

    assert {"message.undecided", "review.undone"} <= kinds
    assert kinds - WORDS.keys() == set()
