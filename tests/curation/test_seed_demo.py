from __future__ import annotations

import json
import stat
from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils.timezone import now

from curation.errors import CurationError
from curation.models import (
    Ballot,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Finding,
    Membership,
    Message,
    Notification,
    Profile,
    Review,
    Settlement,
)
from curation.seeding import demo

pytestmark = pytest.mark.django_db

CATEGORY = {"slug": "open_qa", "name": "Open question", "brief": "Ask."}
PAIRS = [
    {"prompt": "One?", "reply": "Yes.", "state": "accepted"},
    {"prompt": "Two?", "reply": "Mail me: eve@example.org", "state": "submitted"},
    {"prompt": "Three?", "reply": "No.", "state": "rejected", "reason": "Not an answer."},
    {"prompt": "Four?", "reply": "Ask Jo.", "state": "held", "reason": "Who is Jo?"},
]
TREES = [
    {"state": "review", "prompt": {"text": "New?"}},
    {"state": "rejected", "reason": "Advertising.", "prompt": {"text": "Buy?"}},
    {"state": "held", "reason": "Somebody is named.", "prompt": {"text": "Jo?"}},
    {
        "state": "growing",
        "prompt": {
            "text": "Grow?",
            "replies": [
                {"text": "A", "state": "submitted"},
                {"text": "B", "state": "rejected"},
            ],
        },
    },
    {
        "state": "ranking",
        "prompt": {
            "text": "Rank?",
            "replies": [{"text": "A"}, {"text": "B", "model": "tiny-1"}, {"text": "C"}],
            "ballots": ["none_good", [[2], [0, 1]]],
        },
    },
    {
        "state": "complete",
        "prompt": {
            "text": "Done?",
            "replies": [
                {"text": "A"},
                {"text": "B"},
                {
                    "text": "C",
                    "replies": [
                        {
                            "text": "And?",
                            "replies": [{"text": "X"}, {"text": "Y"}, {"text": "Z"}],
                            "ballots": [[[0], [1], [2]]] * 3,
                        }
                    ],
                },
            ],
            "ballots": [[[2], [1], [0]]] * 3,
        },
    },
]


@pytest.fixture(autouse=True)
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


def folder(path, *, pairs=PAIRS, trees=TREES):
    """A demo of a few lines."""
    for shape, lines in (("pairs", pairs), ("conversations", trees)):
        plan = {
            "slug": f"demo-{shape}",
            "title": shape,
            "shape": shape,
            "guideline": "Be kind.",
            "categories": [CATEGORY],
        }
        (path / f"{shape}_dataset.json").write_text(json.dumps(plan))
        (path / f"{shape}.jsonl").write_text(
            "".join(json.dumps({"category": "open_qa", **line}) + "\n" for line in lines)
        )
    return path


def states(shape):
    found = Conversation.objects.filter(dataset__shape=shape).order_by("pk")
    return list(found.values_list("state", flat=True))


def test_each_line_ends_in_the_state_that_it_tells(tmp_path):
    demo.seed(folder(tmp_path))

    assert states("pairs") == ["complete", "review", "rejected", "held"]
    assert states("conversations") == [line["state"] for line in TREES]


def test_it_is_made_by_real_actions(tmp_path):
    demo.seed(folder(tmp_path))

    assert Event.objects.filter(kind="message.submitted").count() == Message.objects.count()
    assert Finding.objects.get().check_name == "personal_data.email"
    assert not Message.objects.filter(guideline=None).exists()
    assert not Review.objects.filter(guideline=None).exists()
    done = Settlement.objects.get(prompt__text="Done?")
    assert [Message.objects.get(pk=pk).text for [pk] in done.order] == ["C", "B", "A"]
    proposal = Message.objects.get(origin="model")
    assert (proposal.generator, proposal.state) == ("tiny-1", "accepted")
    spam = Review.objects.get(message__text="Buy?")
    assert (spam.reason, spam.note) == ("spam", "Advertising.")


def test_a_second_time_changes_nothing_and_costs_one_query(
    tmp_path, django_assert_num_queries
):
    demo.seed(folder(tmp_path))
    events = Event.objects.count()

    # Expect 1 query: is one of the datasets there
    with django_assert_num_queries(1):
        said = demo.seed(folder(tmp_path))

    assert said == "The demo is there already: nothing was changed."
    assert Event.objects.count() == events


