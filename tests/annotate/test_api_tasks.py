from __future__ import annotations

import pytest

from annotate import planner
from annotate.models import Assignment, Draft, Submission
from curation.actions import consents
from curation.models import Ballot, Label, Message, Review
from tests.annotate.work import planned
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.programs import Program, claimed, hostile, refused_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def reviewer(dataset):
    return ContributorFactory(member=dataset, member__roles=["reviewer"])


@pytest.fixture
def writer(dataset):
    return ContributorFactory(member=dataset, member__roles=["writer"])


@pytest.fixture
def program(reviewer):
    return Program(reviewer)


@pytest.fixture
def prompt(dataset):
    category = CategoryFactory(dataset=dataset, brief="Ask of the house.")
    return planned(
        MessageFactory(
            text="Who is it?",
            conversation__dataset=dataset,
            conversation__category=category,
        )
    )


def ranked_soon(dataset, count=3):
    dataset.policy.replies_wanted = count
    dataset.policy.max_depth = 2
    dataset.policy.save()
    prompt = MessageFactory(accepted=True, conversation__dataset=dataset)
    for _ in range(count):
        ReplyFactory(parent=prompt, state="accepted", decided_at=prompt.decided_at)
    return planned(prompt)


def test_a_review_is_claimed_with_all_that_it_takes_and_submitted(program, prompt):
    task = claimed(program)

    assert task["kind"] == "review"
    assert task["message"]["text"] == "Who is it?"
    assert task["category"]["brief"] == "Ask of the house."
    assert task["guideline"] == {"number": 1, "text": "Be kind."}
    fields = {one["name"]: one for one in task["fields_taken"]}
    assert "key" not in fields
    assert fields["verdict"]["is_required"]
    assert [c["value"] for c in fields["verdict"]["choices"]] == [
        "accept",
        "edit",
        "reject",
    ]
    assert fields["label_quality"]["high"].startswith("As good")
    assert fields["label_pii"]["type"] == "boolean"

    sent = {"verdict": "accept", "label_quality": 4, "label_spam": True,
            "label_fails_task": False, "label_pii": True, "label_unsafe": False,
            "active_seconds": 12}  # fmt: skip
    answer = program.post(f"tasks/{task['id']}/submit/", sent)

    assert (answer.status_code, answer.json()["said"]) == (200, "")
    prompt.refresh_from_db()
    assert prompt.state == Message.State.ACCEPTED
    labels = dict(Label.objects.values_list("name", "value"))
    assert labels == {"quality": 4, "spam": 1, "fails_task": 0, "pii": 1}


def test_nobody_is_named_in_a_task_and_no_number_is_told(program, prompt):
    told = program.post("tasks/claim/", {}).text

    author = prompt.author
    assert author.name not in told and author.email not in told
    assert '"author' not in told and f'"id":{prompt.pk}' not in told


def test_what_is_wrong_is_told_by_field_and_the_words_are_kept(program, prompt):
    task = claimed(program)

    answer = program.post(
        f"tasks/{task['id']}/submit/", {"verdict": "reject", "note": "Hm"}
    )

    assert answer.status_code == 400
    assert refused_fields(answer) == {"reason"}
    assert Draft.objects.get().fields["note"] == "Hm"
    again = program.get(f"tasks/{task['id']}/").json()
    assert again["draft"]["fields_kept"]["note"] == "Hm"


def test_unknown_fields_are_refused_by_name(program, prompt):
    task = claimed(program)
    path = f"tasks/{task['id']}/"

    assert refused_fields(program.post(f"{path}submit/", {"verdct": "accept"})) == {
        "verdct"
    }
    assert refused_fields(program.put(f"{path}draft/", {"key": "x"})) == {"key"}
    assert refused_fields(program.post("tasks/claim/", {"sort": "review"})) == {"sort"}
    assert refused_fields(program.get("tasks/?page=2")) == {"page"}
    odd = program.post(f"{path}submit/", {"verdict": ["accept"]})
    assert refused_fields(odd) == {"verdict"}
    assert not Review.objects.exists()


def test_hostile_json_is_refused_everywhere(program, prompt):
    path = f"tasks/{claimed(program)['id']}/"
    for body in hostile("note"):
        assert program.post(f"{path}submit/", body).status_code == 400
        assert program.put(f"{path}draft/", body).status_code == 400
    for body in hostile("kind"):
        assert program.post("tasks/claim/", body).status_code == 400
        assert program.post(f"{path}skip/", body).status_code == 400
    huge = b'{"note": "' + b"x" * 3_000_000 + b'"}'
    assert program.put(f"{path}draft/", huge).status_code == 413


