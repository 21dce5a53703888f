"""The pages of runs: who sees them, what they say, what they cost."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils.timezone import now

from curation.models import Recall, Withdrawal
from tests.factories import ContributorFactory
from trainer import launch
from trainer.actions import fence, results, runs
from trainer.models import Run, Sample

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def page(name, *args):
    return reverse(f"trainer:{name}", args=args)


def began(run, steps=6):
    claimed = runs.claim(run.pk, "gpu-1:42")
    runs.enter(claimed, Run.Phase.TRAINING)
    points = [runs.Point("loss", step, 3 / step) for step in range(1, steps + 1)]
    points += [runs.Point("held_out_loss", step, 4 / (step + 1)) for step in (0, 5)]
    runs.report(claimed, points, step=steps, seconds_per_step=60.0)
    return claimed


def finished(run):
    claimed = began(run, steps=10)
    runs.publish(claimed, path=f"{run.pk}/adapter", sha256="ab" * 32, size=1024)
    part = {"loss": 2.0, "tokens": 40, "examples": 4}
    after = part | {"loss": 0.5}
    report = {
        "before": part | {"by_category": {"thanks": part}},
        "after": after | {"by_category": {"thanks": after}},
        "examples": [],
    }
    results.keep_evaluation(claimed, report)
    texts = {"prompt_text": "Say <b>hi</b>", "base_text": "uh", "tuned_text": "Hi there."}
    sample = Sample(run=claimed, position=0, prompt_uid="0" * 32, **texts)
    results.keep_samples(claimed, [sample])
    runs.finish(claimed)
    return claimed


# ---- who ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["run", "run_live", "run_log"])
def test_other_peoples_runs_do_not_exist(client, request_run, name):
    run = request_run()
    client.force_login(ContributorFactory())

    assert client.get(page(name, run.pk), headers=HTMX).status_code == 404
    assert f"Run {run.pk}" not in client.get(page("runs")).text


@pytest.mark.parametrize("name", ["run_cancel", "run_retry"])
def test_a_writer_sees_a_run_and_cannot_steer_it(client, request_run, dataset, name):
    run = request_run()
    client.force_login(ContributorFactory(member=dataset))

    shown = client.get(page("run", run.pk))
    assert shown.status_code == 200
    assert "Cancel run" not in shown.text
    assert client.post(page(name, run.pk)).status_code == 404
    run.refresh_from_db()
    assert run.state == "queued"


@pytest.mark.parametrize(
    ("method", "name", "args"),
    [
        ("get", "bases_add", []),
        ("post", "bases_add", []),
        ("post", "starter_build", []),
        ("post", "base_build", [1]),
    ],
)
def test_only_site_admins_touch_base_models(signed_in, method, name, args):
    assert getattr(signed_in, method)(page(name, *args)).status_code == 404


def test_strangers_are_asked_to_sign_in(client, request_run):
    run = request_run()

    for name, args in [("runs", []), ("run", [run.pk]), ("launch", [])]:
        assert client.get(page(name, *args)).status_code == 302


# ---- launch ------------------------------------------------------------------------------


def test_an_empty_form_takes_the_fitting_settings_and_rings(
    signed_in, frozen, base, curator, monkeypatch, django_capture_on_commit_callbacks
):
    rung = []
    monkeypatch.setattr(
        "trainer.tasks.execute_run.delay", lambda **given: rung.append(given)
    )

    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in.post(
            page("launch"), {"version": frozen.pk, "base": base.pk, "offer": "on"}
        )

    run = Run.objects.get()
    assert answer.url == page("run", run.pk)
    assert (run.version, run.base, run.requested_by) == (frozen, base, curator)
    assert (run.config["steps"], run.config["learning_rate"]) == (150, 2e-4)
    assert run.config["offer"] is True
    assert rung == [{"run_id": run.pk}]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"steps": "0"}, "greater than or equal to 1"),
        ({"steps": "many"}, "Enter a whole number"),
        ({"learning_rate": "7"}, "less than or equal to 0.1"),
        ({"max_length": "64", "max_new_tokens": "64"}, "leave room for an answer"),
        ({"base": "999"}, "Select a valid choice"),
        ({"version": "999"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(signed_in, frozen, base, given, words):
    answer = signed_in.post(
        page("launch"), {"version": frozen.pk, "base": base.pk, **given}
    )

    assert answer.status_code == 422
    assert words in answer.text
    assert not Run.objects.exists()


def test_a_version_of_others_cannot_be_chosen(client, frozen, base, dataset):
    client.force_login(ContributorFactory(member=dataset))

    assert client.get(page("launch") + f"?version={frozen.pk}").status_code == 404
    answer = client.post(page("launch"), {"version": frozen.pk, "base": base.pk})
    assert answer.status_code == 422
    assert not Run.objects.exists()


def test_a_refusal_stands_on_the_form(signed_in, frozen, base, monkeypatch):
    def refuse(**given):
        raise runs.TrainerError("No room today.")

    monkeypatch.setattr("trainer.actions.runs.request", refuse)

    answer = signed_in.post(page("launch"), {"version": frozen.pk, "base": base.pk})

    assert answer.status_code == 409
    assert "No room today." in answer.text


def test_a_run_like_another_begins_with_its_settings(signed_in, request_run, base):
    run = request_run(steps=77)

    shown = signed_in.get(page("launch") + f"?like={run.pk}").text

    assert re.search(r'name="steps" value="77"', shown)
    assert signed_in.get(page("launch") + "?like=999").status_code == 404


@pytest.mark.parametrize("number", ["²", "٣", "-1", "9" * 40])
@pytest.mark.parametrize("name", ["version", "like"])
def test_an_address_with_an_odd_number_leads_nowhere(signed_in, frozen, base, name, number):
    assert signed_in.get(page("launch"), {name: number}).status_code == 404


def test_an_odd_number_in_the_form_is_refused(signed_in, frozen, base):
    answer = signed_in.post(page("launch"), {"version": "²", "base": "9" * 5000})

    assert answer.status_code == 422


def test_without_a_base_model_it_says_where_to_look(signed_in, frozen):
    assert "No base model is ready" in signed_in.get(page("launch")).text


# ---- watching ----------------------------------------------------------------------------


def test_a_running_run_asks_for_itself_again_and_an_ended_one_does_not(
    signed_in, request_run, folders
):
    run = request_run()
    began(run)

    live = signed_in.get(page("run_live", run.pk), headers=HTMX)
    assert 'data-live="2"' in live.text
    assert "about 4 min left" in live.text
    assert "6 of 10" in live.text
    assert "<html" not in live.text and "HX-Refresh" not in live

    fence.fail(Run.objects.get(pk=run.pk), problem="It broke. Mend it.")
    live = signed_in.get(page("run_live", run.pk), headers=HTMX)
    assert "hx-trigger" not in live.text
    assert live["HX-Refresh"] == "true"
    assert "It broke. Mend it." in live.text


def test_the_moving_part_leads_to_the_page_without_htmx(signed_in, request_run, folders):
    run = request_run()

    assert signed_in.get(page("run_live", run.pk)).url == page("run", run.pk)


def test_a_finished_run_shows_what_came_of_it(signed_in, request_run, frozen, folders):
    run = request_run()
    finished(run)

    shown = signed_in.get(page("run", run.pk)).text

    for words in (
        "2.000",
        "0.500",
        "-75.0%",
        "thanks",
        "ab" * 32,
        frozen.digest,
        "Hi there.",
    ):
        assert words in shown
    assert "Say &lt;b&gt;hi&lt;/b&gt;" in shown  # what people and models wrote stays text
    assert reverse("curation:version", args=[frozen.dataset.slug, frozen.number]) in shown
    assert 'role="img"' in shown


def test_the_pages_keep_to_the_content_security_policy(signed_in, request_run, folders):
    run = request_run()
    finished(run)

    for name, args in [("runs", []), ("run", [run.pk]), ("launch", [])]:
        shown = signed_in.get(page(name, *args)).text
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", shown)


def test_the_log_is_a_download(signed_in, request_run, folders):
    run = request_run()
    folder = launch.folder_of(run)
    folder.mkdir()
    (folder / "log.txt").write_text(
        '{"event": "step", "step": 3, "loss": 1.23456}\n<script>'
    )

    answer = signed_in.get(page("run_log", run.pk))

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert signed_in.head(page("run_log", run.pk)).status_code == 200
    began(run)
    shown = signed_in.get(page("run", run.pk)).text
    assert "step 3  loss 1.235\n&lt;script&gt;" in shown


def test_cancel_and_retry_by_their_buttons(signed_in, request_run, folders):
    run = request_run()

    signed_in.post(page("run_cancel", run.pk))
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert (
        "already cancelled" in signed_in.post(page("run_cancel", run.pk), follow=True).text
    )

    signed_in.post(page("run_retry", run.pk))
    run.refresh_from_db()
    assert run.state == "queued"


# ---- cost --------------------------------------------------------------------------------


def test_the_list_costs_the_same_however_long_it_is(
    signed_in, request_run, django_assert_num_queries
):
    for _ in range(12):
        request_run()

    # Expect 9 queries: the session, how many runs there are, the runs with all that they
    # show, which are champions, the base models, the versions in their weights, what was
    # taken back of those, whether there is a version to train on, the bell
    with django_assert_num_queries(9):
        signed_in.get(page("runs"))


def test_watching_is_cheap(signed_in, request_run, folders, django_assert_num_queries):
    run = request_run()
    began(run)

    # Expect 4 queries: the session, the run with its evaluation, what its last step said,
    # its curves
    with django_assert_num_queries(4):
        signed_in.get(page("run_live", run.pk), headers=HTMX)


def test_what_was_taken_back_is_said_where_runs_are_launched_and_on_their_pages(
    signed_in, request_run, base
):
    run = request_run()
    text = run.version.items.order_by("pk").first().reply
    asked = {"person": text.author, "asked_by": text.author, "message": text}
    done = {"state": "finished", "finished_at": now()}
    withdrawal = Withdrawal.objects.create(**asked, **done)
    Recall.objects.create(version=run.version, message=text, withdrawal=withdrawal)

    assert "1 text of it was taken back" in signed_in.get(page("launch")).text
    shown = signed_in.get(page("run", run.pk)).text
    assert "1 text of its version was taken back by its author" in shown


def test_the_page_of_a_run_has_its_budget(
    signed_in, request_run, folders, django_assert_num_queries
):
    run = request_run()
    finished(run)

    # Expect 17 queries: the session, the run with all it points to, its samples,
    # its checkpoints, those that went on from it, its parts, what it went into, runs like
    # it, its curves, its history, and may this person steer it (the version with its
    # dataset, the membership), what was taken back, what is behind it, its dataset's
    # champion, whether it is trained again, the bell
    with django_assert_num_queries(17):
        signed_in.get(page("run", run.pk))


def test_the_list_can_be_narrowed_to_one_version(signed_in, request_run):
    run = request_run()

    mine = signed_in.get(page("runs"), {"version": run.version_id})
    other = signed_in.get(page("runs"), {"version": run.version_id + 1})

    assert f"Run {run.pk}" in mine.text
    assert f"Run {run.pk}" not in other.text
    assert "Show all" in other.text