def test_the_passwords_are_in_a_file_that_only_its_owner_reads(var, tmp_path):
    said = demo.seed(folder(tmp_path))

    path = var / "demo_accounts.json"
    assert str(path) in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    accounts = json.loads(path.read_text())
    assert Counter(account["role"] for account in accounts) == {
        "admin": 1,
        "curator": 1,
        "writer": 2,
        "reviewer": 3,
    }
    for account in accounts:
        person = Contributor.objects.get(email=account["email"])
        assert person.check_password(account["password"])
        assert person.is_superuser == person.is_staff == (account["role"] == "admin")
    assert len({account["password"] for account in accounts}) == 7
    assert authenticate(username="ada@winnow.example", password="") is None


def test_others_who_left_work_there_cannot_sign_in(tmp_path):
    demo.seed(folder(tmp_path))

    others = [p for p in Contributor.objects.all() if not p.has_usable_password()]
    assert len(others) == 8
    # Ballots that are still wanted wait for those who can.
    assert {ballot.ranker for ballot in Ballot.objects.all()} <= set(others)
    assert Membership.objects.filter(contributor__in=others).count() == 16


def test_the_work_is_spread_over_three_weeks_in_its_order(tmp_path):
    demo.seed(folder(tmp_path))

    present = now()
    for message in Message.objects.select_related("parent"):
        assert 0 < (present - message.created_at).days + 1 <= 22
        if message.parent:
            assert message.parent.created_at <= message.created_at
    for review in Review.objects.select_related("message"):
        assert review.message.created_at < review.created_at <= present
    starts = Conversation.objects.values_list("created_at", flat=True)
    assert max(starts) - min(starts) > (present - max(starts)) / 100


def test_a_line_that_ends_elsewhere_is_named_and_nothing_stays(var, tmp_path):
    wrong = [{**TREES[3], "state": "complete"}]

    with pytest.raises(
        CurationError, match="conversations.jsonl: line 1 is growing where complete is told"
    ):
        demo.seed(folder(tmp_path, trees=wrong))

    assert not Dataset.objects.exists()
    assert not (var / "demo_accounts.json").exists()


@pytest.mark.parametrize(
    "line",
    [
        {**PAIRS[0], "category": "unknown"},
        {**PAIRS[0], "prompt": " "},
        {**PAIRS[0], "state": "splendid"},
        {"state": "accepted"},
    ],
)
def test_a_line_that_cannot_be_played_is_named(tmp_path, line):
    with pytest.raises(CurationError, match=r"pairs.jsonl line 1: "):
        demo.seed(folder(tmp_path, pairs=[line]))


def real(name):
    return [json.loads(line) for line in (demo.FOLDER / name).read_text().splitlines()]


def test_every_real_pair_has_what_its_category_asks_for():
    plan = json.loads((demo.FOLDER / "pairs_dataset.json").read_text())
    categories = {category["slug"]: category for category in plan["categories"]}

    for line in real("pairs.jsonl"):
        assert line["state"] in {"accepted", "submitted", "rejected", "held"}
        assert line["prompt"].strip() and line["reply"].strip()
        assert bool(line.get("context")) >= categories[line["category"]]["needs_context"]
        assert ("reason" in line) == (line["state"] in ("rejected", "held"))


def test_the_real_files_play(tmp_path):
    for name in ("pairs_dataset.json", "conversations_dataset.json", "conversations.jsonl"):
        (tmp_path / name).write_text((demo.FOLDER / name).read_text())
    # All of them take long, and one accepted pair is like another.
    some = [
        line
        for number, line in enumerate(real("pairs.jsonl"))
        if line["state"] != "accepted" or number % 20 == 0
    ]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in some))

    demo.seed(tmp_path)

    assert set(states("conversations")) == set(Conversation.State.values)
    assert len(states("pairs")) == len(some)
    # Where people disagree, one more is asked to compare two: so there is that to try.
    disputed = Settlement.objects.filter(status=Settlement.Status.CONTESTED)
    assert {s.ballots for s in disputed} == {3}


def test_accounts_that_cannot_be_written_down_are_not_made(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "FOLDER", folder(tmp_path))
    monkeypatch.setattr(demo.seed, "__defaults__", (demo.FOLDER,))
    settings.VAR_DIR = tmp_path / "missing"

    with pytest.raises(CommandError, match="No such file"):
        call_command("seed_demo")

    assert not Contributor.objects.exists()


def test_people_have_profiles_teams_have_goals_and_old_news_is_read(tmp_path):
    demo.seed(folder(tmp_path))

    assert Profile.objects.exclude(expertise="").count() == 5
    assert all(dataset.policy.weekly_goal for dataset in Dataset.objects.all())
    news = Notification.objects.all()
    assert {notice.kind for notice in news} >= {"accepted", "rejected", "held", "complete"}
    assert not news.filter(mailed_at=None).exists()
    assert not news.filter(read_at=None, created_at__lt=now() - timedelta(days=1)).exists()
    assert not news.filter(created_at__gt=now()).exists()
