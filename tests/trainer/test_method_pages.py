"""Each method on the pages and on the command line."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from curation import handoff
from tests.trainer.methods import execute, trainer_of
from trainer.models import Run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def calm(monkeypatch):
    """No heartbeat comes from another thread, which would not see what a test wrote."""
    monkeypatch.setattr("trainer.watch.SECONDS", 600.0)


@pytest.fixture
def tuned(request_run, fake):
    """A finished fine-tuning, to go on from."""
    return execute(request_run())


@pytest.fixture
def trained(request_run, preferred, tuned):
    return trainer_of(request_run, preferred, tuned)


class TestForm:
    @pytest.fixture(autouse=True)
    def signed_in(self, client, curator):
        client.force_login(curator)

    def test_a_method_is_chosen_by_its_address(self, client, preferred, tuned):
        page = client.get(reverse("trainer:launch"), {"method": "dpo"}).text

        assert 'name="beta"' in page and 'name="replay_share"' not in page
        assert f'<option value="{tuned.pk}" selected>' in page
        assert "preferences," in page and 'name="method" value="dpo"' in page

    def test_versions_without_preferences_are_not_offered(self, client, frozen, base):
        page = client.get(reverse("trainer:launch"), {"method": "reward"}).text

        assert 'name="version"' not in page
        assert "choose “Preference pairs from rankings” when you freeze" in page
        there = reverse("curation:versions", args=[frozen.dataset.slug])
        assert f'href="{there}"' in page

    def test_one_that_was_asked_for_is_named(self, client, frozen, preferred, base):
        asked = {"method": "dpo", "version": frozen.pk}
        page = client.get(reverse("trainer:launch"), asked).text

        assert f"{frozen} was frozen without preferences" in page
        assert 'name="version"' in page

    @pytest.mark.parametrize("odd", ["guess", "SFT", "1"])
    def test_an_unknown_method_is_not_there(self, client, frozen, base, odd):
        assert client.get(reverse("trainer:launch"), {"method": odd}).status_code == 404
        sent = {"method": odd, "version": frozen.pk, "base": base.pk}
        assert client.post(reverse("trainer:launch"), sent).status_code == 404

    def test_it_is_started_from_the_form(self, client, preferred, base, tuned):
        sent = {
            "method": "dpo", "version": preferred.pk, "base": base.pk, "parent": tuned.pk,
            "beta": "0.3",
        }  # fmt: skip

        answer = client.post(reverse("trainer:launch"), sent)

        run = Run.objects.latest("pk")
        assert answer.url == reverse("trainer:run", args=[run.pk])
        assert (run.method, run.parent, run.config["beta"]) == ("dpo", tuned, 0.3)
        like = client.get(reverse("trainer:launch"), {"like": run.pk}).text
        assert 'name="beta" value="0.3"' in like
        assert f'<option value="{tuned.pk}" selected>' in like

    @pytest.mark.parametrize("parent", ["999", "²", "-1", "9" * 400])
    def test_an_odd_parent_is_refused(self, client, preferred, base, tuned, parent):
        sent = {
            "method": "dpo", "version": preferred.pk, "base": base.pk, "parent": parent,
        }  # fmt: skip
        assert client.post(reverse("trainer:launch"), sent).status_code == 422
        assert client.get(reverse("trainer:launch"), {"parent": parent}).status_code == 404


def test_the_run_page_names_method_parent_and_pairs(client, curator, trained, tuned):
    run = trained("dpo")
    client.force_login(curator)

    page = client.get(reverse("trainer:run", args=[run.pk])).text
    parent = client.get(reverse("trainer:run", args=[tuned.pk])).text

    assert "Direct preference optimisation" in page
    assert "between 55% and 90%; chance is 50%" in page
    assert reverse("trainer:run", args=[tuned.pk]) in page
    assert "Margin of the better answer, by step" in page
    assert reverse("trainer:run", args=[run.pk]) in parent
    listed = client.get(reverse("trainer:runs")).text
    assert "Direct preference optimisation" in listed and "75% of pairs" in listed


def test_the_page_of_a_reward_model_has_no_answers(client, curator, trained):
    run = trained("reward")
    client.force_login(curator)

    page = client.get(reverse("trainer:run", args=[run.pk])).text
    behind = client.get(handoff.address_behind(f"run-{run.pk}")).text

    assert "held-out loss after" not in page and "Answers side by side" not in page
    assert "Reward model" in behind
    assert "it prefers what people prefer in 75%" in behind
    assert "Nobody has compared its answers yet." not in behind


def test_the_command_takes_method_parent_and_settings(preferred, tuned, curator):
    said = call_command(
        "train", f"{preferred.dataset.slug}/{preferred.number}", by=curator.email,
        method="dpo", parent=tuned.pk, given=["beta=0.5", "tuning=lora"], steps=10,
        wait=True,
    )  # fmt: skip

    run = Run.objects.latest("pk")
    assert (run.method, run.parent, run.config["beta"]) == ("dpo", tuned, 0.5)
    assert "75% of" in said and "between 55% and 90%" in said
    for given, words in (["beta"], "NAME=VALUE"), (["gamma=1"], "no setting “gamma”"):
        with pytest.raises(CommandError, match=words):
            call_command(
                "train", preferred.digest[:12], by=curator.email, method="dpo", given=given
            )