def test_sent_twice_with_a_key_it_counts_once(program, reviewer, prompt):
    path = f"tasks/{claimed(program)['id']}/submit/"

    first = program.post(path, {"verdict": "accept"}, key="a")
    again = program.post(path, {"verdict": "accept"}, key="a")
    other = program.post(path, {"verdict": "reject", "reason": "spam"}, key="a")
    without = program.post(path, {"verdict": "accept"})

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert (other.status_code, without.status_code) == (409, 409)
    assert Review.objects.count() == 1
    assert program.post(path, {"verdict": "accept"}, key="x" * 201).status_code == 400


def test_two_people_may_choose_the_same_key(dataset, program):
    dataset.policy.reviews_wanted = dataset.policy.approvals_needed = 2
    dataset.policy.save()
    planned(MessageFactory(conversation__dataset=dataset))
    other = Program(ContributorFactory(member=dataset, member__roles=["reviewer"]))

    for one in (program, other):
        path = f"tasks/{claimed(one)['id']}/submit/"
        assert one.post(path, {"verdict": "accept"}, key="1").status_code == 200
    assert Submission.objects.count() == 2


def test_answers_to_rank_have_letters_in_the_order_shown(dataset, program):
    prompt = ranked_soon(dataset)
    task = claimed(program, kind="rank")
    slot = Assignment.objects.get(state="leased")

    assert [one["letter"] for one in task["answers"]] == ["A", "B", "C"]
    texts = {reply.pk: reply.text for reply in prompt.replies.all()}
    assert [one["text"] for one in task["answers"]] == [texts[pk] for pk in slot.shown]
    names = [one["name"] for one in task["fields_taken"]]
    assert "position_A" in names and "rating_C" in names
    assert not any(str(pk) in name for pk in slot.shown for name in names)
    path = f"tasks/{task['id']}/submit/"
    assert program.post(path, {"position_A": 1}).status_code == 400
    bad = program.post(path, {"position_A": 9, "position_B": 1, "position_C": 1})
    assert "position_A" in refused_fields(bad)

    sent = {"position_A": 2, "position_B": 1, "position_C": "2", "rating_B": 6}
    assert program.post(path, sent).status_code == 200
    ballot = Ballot.objects.get()
    places = dict(ballot.entries.values_list("reply", "position"))
    assert places == dict(zip(slot.shown, (2, 1, 2), strict=True))


def test_two_are_compared(dataset, program):
    ranked_soon(dataset, 2)
    task = claimed(program)

    assert task["kind"] == "compare"
    assert program.post(f"tasks/{task['id']}/submit/", {"choice": "b2"}).status_code == 200
    assert Ballot.objects.get().strength == 2


def test_a_pair_is_written():
    dataset = DatasetFactory(pairs=True)
    category = CategoryFactory(dataset=dataset, target=3)
    planner.plan_writing(dataset)
    program = Program(ContributorFactory(member=dataset, member__roles=["writer"]))

    task = claimed(program, kind="write_pair", category=category.slug)
    sent = {"prompt": "Why is it so?", "reply": "Because it is so."}

    assert (task["turns"], task["message"]) == ([], None)
    assert program.post(f"tasks/{task['id']}/submit/", sent).status_code == 200
    assert Message.objects.filter(text="Why is it so?").exists()


def test_an_answer_is_written_under_what_was_said_before(dataset, writer):
    planned(MessageFactory(conversation__dataset=dataset, accepted=True, text="Why?"))
    program = Program(writer)

    task = claimed(program, kind="answer")

    assert [turn["text"] for turn in task["turns"]] == ["Why?"]
    path = f"tasks/{task['id']}/submit/"
    assert refused_fields(program.post(path, {"text": ""})) == {"text"}
    assert program.post(path, {"text": "Because."}).status_code == 200
    assert Message.objects.filter(text="Because.", author=writer).exists()


def test_a_task_is_kept_alive_drafted_skipped_and_taken_back(program, prompt):
    task = claimed(program)
    path = f"tasks/{task['id']}/"

    (held,) = program.get("tasks/").json()["results"]
    assert held["id"] == task["id"]
    assert program.post(f"{path}heartbeat/").json()["lease_until"] >= task["lease_until"]
    assert program.put(f"{path}draft/", {"note": "So far"}).status_code == 200
    assert program.post(f"{path}skip/", {"reason": "unclear"}).status_code == 204
    assert program.post(f"{path}skip/").status_code == 204
    assert program.get(path).status_code == 404
    assert program.post(f"{path}heartbeat/").status_code == 409
    assert program.post("tasks/claim/", {}).status_code == 204

    again = program.post(f"{path}undo/").json()

    assert again["draft"]["fields_kept"] == {"note": "So far"}
    assert program.post(f"{path}undo/").status_code == 404


