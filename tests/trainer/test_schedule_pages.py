"""The pages of schedules: planned, changed, steered, and who sees them."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation.models import Membership
from tests.factories import ContributorFactory
from trainer.actions import firings, schedules
from trainer.models import Firing, Run, Schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch):
    rung = []
    monkeypatch.setattr("trainer.tasks.fire.delay", lambda **given: rung.append(given))
    return rung


@pytest.fixture
def schedule(dataset, base, curator):
    facts = {"name": "Each night", "base": base, "config": {"steps": 20, "lora_r": 4}}
    return schedules.create(dataset_id=dataset.pk, by=curator, facts=facts)


@pytest.fixture
def filled_in(dataset, base):
    return {
        "name": "Each night", "dataset": dataset.pk, "when": "nightly", "hour": "2",
        "weekday": "5", "time_zone": "Europe/Berlin", "base": base.pk, "offer": "on",
        "start": "base",
        "quiet_from": "", "quiet_to": "", "quiet_days": "weekdays",
    }  # fmt: skip


def page(name, *args):
    return reverse(f"trainer:{name}", args=args)


def test_an_empty_list_offers_to_plan_one(signed_in):
    said = signed_in.get(page("schedules")).text

    assert "Nothing is planned" in said
    assert page("schedule_new") in said


def test_a_filled_in_form_becomes_a_schedule(signed_in, filled_in, curator):
    answer = signed_in.post(page("schedule_new"), filled_in)

    schedule = Schedule.objects.get()
    assert answer.url == page("schedule", schedule.pk)
    assert (schedule.owner, schedule.config) == (curator, {"offer": True})
    said = signed_in.get(answer.url).text
    assert "Every night at 02:00, Europe/Berlin" in said
    assert "It has not fired yet." in said
    assert "Each night" in signed_in.get(page("schedules")).text


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"name": ""}, "required"),
        ({"when": "hourly"}, "valid choice"),
        ({"hour": "25"}, "valid choice"),
        ({"time_zone": "Mars/Base"}, "valid choice"),
        ({"base": "999999"}, "valid choice"),
        ({"when": "waiting"}, "how many messages or ballots"),
        ({"when": "waiting", "wanted_messages": "0"}, "greater than or equal to 1"),
        ({"wanted_ballots": "9" * 40}, "less than or equal"),
        ({"steps": "0"}, "greater than or equal to 1"),
        ({"lora_r": "1000"}, "less than or equal to 256"),
        ({"tuning": "by hand"}, "valid choice"),
        ({"max_length": "20", "max_new_tokens": "20"}, "must leave room for an answer"),
        ({"start": "999999"}, "valid choice"),
        ({"start": "run"}, "valid choice"),
        ({"when": "after"}, "valid choice"),
        ({"quiet_from": "8"}, "beginning and an end"),
    ],
)
def test_odd_input_is_refused_and_nothing_is_lost(signed_in, filled_in, odd, said):
    answer = signed_in.post(page("schedule_new"), {**filled_in, **odd})

    assert answer.status_code in (409, 422)
    assert said in answer.text
    assert 'value="Each night"' in answer.text or "name" in odd
    assert not Schedule.objects.exists()


def test_like_a_run_takes_its_settings(signed_in, filled_in, request_run):
    run = request_run(lora_r=4, steps=11)
    like = f"{page('schedule_new')}?like={run.pk}"
    assert 'value="11"' in signed_in.get(like).text

    signed_in.post(like, {**filled_in, "steps": "12", "samples": "3", "lora_r": "4"})

    config = Schedule.objects.get().config
    assert (config["lora_r"], config["steps"], config["samples"]) == (4, 12, 3)
    assert signed_in.get(f"{page('schedule_new')}?like=9{run.pk}").status_code == 404


def test_all_settings_are_there_to_change(signed_in, schedule, filled_in):
    shown = signed_in.get(page("schedule_change", schedule.pk)).text
    assert 'name="lora_r" value="4"' in shown
    del filled_in["dataset"]
    weekly = {**filled_in, "when": "weekly", "steps": "30", "lora_r": ""}

    signed_in.post(page("schedule_change", schedule.pk), weekly)

    schedule.refresh_from_db()
    assert (schedule.when, schedule.config) == ("weekly", {"steps": 30, "offer": True})
    assert schedule.due_at.astimezone().strftime("%w") in "56"


def test_another_method_brings_its_own_settings(signed_in, schedule, filled_in):
    address = page("schedule_change", schedule.pk)
    shown = signed_in.get(f"{address}?method=dpo").text
    assert 'name="beta"' in shown
    assert 'value="newest" selected' not in shown  # as it was planned
    assert signed_in.get(f"{address}?method=magic").status_code == 404
    del filled_in["dataset"]

    signed_in.post(
        address, {**filled_in, "method": "dpo", "beta": "0.3", "start": "newest"}
    )

    schedule.refresh_from_db()
    assert (schedule.method, schedule.start) == ("dpo", "newest")
    assert schedule.config["beta"] == 0.3
    said = signed_in.get(page("schedule", schedule.pk)).text
    for words in ("Direct preference optimisation", "newest fine-tuned run", "0.3"):
        assert words in said


def test_dpo_begins_with_the_newest_fine_tune_by_itself(signed_in, base):
    shown = signed_in.get(f"{page('schedule_new')}?method=dpo").text

    assert '<option value="newest" selected' in shown


def test_it_goes_on_from_one_run_of_those_that_may_be(signed_in, filled_in, request_run):
    run = request_run()
    Run.objects.filter(pk=run.pk).update(
        state="finished", adapter_sha256="ab" * 32, finished_at=now()
    )
    filled_in |= {"start": run.pk, "method": "dpo"}

    signed_in.post(page("schedule_new"), filled_in)

    schedule = Schedule.objects.get()
    assert (schedule.start, schedule.parent) == ("run", run)
    shown = signed_in.get(page("schedule_change", schedule.pk)).text
    assert f'<option value="{run.pk}" selected' in shown


def test_a_chain_is_shown_from_both_ends(signed_in, schedule, filled_in):
    after = {**filled_in, "name": "Then", "when": "after", "after": schedule.pk}
    refused = signed_in.post(page("schedule_new"), after | {"after": ""})
    assert "Say after which schedule it comes." in refused.text

    signed_in.post(page("schedule_new"), after)

    second = Schedule.objects.get(name="Then")
    assert second.due_at is None
    assert "After “Each night”" in signed_in.get(page("schedule", second.pk)).text
    assert page("schedule", second.pk) in signed_in.get(page("schedule", schedule.pk)).text
    steer = page("schedule_steer", schedule.pk)
    refused = signed_in.post(steer, {"act": "delete"}, follow=True)
    assert "“Then” comes after it." in refused.text
    circle = {**after, "name": "Each night", "after": second.pk}
    answer = signed_in.post(page("schedule_change", schedule.pk), circle)
    assert "They would wait for each other." in answer.text


def test_it_is_steered_by_buttons(signed_in, schedule, frozen, rung, transactional_db):
    steer = page("schedule_steer", schedule.pk)

    signed_in.post(steer, {"act": "pause"})
    assert "It is paused" in signed_in.get(page("schedule", schedule.pk)).text
    signed_in.post(steer, {"act": "resume"})
    signed_in.post(steer, {"act": "run"})
    firing = Firing.objects.get()
    assert rung == [{"firing_id": firing.pk}]
    again = signed_in.post(steer, {"act": "run"}, follow=True)
    assert "It has fired already" in again.text

    run = firings.carry_out(firing.pk)
    said = signed_in.get(page("schedule", schedule.pk)).text
    assert page("run", run.pk) in said
    assert "Run asked for" in said

    assert signed_in.post(steer, {"act": "explode"}).status_code == 404
    assert signed_in.post(steer, {"act": "delete"}).url == page("schedules")
    assert Run.objects.get() == run


def test_a_parked_one_says_why_and_is_taken_over(client, schedule, dataset, curator):
    Membership.objects.filter(contributor=curator).delete()
    schedule.refresh_from_db()
    schedules.park(schedule, why=firings.NOT_THEIRS)
    heir = ContributorFactory(member=dataset, member__roles=["curator"])
    client.force_login(heir)

    said = client.get(page("schedule", schedule.pk)).text
    assert "no curator of the dataset any more" in said
    assert "Take it over" in said
    client.post(page("schedule_steer", schedule.pk), {"act": "resume"})

    schedule.refresh_from_db()
    assert (schedule.owner, schedule.state) == (heir, "active")


@pytest.mark.parametrize("member", [True, False])
def test_others_do_not_see_it(client, schedule, dataset, member):
    person = ContributorFactory(member=dataset) if member else ContributorFactory()
    client.force_login(person)

    for name in ("schedule", "schedule_change"):
        assert client.get(page(name, schedule.pk)).status_code == 404
    assert client.post(page("schedule_steer", schedule.pk)).status_code == 404
    assert "Each night" not in client.get(page("schedules")).text
    assert "You curate no dataset" in client.get(page("schedule_new")).text


def test_a_failure_is_among_the_owners_news(signed_in, schedule, base, curator):
    base.state, base.problem = "failed", "No."
    base.save()
    firing = schedules.run_now(schedule_id=schedule.pk, by=curator)

    firings.carry_out(firing.pk)

    said = signed_in.get(reverse("curation:notifications")).text
    assert "Your schedule “Each night” did not get through." in said
    assert "The base model Test base is not ready." in said
    assert page("schedule", schedule.pk) in said
