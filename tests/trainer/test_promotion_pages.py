"""The evidence for a champion, its button, its policy and the board, as pages."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation.models import Message, Notification, Recall, Withdrawal
from tests.factories import ContributorFactory
from tests.trainer.promoting import champion, vote
from trainer import evidence
from trainer.actions import promotions
from trainer.models import Champion, PromotionPolicy

pytestmark = pytest.mark.django_db


def page(name, *args):
    return reverse(f"trainer:{name}", args=args)


def test_the_evidence_is_a_page_and_its_button_promotes(signed_in, finish, policy):
    policy()
    run = finish(loss=1.0)
    shown = signed_in.get(page("promotion", run.pk)).text
    assert "All is met." in shown and "maths" in shown

    answer = signed_in.post(page("promotion", run.pk), {}, follow=True)

    assert champion() == run.pk
    assert run.signature in answer.text and "Champion" in answer.text
    assert "Champion" in signed_in.get(page("runs")).text
    assert "The champion of its dataset" in signed_in.get(page("run", run.pk)).text


def test_unmet_it_asks_for_a_reason_and_keeps_what_was_typed(signed_in, finish):
    run = finish(loss=3.0)

    refused = signed_in.post(page("promotion", run.pk), {"reason": " "})
    assert refused.status_code == 422
    assert "Say why" in refused.text and "not met" in refused.text
    signed_in.post(page("promotion", run.pk), {"reason": "<b>It is kinder.</b>"})

    shown = signed_in.get(page("standing", run.version.dataset.slug)).text
    assert "&lt;b&gt;It is kinder.&lt;/b&gt;" in shown
    assert "although not all was met" in shown


def test_a_writer_reads_the_evidence_and_decides_nothing(client, finish, dataset):
    run = finish(loss=1.0)
    client.force_login(ContributorFactory(member=dataset))

    shown = client.get(page("promotion", run.pk))
    assert shown.status_code == 200 and "Promote it" not in shown.text
    assert client.post(page("promotion", run.pk), {"reason": "x"}).status_code == 404
    assert client.get(page("standing", dataset.slug)).status_code == 200
    assert client.get(page("promotion_policy", dataset.slug)).status_code == 404
    assert client.post(page("rollback", dataset.slug)).status_code == 404
    assert not Champion.objects.exists()


def test_what_a_few_ballots_say_is_for_curators_alone(
    client, finish, policy, curator, dataset
):
    policy(asks_people=True, least_ballots=5)
    run = finish(loss=1.0)
    vote(run.signature, "test-base", 4, dataset)
    promotions.promote(run_id=run.pk, by=curator, reason="x")
    writer = ContributorFactory(member=dataset)

    def read(person):
        client.force_login(person)
        addresses = page("promotion", run.pk), page("standing", dataset.slug)
        return [client.get(address).text for address in addresses]

    evidence_page, board = read(writer)
    assert "once there are 5 ballots" in evidence_page
    assert "too few ballots to tell yet" in evidence_page
    assert "blind ballots." not in evidence_page and "4 ballots, by" not in evidence_page
    assert "2 more have fewer than 5 ballots" in board and "4 ballots, by" not in board
    assert "Against the champion" not in board
    news = Notification.objects.filter(kind="promoted")
    assert {one.data["percent"] for one in news} == {None}
    assert all("4 ballots, by" in shown for shown in read(curator))
    vote(run.signature, "test-base", 1, dataset)
    evidence_page, board = read(writer)
    assert "5 ballots, by" in evidence_page and "Against the champion" in board


def test_other_peoples_models_do_not_exist(client, finish, dataset):
    run = finish()
    client.force_login(ContributorFactory())

    assert client.get(page("promotion", run.pk)).status_code == 404
    assert client.get(page("standing", dataset.slug)).status_code == 404


def test_rolling_back_is_one_click(signed_in, finish, curator, dataset):
    first, second = finish(), finish()
    for run in (first, second):
        promotions.promote(run_id=run.pk, by=curator, reason="x")
    assert "Roll back" in signed_in.get(page("standing", dataset.slug)).text

    given = {"method": "sft", "run": second.pk}
    signed_in.post(page("rollback", dataset.slug), given)
    assert champion() == first.pk
    late = signed_in.post(page("rollback", dataset.slug), given, follow=True)
    assert "another champion by now" in late.text
    for odd in ({}, {"method": "x", "run": "²"}):
        assert signed_in.post(page("rollback", dataset.slug), odd).status_code == 302


def test_the_policy_is_set_by_a_form_and_odd_numbers_are_refused(signed_in, dataset):
    given = {"least_gain": 2, "least_ballots": 30, "confidence": 0.9}
    assert signed_in.post(page("promotion_policy", dataset.slug), given).status_code == 302
    policy = PromotionPolicy.objects.get()
    assert (policy.least_gain, policy.asks_people, policy.confidence) == (2, False, 0.9)

    for odd in ({"confidence": 1}, {"least_gain": -1}, {"least_ballots": "many"}):
        answer = signed_in.post(page("promotion_policy", dataset.slug), given | odd)
        assert answer.status_code == 422


def test_a_champion_whose_texts_were_taken_back_is_marked(
    signed_in, finish, curator, dataset
):
    run = finish()
    promotions.promote(run_id=run.pk, by=curator, reason="x")
    text = Message.objects.filter(author__isnull=False).first()
    asked = {"person": text.author, "asked_by": text.author, "message": text}
    done = {"state": "finished", "finished_at": now()}
    taken = Withdrawal.objects.create(**asked, **done)
    Recall.objects.create(version=run.version, message=text, withdrawal=taken)

    assert evidence.gathered(run, None, PromotionPolicy())["recalled"] == 1
    shown = signed_in.get(page("standing", dataset.slug)).text
    assert "was taken back. Promote a model that learned without it." in shown


def test_the_board_orders_models_and_people(signed_in, finish, dataset):
    run = finish()
    vote(run.signature, "other model", 6, dataset)

    shown = signed_in.get(page("standing", dataset.slug)).text
    board = shown[shown.index('id="board-title"') : shown.index('id="decisions-title"')]
    assert board.index(run.signature) < board.index("other model")
