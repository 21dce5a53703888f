"""What tests of removals do: take texts back, ask, and let the clock look."""

from __future__ import annotations

from django.utils.timezone import now

from curation.actions import withdrawals
from trainer import tasks
from trainer.actions import promotions, removals, replacements
from trainer.models import Run


def fresh(run):
    return Run.objects.select_related("version__dataset", "base", "parent").get(pk=run.pk)


def take_back(text):
    return withdrawals.take_back(message_id=text.pk, by=text.author)


def retire(run):
    Run.objects.filter(pk=run.pk).update(retired_at=now())


def follow(looks=4):
    """The clock's looks, and a worker that does what waits."""
    for _ in range(looks):
        replacements.settle()
        for due in replacements.due():
            replacements.carry_out(due)
        for run in Run.objects.filter(state="queued").order_by("pk"):
            tasks.execute_run(run_id=run.pk)


def ask(run, curator):
    removal = removals.ask(run_id=run.pk, by=curator)
    follow()
    removal.refresh_from_db()
    return removal


def uids(version):
    return set(version.items.values_list("reply", flat=True))


def train_unseen(made):
    """To its end, and nobody is rung for that."""
    old = made.replaces
    Run.objects.filter(pk=made.pk).update(replaces=None)
    tasks.execute_run(run_id=made.pk)
    Run.objects.filter(pk=made.pk).update(replaces=old)


def crown(run, curator):
    promotions.promote(run_id=run.pk, by=curator, reason="The first one.")


def replaced(run, curator):
    """Asked for, and all of it done."""
    removal = removals.ask(run_id=run.pk, by=curator)
    tasks.follow_removals()
    removal.refresh_from_db()
    return removal


def ring_at_once(monkeypatch):
    """What is rung for happens at once, as an idle worker's: what, in that order."""
    done = []

    def at_once(task, **ids):
        done.append((task.__name__.rpartition(".")[2], *ids.values()))
        task(**ids)

    for name in ("execute_run", "remove", "follow_removals"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "delay", lambda task=task, **ids: at_once(task, **ids))
    return done
