"""Conversations, messages and one's own texts, by programs: as blind as the pages."""

from __future__ import annotations

import pytest

from curation.actions import discussion, messages
from curation.models import Comment, Flag, Message
from tests.curation.pages import held
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.programs import Program, hostile, refused_fields

pytestmark = pytest.mark.django_db
MISSING = "messages/0123456789abcdef/"


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def here(dataset):
    return f"datasets/{dataset.slug}/"


@pytest.fixture
def author(dataset):
    return ContributorFactory(member=dataset, member__roles=["writer"], name="Ada")


@pytest.fixture
def prompt(dataset, author):
    category = CategoryFactory(dataset=dataset, slug="qa")
    return MessageFactory(
        accepted=True,
        author=author,
        text="Why?",
        conversation__dataset=dataset,
        conversation__category=category,
    )


@pytest.fixture
def reply(prompt):
    return ReplyFactory(parent=prompt, text="Because.")


@pytest.fixture
def curator(dataset):
    return Program(ContributorFactory(member=dataset, member__roles=["curator"]))


@pytest.fixture
def reviewer(dataset):
    return Program(ContributorFactory(member=dataset, member__roles=["reviewer"]))


@pytest.fixture
def stranger():
    return Program(ContributorFactory(member=DatasetFactory(), member__roles=["curator"]))


def listed(program, path):
    answer = program.get(path)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_conversation_comes_with_all_that_was_said_in_it(reviewer, here, prompt, reply):
    (found,) = listed(reviewer, f"{here}conversations/?category=qa&state=review")

    assert (found["category"], found["message_count"]) == ("qa", 2)
    tree = reviewer.get(f"{here}conversations/{found['number']}/").json()
    assert [one["text"] for one in tree["messages"]] == ["Why?", "Because."]
    assert tree["messages"][1]["parent"] == tree["messages"][0]["id"] == prompt.address
    assert listed(reviewer, f"{here}conversations/?language=de") == []
    assert reviewer.get(f"{here}conversations/99999999/").status_code == 404


def test_who_has_yet_to_judge_reads_no_names_and_no_verdicts(
    reviewer, curator, here, prompt, reply, author
):
    path = f"{here}conversations/{prompt.conversation_id}/"

    blind = reviewer.get(path).json()["messages"]
    seen = curator.get(path).json()["messages"]

    assert [one["author"] for one in blind] == [None, None]
    assert [one["generator"] for one in blind] == [None, None]
    assert (blind[1]["approvals"], seen[1]["approvals"]) == (None, 0)
    assert seen[0]["author"] == author.pk
    assert [one["is_mine"] for one in Program(author).get(path).json()["messages"]] == [
        True, False,
    ]  # fmt: skip
    for path in (f"{here}messages/", f"messages/{prompt.address}/"):
        assert "Ada" not in reviewer.get(path).text


def test_what_was_taken_back_or_held_is_read_by_whom_the_pages_show_it(
    reviewer, curator, dataset, here, prompt, author
):
    aside = held(dataset)
    gone = MessageFactory(
        conversation__dataset=dataset, author=author, text="Gone", state="withdrawn",
        decided_at=prompt.decided_at,
    )  # fmt: skip

    def texts(program):
        return {one["text"] for one in listed(program, f"{here}messages/")}

    assert "Gone" in texts(Program(author)) and "Gone" not in texts(curator)
    assert aside.text in texts(curator) and aside.text not in texts(reviewer)
    assert reviewer.get(f"messages/{aside.address}/").status_code == 404
    assert curator.get(f"messages/{gone.address}/").status_code == 404
    path = f"{here}conversations/{aside.conversation_id}/"
    found = {one["state"]: one for one in reviewer.get(path).json()["messages"]}
    assert found["held"]["text"] is None and found["held"]["findings"] == []


def test_messages_are_filtered_by_what_is_allowed_and_nothing_else(
    reviewer, curator, here, prompt, reply, author
):
    path = f"{here}messages/"

    def texts(program, query):
        return [one["text"] for one in listed(program, f"{path}?{query}")]

    assert texts(reviewer, "order=oldest") == ["Why?", "Because."]
    assert texts(reviewer, "") == ["Because.", "Why?"]
    assert texts(reviewer, "state=submitted") == ["Because."]
    assert texts(reviewer, "role=prompter&category=qa&language=en") == ["Why?"]
    assert texts(curator, "since=2099-01-01T00:00Z") == []
    assert texts(reviewer, "since=2099-01-01T00:00Z") == ["Because."], (
        "how old, is not told"
    )
    assert texts(Program(author), "author=me") == ["Why?"]
    assert texts(reviewer, "author=me") == []
    assert texts(curator, "origin=person&check=language") == []
    assert reviewer.get(f"{path}?origin=model").status_code == 403
    for odd in ("since=yesterday", "state=%00", "order=author", "state=draft"):
        assert reviewer.get(f"{path}?{odd}").status_code == 400
    unknown = reviewer.get(f"{path}?author__password=x")
    assert refused_fields(unknown) == {"author__password"}


def test_people_talk_about_a_text_and_flag_it(reviewer, stranger, dataset, reply):
    path = f"messages/{reply.address}/"

    said = reviewer.post(f"{path}comments/", {"text": "Is it so?"})

    assert [one["text"] for one in said.json()["results"]] == ["Is it so?"]
    assert reviewer.get(f"{path}comments/").json() == said.json()
    assert refused_fields(reviewer.post(f"{path}comments/", {"txt": "x"})) == {"txt"}
    assert refused_fields(reviewer.post(f"{path}comments/", {})) == {"text"}
    assert reviewer.post(f"{path}flag/", {"reason": "copied"}).status_code == 204
    assert refused_fields(reviewer.post(f"{path}flag/", {"reason": "x"})) == {"reason"}
    assert Flag.objects.get().message == reply
    for verb in ("comments/", "flag/", "hold/", "release/"):
        assert stranger.post(path + verb, {"text": "x"}).status_code == 404
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"{path}comments/").status_code == 404
    assert reviewer.get(MISSING).status_code == 404
    discussion.take_back(
        comment_id=Comment.objects.get().pk, by=Comment.objects.get().author
    )
    assert reviewer.get(f"{path}comments/").json()["results"][0]["text"] is None


