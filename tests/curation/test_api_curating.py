"""Judgements, the queue of curators, what comes in and what goes out, by programs."""

from __future__ import annotations

import json

import pytest

from curation.actions import judgements, moderation
from curation.models import Conversation, Decision, Export, Message, Review
from tests.curation.cases import flagged, seen
from tests.curation.pages import frozen, held
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.programs import Program, hostile, refused_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(policy__replies_wanted=2, policy__max_depth=2)


@pytest.fixture
def here(dataset):
    return f"datasets/{dataset.slug}/"


@pytest.fixture
def person(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def curator(person):
    return Program(person)


@pytest.fixture
def others(dataset):
    """A reviewer, who is no curator; and a curator of another dataset."""
    return [
        Program(ContributorFactory(member=dataset, member__roles=["reviewer"])),
        Program(ContributorFactory(member=DatasetFactory(), member__roles=["curator"])),
    ]


@pytest.fixture
def prompt(dataset):
    return MessageFactory(accepted=True, conversation__dataset=dataset)


def listed(program, path):
    answer = program.get(path)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def reviewed(dataset, **fields):
    message = MessageFactory(conversation__dataset=dataset)
    reviewer = ContributorFactory(member=dataset, member__roles=["reviewer"])
    return Review.objects.create(message=message, reviewer=reviewer, **fields)


def ranked(prompt):
    answers = [ReplyFactory(parent=prompt, accepted=True) for _ in range(2)]
    first, second = (answer.pk for answer in answers)
    ranker = ContributorFactory(member=prompt.conversation.dataset)
    judgements.rank(
        prompt_id=prompt.pk, by=ranker, outcome="ranked", shown=[second, first],
        positions={first: 1, second: 2}, ratings={first: 6},
    )  # fmt: skip
    return answers


def test_curators_read_every_verdict(dataset, curator, here):
    review = reviewed(dataset, verdict="reject", reason="spam", note="No.")
    review.labels.create(name="quality", value=2)
    reviewed(dataset, verdict="accept")
    reviewed(DatasetFactory(), verdict="accept")

    (found,) = listed(curator, f"{here}reviews/?verdict=reject")

    assert (found["message"], found["note"]) == (review.message.address, "No.")
    assert found["labels"] == {"quality": 2}
    assert len(listed(curator, f"{here}reviews/")) == 2
    of_one = f"{here}reviews/?message={review.message.address}&person={review.reviewer_id}"
    assert [one["id"] for one in listed(curator, of_one)] == [review.pk]


def test_curators_read_ballots_and_what_they_add_up_to(curator, here, prompt):
    first, second = (answer.address for answer in ranked(prompt))

    (ballot,) = listed(curator, f"{here}ballots/?prompt={prompt.address}&outcome=ranked")
    (settled,) = listed(curator, f"{here}settlements/")

    places = {one["reply"]: (one["position"], one["rating"]) for one in ballot["entries"]}
    assert places == {first: (1, 6), second: (2, None)}
    assert (settled["prompt"], settled["order"]) == (prompt.address, [[first], [second]])


def test_findings_are_listed_by_check_and_score(dataset, curator, here, prompt):
    seen(prompt)
    seen(MessageFactory())

    (found,) = listed(curator, f"{here}findings/")

    assert found["message"] == prompt.address
    name = found["check"]
    assert len(listed(curator, f"{here}findings/?check={name}&score_from=0.1")) == 1
    assert listed(curator, f"{here}findings/?check=other") == []
    assert refused_fields(curator.get(f"{here}findings/?score_from=nan")) == {"score_from"}


def test_curators_look_after_what_waits_and_decide(dataset, curator, person, here, prompt):
    flagged(prompt)
    path = f"{here}queue/{prompt.address}/"

    (item,) = listed(curator, f"{here}queue/?sort=flag")

    assert item["message"]["text"] == prompt.text
    assert item["flags"][0]["reason"] and "keep" in item["choices"]
    assert curator.post(f"{path}take/").status_code == 204
    assert listed(curator, f"{here}queue/?who=me")[0]["assignee"] == person.pk
    assert listed(curator, f"{here}queue/?who=nobody") == []
    assert curator.post(f"{path}let-go/").status_code == 204
    other = ContributorFactory(member=dataset, member__roles=["curator"])
    assert curator.post(f"{path}give/", {"person": other.pk}).status_code == 204
    outsider = ContributorFactory()
    assert curator.post(f"{path}give/", {"person": outsider.pk}).status_code == 403
    assert curator.post(f"{path}give/", {"person": 2**31 - 1}).status_code == 404
    assert refused_fields(curator.post(f"{path}decide/", {"action": "eat"})) == {"action"}
    sent = {"action": "keep", "seen": item["seen"], "note": "It is fine."}
    decided = curator.post(f"{path}decide/", sent)
    assert decided.status_code == 200, decided.content
    assert curator.post(f"{path}decide/", sent).status_code == 409
    (line,) = listed(curator, f"{here}decisions/")
    assert (line["action"], line["can_be_undone"]) == ("keep", True)
    undone = curator.post(f"decisions/{line['id']}/undo/")
    assert undone.json()["undone_at"]
    assert curator.post(f"decisions/{line['id']}/undo/").status_code == 409
    assert len(listed(curator, f"{here}queue/")) == 1


def test_models_answers_are_pushed_once_and_ranked_blind(curator, here, prompt, dataset):
    path = f"{here}candidates/"
    sent = {
        "generator": "tiny-1",
        "candidates": [
            {"prompt": str(prompt.uid), "text": "One."},
            {"prompt": str(prompt.uid), "text": "Two."},
            {"prompt": str(MessageFactory(accepted=True).uid), "text": "Elsewhere."},
        ],
    }

    assert curator.post(path, sent).json() == {"taken": 2, "refused": 1}
    again = {**sent, "candidates": sent["candidates"][1::-1]}
    assert curator.post(path, again).json() == {"taken": 0, "refused": 2}
    answers = prompt.replies.values_list("origin", "generator", "state").distinct()
    assert list(answers) == [("model", "tiny-1", "submitted")]
    assert not Message.objects.filter(text="Elsewhere.").exists()
    none = curator.post(path, {"generator": "x", "candidates": []})
    assert refused_fields(none) == {"candidates"}
    odd = {"generator": "x", "candidates": [{"prompt": "1", "text": "", "score": 1}]}
    assert refused_fields(curator.post(path, odd)) == {"candidates.0.score"}


def test_rows_are_imported_with_a_report_and_only_once(curator, here, dataset):
    rows = [
        {
            "instruction": "Why?",
            "response": "Because.",
            "category": "open_qa",
            "context": "",
        },
        {"instruction": "", "response": "Nothing.", "category": "open_qa", "context": ""},
    ]
    sent = {"format": "dolly", "rows": rows, "as_state": "submitted"}

    report = curator.post(f"{here}rows/", sent).json()

    assert (report["conversations"], report["bad"]) == (1, 1)
    assert report["problems"][0]["line"] == 2 and report["problems"][0]["reason"]
    assert curator.post(f"{here}rows/", sent).json()["conversations"] == 0
    assert Conversation.objects.filter(dataset=dataset).count() == 1
    odd = curator.post(f"{here}rows/", {**sent, "format": "xml", "file": 1})
    assert refused_fields(odd) == {"file"}
    assert refused_fields(curator.post(f"{here}rows/", {**sent, "rows": [1]}))


def test_versions_go_out_under_other_names(dataset, curator, others, settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path
    version = frozen(dataset)
    path = f"versions/{version.digest}/exports/"

    made = curator.post(path, {"made_for": "A university"})

    assert made.status_code == 201, made.content
    one = f"{path}{made.json()['id']}/"
    assert curator.post(path, {"made_for": "A university"}).json() == made.json()
    assert [line["made_for"] for line in listed(curator, path)] == ["A university"]
    body = b"".join(curator.get(f"{one}train/").streaming_content)
    body += b"".join(curator.get(f"{one}held_out/").streaming_content)
    assert len(body.splitlines()) == 2
    assert not any(
        str(uid) in body.decode() for uid in Message.objects.values_list("uid", flat=True)
    )
    assert curator.get(f"{one}all/").status_code == 404
    assert curator.get(f"{path}99999/train/").status_code == 404
    for other in others:
        assert other.get(path).status_code == 404
        assert other.post(path, {"made_for": "Me"}).status_code == 404
        assert other.get(f"{one}train/").status_code == 404
    assert Export.objects.count() == 1


def test_all_of_it_is_for_curators_alone(others, here, prompt):
    item = f"{here}queue/{prompt.address}/"
    for other in others:
        for name in ("reviews", "ballots", "settlements", "findings", "queue", "decisions"):
            assert other.get(f"{here}{name}/").status_code == 404, name
        for path in (
            f"{here}candidates/", f"{here}rows/", f"{item}take/", f"{item}decide/",
            f"{item}give/", f"{item}let-go/",
        ):  # fmt: skip
            assert other.post(path, {}).status_code == 404, path


def test_somebody_elses_decision_and_text_do_not_exist(curator, here, dataset):
    elsewhere = held(DatasetFactory())
    admin = ContributorFactory(is_staff=True)
    decision = moderation.decide(message_id=elsewhere.pk, by=admin, action="release")

    assert curator.post(f"decisions/{decision.pk}/undo/").status_code == 404
    assert curator.post(f"{here}queue/{elsewhere.address}/take/").status_code == 404
    assert curator.post("decisions/999999/undo/").status_code == 404
    assert Decision.objects.get().undone_at is None


def test_a_key_without_the_scope_does_nothing(person, here, prompt, dataset):
    reads = Program(person, "read", "work", "train")
    version = frozen(dataset)
    item = f"{here}queue/{prompt.address}/"
    for path in (
        f"{here}candidates/", f"{here}rows/", f"{item}take/", f"{item}decide/",
        f"{item}give/", f"{item}let-go/", "decisions/1/undo/",
        f"versions/{version.digest}/exports/",
    ):  # fmt: skip
        assert reads.post(path, {}).status_code == 403, path


def test_hostile_json_is_refused_everywhere(curator, here, prompt):
    for path, field in [
        (f"{here}candidates/", "generator"), (f"{here}rows/", "format"),
        (f"{here}queue/{prompt.address}/decide/", "note"),
        (f"{here}queue/{prompt.address}/give/", "person"),
    ]:  # fmt: skip
        for body in hostile(field):
            assert curator.post(path, body).status_code == 400, (path, body[:30])
    row = {"instruction": "a", "response": ["b"], "category": {}, "context": None}
    sent = json.dumps({"format": "dolly", "rows": [row, {}]}).encode()
    assert curator.post(f"{here}rows/", sent).json()["bad"] == 2


def test_lists_cost_the_same_however_long(curator, dataset, here):
    def grow(count):
        for _ in range(count):
            reviewed(dataset, verdict="accept").labels.create(name="quality", value=2)
            ranked(MessageFactory(accepted=True, conversation__dataset=dataset))
            message = MessageFactory(conversation__dataset=dataset)
            seen(message)
            flagged(message)

    names = ("reviews", "ballots", "settlements", "findings", "queue", "decisions")
    paths = [f"{here}{name}/" for name in names]
    grow(2)
    curator.get("me/")  # the first use of a key is noted
    before = {path: curator.queries(path) for path in paths}
    grow(8)

    assert {path: curator.queries(path) for path in paths} == before
    # The key, the dataset, the role, the rows; labels or entries; of what waits its
    # decisions, flags and findings
    assert list(before.values()) == [5, 5, 4, 4, 8, 4]
