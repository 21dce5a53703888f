"""The arena: two models answer the same prompts until people have settled it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation.actions import judgements, versions
from curation.errors import NotAllowed
from curation.models import Membership, Message
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)
from trainer import tasks
from trainer.actions import contests, runs
from trainer.errors import TrainerError
from trainer.models import Contest, Job, Run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def finish(request_run):
    def finish():
        claimed = runs.claim(request_run().pk, "gpu-1:42")
        runs.publish(claimed, path=f"{claimed.pk}/adapter", sha256="ab" * 32, size=1024)
        runs.finish(claimed)
        return Run.objects.get(pk=claimed.pk)

    return finish


@pytest.fixture
def run(finish, dataset):
    ContributorFactory(member=dataset)  # somebody must be there to rank
    return finish()


@pytest.fixture
def begin(run, curator):
    def begin(rival=None, **more):
        facts = {"choice": "fewest", "budget": 10} | more
        return contests.begin(run_id=run.pk, by=curator, rival=rival, **facts)

    return begin


def go_on(contest):
    """The next look; a round that it asks for is answered. Return how it stands."""
    job = contests.go_on(contest.pk)
    if job is not None:
        tasks.execute_job(job_id=job.pk)
    contest.refresh_from_db()
    return contest.state, contest.asked


def rank(prompts, winner, people=1):
    """So many people put the winner's answer before the other's."""
    for prompt in prompts:
        answers = list(prompt.replies.rankable().order_by("?"))
        places = {one.pk: 1 + (one.generator != winner) for one in answers}
        for _ in range(people):
            judgements.rank(
                prompt_id=prompt.pk,
                by=ContributorFactory(member=prompt.conversation.dataset),
                outcome="ranked",
                shown=list(places),
                positions=places,
            )


def version_of(dataset, curator):
    Membership.objects.create(dataset=dataset, contributor=curator, role="curator")
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    ReplyFactory(parent=prompt, accepted=True)
    return versions.freeze(dataset_id=dataset.pk, by=curator)


def asked():
    answered = Message.objects.filter(origin="model").values("parent")
    return list(Message.objects.filter(pk__in=answered).order_by("pk"))


def test_both_answer_the_same_prompts_in_rounds(begin, fake, run, dataset):
    dataset.policy.open_conversations = 4
    dataset.policy.save()
    contest = begin()

    assert go_on(contest) == ("open", 4)  # as many as there is room for
    for prompt in asked():
        signed = set(
            prompt.replies.filter(origin="model").values_list("generator", flat=True)
        )
        assert signed == {run.signature, "test-base"}
    assert contests.go_on(contest.pk) is None  # nobody has ranked yet
    rank(asked(), run.signature)
    assert go_on(contest) == ("open", 8)
    assert len(asked()) == 8


def test_while_a_round_is_answered_no_other_is_asked_for(begin, fake):
    contest = begin()
    first = contests.go_on(contest.pk)

    assert contests.go_on_with_all() == []
    assert Job.objects.get() == first


def test_it_ends_as_soon_as_people_agree_enough(begin, fake, run):
    contest = begin(budget=1000)
    go_on(contest)
    rank(asked()[:4], run.signature, people=2)
    assert go_on(contest) == ("open", 10)  # eight ballots are too few

    rank(asked()[4:], run.signature, people=2)
    assert go_on(contest)[0] == "settled"
    assert contest.result["corrected"][1] > 0.5
    # Looked at were the twelve that came first, at a part of the risk.
    assert (contest.result["ballots"], contest.result["raw"][0]) == (12, 1.0)
    assert (contest.result["of"], contest.result["confidence"]) == (20, 0.9875)
    assert contests.go_on_with_all() == []


def test_between_two_looks_nothing_new_is_seen(begin, fake, run):
    contest = begin(budget=1000)
    go_on(contest)
    rank(asked()[:6], run.signature)
    rank(asked()[4:], "test-base")
    stands = contests.standing(contest)
    assert (stands.duel.ballots, stands.is_settled) == (12, False)

    rank(asked(), run.signature)
    later = contests.standing(contest)
    assert later == stands._replace(ballots=22, prompts=10)


def test_used_up_and_ranked_without_agreement_it_ends_undecided(begin, fake, run):
    contest = begin(budget=4)
    go_on(contest)
    assert go_on(contest) == ("open", 4)  # nothing is ranked

    first, second = asked()[:2], asked()[2:]
    rank(first, run.signature)
    rank(second, "test-base")

    assert go_on(contest)[0] == "spent"
    assert contest.result == {}  # four ballots say nothing


def test_with_nobody_left_to_ask_all_ballots_are_looked_at_once_more(begin, fake, run):
    """Fourteen of sixteen settle it, the first twelve alone do not."""
    contest = begin(budget=4)
    go_on(contest)
    rank(asked()[:1], "test-base", people=2)
    rank(asked()[1:], run.signature, people=3)
    rank(asked(), run.signature)
    rank(asked()[:1], run.signature)
    stands = contests.standing(contest)
    assert (stands.ballots, stands.is_settled) == (16, False)

    state, _ = go_on(contest)

    assert (contest.result["ballots"], contest.result["confidence"]) == (16, 0.975)
    last = contests.standing(contest, is_over=True)
    assert state == ("settled" if last.is_settled else "spent")


def test_without_prompts_left_it_is_dry(begin, fake, run):
    contest = begin(budget=50)
    assert go_on(contest) == ("open", 10)  # all that there are
    rank(asked(), run.signature)
    # Ten ballots do not settle it, and there is no prompt left.
    assert go_on(contest) == ("open", 10)
    assert contest.is_dry
    assert go_on(contest)[0] == "spent"


def test_two_of_one_dataset_meet_each_other(begin, finish, run, fake):
    other = finish()
    contest = begin(rival=other.pk)
    go_on(contest)

    assert contest.names == (run.signature, other.signature)
    found = Message.objects.filter(origin="model").values_list("generator", flat=True)
    assert set(found) == set(contest.names)


def test_where_both_say_the_same_nobody_is_asked(begin, fake):
    """The fake of the base alone and of the tuned model differ; here both are one."""
    fake(alike=True)
    contest = begin()

    assert go_on(contest) == ("open", 10)
    assert asked() == []
    assert Job.objects.get().result["same"] == 10


def test_who_and_what_may_not_meet(begin, run, dataset, request_run):
    with pytest.raises(TrainerError, match="itself"):
        begin(rival=run.pk)
    with pytest.raises(TrainerError, match="no model that answers"):
        begin(rival=request_run().pk)
    begin()
    with pytest.raises(TrainerError, match="in the arena already"):
        begin()
    with pytest.raises(NotAllowed):
        contests.begin(run_id=run.pk, by=ContributorFactory(member=dataset), rival=None)
    assert Contest.objects.count() == 1


def test_models_of_different_datasets_do_not_meet(begin, finish, curator):
    far = finish()
    elsewhere = DatasetFactory(pairs=True)
    Run.objects.filter(pk=far.pk).update(version=version_of(elsewhere, curator))

    with pytest.raises(TrainerError, match="different datasets"):
        begin(rival=far.pk)


def test_stopped_it_asks_nobody_any_more(begin, curator, fake):
    contest = begin()
    contests.stop(contest_id=contest.pk, by=curator)

    assert go_on(contest) == ("stopped", 0)
    with pytest.raises(TrainerError, match="over already"):
        contests.stop(contest_id=contest.pk, by=curator)


# ---- pages -------------------------------------------------------------------------------


def test_a_curator_sends_a_model_there_and_stops_it(client, curator, run, fake):
    client.force_login(curator)
    page = reverse("trainer:arena_begin", args=[run.pk])
    assert "test-base, its base" in client.get(page).text
    given = {"rival": 0, "choice": "fewest", "budget": 5, "confidence": 0.9}

    answer = client.post(page, given)

    contest = Contest.objects.get()
    assert answer.url == reverse("trainer:contest", args=[contest.pk])
    assert "Nobody has compared them yet" in client.get(answer.url).text
    tasks.execute_job(job_id=Job.objects.get().pk)
    rank(asked(), run.signature)
    shown = client.get(answer.url).text
    assert "5 ballots so far" in shown and "5 of 5 prompts" in shown
    assert "looked at when there are 12" in shown
    rank(asked(), run.signature, people=2)
    assert "at equal length" in client.get(answer.url).text
    assert client.post(page, given).status_code == 409  # they are there already
    for odd in ({"rival": 99}, {"budget": 0}, {"confidence": 2}, {"choice": "x"}):
        assert client.post(page, given | odd).status_code == 422
    stopped = client.post(reverse("trainer:contest_stop", args=[contest.pk]), follow=True)
    assert "Stopped" in stopped.text
    assert run.signature in client.get(reverse("trainer:arena")).text


def test_who_still_ranks_is_not_told_how_it_stands(client, begin, dataset, run, fake):
    contest = begin()
    go_on(contest)
    rank(asked(), run.signature, people=2)
    page = reverse("trainer:contest", args=[contest.pk])
    client.force_login(ContributorFactory(member=dataset))

    shown = client.get(page).text

    assert "20 ballots so far" in shown
    assert "told when it is over" in shown
    assert "at equal length" not in shown and "%" not in shown.split("<main")[1]
    go_on(contest)
    assert contest.state == "settled"
    assert "at equal length" in client.get(page).text


def test_members_watch_and_others_see_nothing(client, begin, dataset, run):
    contest = begin()
    page = reverse("trainer:contest", args=[contest.pk])
    client.force_login(ContributorFactory(member=dataset))
    assert client.get(page).status_code == 200
    assert "Stop" not in client.get(page).text.replace("Stopped", "")
    assert (
        client.post(reverse("trainer:contest_stop", args=[contest.pk])).status_code == 404
    )
    assert client.get(reverse("trainer:arena_begin", args=[run.pk])).status_code == 404

    client.force_login(ContributorFactory())
    assert client.get(page).status_code == 404
    assert "Nobody is in the arena" in client.get(reverse("trainer:arena")).text