def test_curators_hold_and_decide(curator, reviewer, reply):
    path = f"messages/{reply.address}/"

    assert refused_fields(curator.post(f"{path}hold/", {})) == {"why"}
    assert reviewer.post(f"{path}hold/", {"why": "x"}).status_code == 404
    assert curator.post(f"{path}hold/", {"why": "A name."}).json()["state"] == "held"
    assert curator.post(f"{path}hold/", {"why": "A name."}).status_code == 409
    refused = curator.post(f"{path}release/", {"decision": "reject"})
    assert refused_fields(refused) == {"why"}
    decided = curator.post(f"{path}release/", {"decision": "reject", "why": "A name."})
    assert (decided.json()["state"], decided.json()["why"]) == ("rejected", "A name.")


def test_one_takes_back_and_mends_ones_own_texts(dataset, author, prompt, reply):
    program = Program(author)
    MessageFactory()

    (mine,) = listed(program, "me/texts/?state=accepted")

    path = f"me/texts/{mine['id']}/"
    assert program.get(path).json()["text"] == "Why?"
    other = f"me/texts/{reply.address}/"
    for answer in (
        program.get(other), program.patch(other, {"text": "x"}),
        program.post(f"{other}withdraw/"),
    ):  # fmt: skip
        assert answer.status_code == 404
    assert program.patch(path, {"text": "New"}).status_code == 409  # somebody answered
    assert refused_fields(program.patch(path, {"txt": "New"})) == {"txt"}
    taken = program.post(f"{path}withdraw/")
    assert (taken.status_code, taken.json()["state"]) == (200, "finished")
    assert program.post(f"{path}withdraw/").status_code == 409
    prompt.refresh_from_db()
    assert prompt.state == Message.State.WITHDRAWN
    assert listed(program, f"me/texts/?dataset={dataset.slug}&state=accepted") == []


def test_an_own_text_that_nobody_read_is_mended_at_once(dataset, author):
    message = MessageFactory(conversation__dataset=dataset, author=author)
    program = Program(author)

    mended = program.patch(f"me/texts/{message.address}/", {"text": "What is it for?"})

    assert mended.status_code == 200, mended.content
    assert mended.json()["text"] == "What is it for?"
    assert mended.json()["revises"] == message.address


def test_a_key_says_whose_it_is_and_what_it_may(dataset, author):
    me = Program(author, "read").get("me/").json()

    assert (me["email"], me["scopes"]) == (author.email, ["read"])
    assert [(one["dataset"], one["role"]) for one in me["roles"]] == [
        (dataset.slug, "writer")
    ]
    assert me["expires_at"]


def test_a_key_without_the_scope_does_nothing(dataset, author, reply, prompt):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    reads = Program(curator, "read", "train")
    message, mine = f"messages/{reply.address}/", f"me/texts/{prompt.address}/"
    for method, path in [
        ("post", f"{message}comments/"), ("post", f"{message}flag/"),
        ("post", f"{message}hold/"), ("post", f"{message}release/"),
        ("patch", mine), ("post", f"{mine}withdraw/"),
    ]:  # fmt: skip
        assert reads.ask(method, path, {}).status_code == 403
    assert Program(curator, "work").get(message).status_code == 403


def test_hostile_json_is_refused_everywhere(dataset, author, curator, prompt):
    message, mine = f"messages/{prompt.address}/", f"me/texts/{prompt.address}/"
    for body in hostile("text"):
        assert curator.post(f"{message}comments/", body).status_code == 400
        assert Program(author).patch(mine, body).status_code == 400
    for body in hostile("why"):
        assert curator.post(f"{message}hold/", body).status_code == 400
        assert curator.post(f"{message}release/", body).status_code == 400


def test_lists_cost_the_same_however_long(curator, author, dataset, here):
    mine = Program(author)

    def grow(count):
        for _ in range(count):
            asked = MessageFactory(accepted=True, conversation__dataset=dataset)
            ReplyFactory(parent=asked, author=author)
        tree = MessageFactory(accepted=True, conversation=first.conversation, parent=first)
        ReplyFactory.create_batch(count, parent=tree)

    first = MessageFactory(accepted=True, conversation__dataset=dataset)
    paths = {
        f"{here}messages/": curator, f"{here}conversations/": curator, "me/texts/": mine,
        f"{here}conversations/{first.conversation_id}/": curator,
    }  # fmt: skip
    grow(5)
    before = {}
    for path, program in paths.items():
        program.get(path)  # the first use of a key is noted
        before[path] = program.queries(path)
    grow(45)

    assert {path: program.queries(path) for path, program in paths.items()} == before
    # The key, the dataset, the role, the rows; of conversations their first prompts; of a
    # tree its messages and findings, and who has a role; of own texts, what they answer
    # that may not be told.
    assert list(before.values()) == [4, 5, 3, 7]


def test_releasing_needs_no_reason_to_accept(curator, dataset, reply):
    messages.hold(message_id=reply.pk, by=ContributorFactory(is_staff=True), why="Hm.")

    answer = curator.post(f"messages/{reply.address}/release/", {"decision": "accept"})

    assert answer.json()["state"] == "accepted"