def test_a_submission_is_taken_back_with_its_words(program, prompt):
    path = f"tasks/{claimed(program)['id']}/"
    sent = {"verdict": "reject", "reason": "spam", "note": "No."}
    program.post(f"{path}submit/", sent, key="k")

    again = program.post(f"{path}undo/")

    assert again.json()["draft"]["fields_kept"] == sent
    prompt.refresh_from_db()
    assert prompt.state == Message.State.SUBMITTED
    assert program.post(f"{path}undo/").status_code == 200  # it is theirs already
    late = program.post(f"{path}submit/", sent, key="k")
    assert late.status_code == 409 and "taken this back" in late.json()["detail"]


def test_terms_come_first_and_the_refusal_says_where(program, dataset, prompt):
    consents.publish(
        dataset=dataset, text="So.", licence="CC0", uses=["training"],
        by=ContributorFactory(is_staff=True),
    )  # fmt: skip

    answer = program.post("tasks/claim/", {})

    assert answer.status_code == 403
    assert answer.json()["where"] == f"/datasets/{dataset.slug}/consent/"


def test_a_task_whose_words_are_gone_makes_place_for_another(program, dataset, prompt):
    path = f"tasks/{claimed(program)['id']}/"
    Message.objects.filter(pk=prompt.pk).update(
        state="withdrawn", decided_at="2026-01-01T00:00Z"
    )
    other = planned(MessageFactory(conversation__dataset=dataset, text="Another?"))

    task = claimed(program)

    assert task["message"]["text"] == other.text
    assert program.get(path).status_code == 404


def test_other_peoples_tasks_do_not_exist(program, dataset, prompt):
    path = f"tasks/{claimed(program)['id']}/"
    stranger = Program(ContributorFactory(member=DatasetFactory()))
    colleague = Program(ContributorFactory(member=dataset))

    for verb in ("draft/", "submit/", "skip/"):
        method = "put" if verb == "draft/" else "post"
        assert stranger.ask(method, path + verb, {}).status_code == 404
    for other in (stranger, colleague):
        assert other.get(path).status_code == 404
        assert other.post(f"{path}undo/").status_code == 404
        assert other.post(f"{path}heartbeat/").status_code == 409
    late = colleague.post(f"{path}submit/", {"verdict": "accept"})
    assert late.status_code == 409 and not Review.objects.exists()
    assert program.get("tasks/0123456789abcdef/").status_code == 404


def test_a_key_that_only_reads_claims_nothing(reviewer, prompt):
    reads, works = Program(reviewer, "read"), Program(reviewer, "work")

    assert reads.post("tasks/claim/", {}).status_code == 403
    task = claimed(works)
    path = f"tasks/{task['id']}/"
    for verb in ("submit", "skip", "undo", "heartbeat"):
        assert reads.post(f"{path}{verb}/", {}).status_code == 403
    assert reads.put(f"{path}draft/", {}).status_code == 403
    assert reads.get(path).status_code == 200
    assert works.get(path).status_code == 403


def test_what_waits_is_told_by_kind_and_dataset(program, dataset, prompt):
    assert program.get("tasks/waiting/").json() == {
        "results": [{"dataset": dataset.slug, "kind": "review", "waiting": 1}]
    }


def test_a_list_of_tasks_costs_the_same_however_long(program, dataset, reviewer):
    def hold(count):
        for _ in range(count):
            message = MessageFactory(conversation__dataset=dataset)
            planned(message)
            Assignment.objects.filter(message=message, state="open").update(
                state="leased", person=reviewer, lease_until="2030-01-01T00:00Z"
            )

    hold(1)
    program.get("tasks/")  # the first use of a key is noted
    before = program.queries("tasks/")
    hold(9)

    # Expect 2: the key, the tasks
    assert (before, program.queries("tasks/")) == (2, 2)
    assert len(program.get("tasks/").json()["results"]) == 10


def test_what_is_known_is_kept_where_a_field_beside_it_is_refused(program, prompt):
    path = f"tasks/{claimed(program)['id']}/submit/"
    work = {"verdict": "reject", "note": "An hour's work"}

    for odd in ({"nte": "x"}, {"label_quality": [4]}):
        assert program.post(path, work | odd).status_code == 400
        kept = Draft.objects.get()
        assert kept.fields == work
        kept.delete()


def test_a_body_without_a_length_is_refused_and_no_draft_is_lost(program, prompt):
    path = f"tasks/{claimed(program)['id']}/draft/"
    program.put(path, {"note": "Hm"})

    in_chunks = program.put(path, **{"transfer-encoding": "chunked"})

    assert in_chunks.status_code == 411
    assert (program.put(path).status_code, program.put(path, {}).status_code) == (400, 400)
    assert Draft.objects.get().fields == {"note": "Hm"}
