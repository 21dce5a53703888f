"""Who may see and do what on the trainer's pages: the object, or 404."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from curation import handoff, renewal
from curation.handoff import Campaign, FrozenVersion
from curation.http import SignedInRequest
from trainer import methods
from trainer.methods import Method
from trainer.models import (
    BaseModel,
    Benchmark,
    Contest,
    Job,
    Removal,
    Run,
    Schedule,
    Talk,
    TalkAnswer,
    ancestry,
)
from trainer.models.contests import ContestQuerySet
from trainer.models.jobs import JobQuerySet
from trainer.models.runs import RunQuerySet
from trainer.models.schedules import ScheduleQuerySet
from trainer.models.talks import TalkQuerySet

PARENTS_AT_MOST = 100  # the newest: more are no list to choose from
TALKED_TO_AT_MOST = 200


def runs(request: SignedInRequest) -> RunQuerySet:
    """Those on versions of datasets that the person may see."""
    return Run.objects.of_versions(handoff.version_ids_for(request.user))


def parents(request: SignedInRequest) -> list[Run]:
    """Those that a run of this person can go on from, newest first."""
    may_train = Run.objects.of_versions(handoff.version_ids_to_train(request.user))
    return list(may_train.parents()[:PARENTS_AT_MOST])


def method(request: SignedInRequest, usual: str = "") -> Method:
    """The one whose form is asked for: ?method=dpo, or the `usual` one."""
    given = request.POST.get("method") or request.GET.get("method")
    name = given or usual or Run.Method.SFT
    if name not in methods.METHODS:
        raise Http404
    return methods.METHODS[name]


def run(request: SignedInRequest, pk: int) -> Run:
    """Other people's runs do not exist."""
    return get_object_or_404(runs(request).for_page(), pk=pk)


def run_to_watch(request: SignedInRequest, pk: int) -> Run:
    return get_object_or_404(runs(request).for_watching(), pk=pk)


def run_to_steer(request: SignedInRequest, pk: int) -> Run:
    """One that the person may stop and start again."""
    found = run_to_watch(request, pk)
    if not handoff.may_train(request.user, found.version_id):
        raise Http404
    return found


def run_to_take(request: SignedInRequest, pk: int) -> Run:
    """One whose model the person may take away, with all that it learned from."""
    found = run(request, pk)
    _require_all(request, found)
    return found


def finished_run_to_take(request: SignedInRequest, pk: int) -> Run:
    """The same, of one that has a model."""
    found = run_to_take(request, pk)
    if found.state != Run.State.FINISHED:
        raise Http404
    return found


def fine_tuned_run_to_take(request: SignedInRequest, pk: int) -> Run:
    """One whose examples can be left out, to see what they brought."""
    found = finished_run_to_take(request, pk)
    if found.method != Run.Method.SFT:
        raise Http404
    return found


def _require_all(request: SignedInRequest, run: Run) -> None:
    if not all(handoff.may_train(request.user, pk) for pk in run.learned_from()):
        raise Http404


def runs_to_merge(request: SignedInRequest, run: Run) -> RunQuerySet:
    """Other finished runs on its base that the person may take away. Newest first."""
    theirs = [version.id for version in handoff.versions_to_train(request.user)]
    there = runs(request).for_listing().filter(base=run.base_id, version__in=theirs)
    answering = there.usable().exclude(method=Run.Method.REWARD)
    with_adapter = answering.exclude(config__tuning="full")
    return with_adapter.exclude(pk=run.pk)


def jobs(request: SignedInRequest) -> JobQuerySet:
    """Those on versions of datasets that the person may see, without others' talks."""
    shown = Job.objects.for_listing().visible_to(request.user)
    return shown.filter(version__in=handoff.version_ids_for(request.user))


def job(request: SignedInRequest, pk: int) -> Job:
    return get_object_or_404(jobs(request), pk=pk)


def job_to_steer(request: SignedInRequest, pk: int) -> Job:
    found = job(request, pk)
    if not handoff.may_train(request.user, found.version_id):
        raise Http404
    return found


def job_to_take(request: SignedInRequest, pk: int) -> Job:
    """One whose files the person may take away, with all that the model learned from."""
    found = job_to_steer(request, pk)
    if found.run is None:
        raise Http404
    _require_all(request, found.run)
    return found


def model_to_ask_about(request: SignedInRequest, pk: int) -> Run:
    """A finished run of somebody who may steer it, and that can answer."""
    found = run(request, pk)
    is_usable = found.state == Run.State.FINISHED and found.retired_at is None
    if found.method == Run.Method.REWARD or not is_usable:
        raise Http404
    if not handoff.may_train(request.user, found.version_id):
        raise Http404
    return found


def runs_to_talk_to(request: SignedInRequest) -> list[Run]:
    """Finished runs whose models answer, newest first.

    Of datasets that the person curates: reviewers rank blind, so they must not get to know
    how a model speaks. All that a model learned from counts: it may recite it.
    """
    may_train = Run.objects.of_versions(handoff.version_ids_to_train(request.user))
    that_answer = may_train.usable().exclude(method=Run.Method.REWARD)
    joined = that_answer.select_related("base", "version__dataset").order_by("-pk")
    newest = list(joined[:TALKED_TO_AT_MOST])
    learned = ancestry.versions(run.pk for run in newest)
    theirs = set(handoff.version_ids_to_train(request.user)) if newest else set()
    return [run for run in newest if theirs.issuperset(learned[run.pk])]


def talks(request: SignedInRequest) -> TalkQuerySet:
    """The person's own, the last one first. Nobody else sees them, admins neither."""
    return Talk.objects.of(request.user).order_by("-last_at", "-pk")


def talk(request: SignedInRequest, pk: int) -> Talk:
    return get_object_or_404(talks(request).select_related("job"), pk=pk)


def talk_answer(request: SignedInRequest, pk: int) -> TalkAnswer:
    """One that is there, in a talk of the person's own."""
    mine = TalkAnswer.objects.filter(turn__talk__owner=request.user)
    there = mine.filter(state=TalkAnswer.State.DONE)
    joined = there.select_related("turn", "voice__base", "voice__run__base", "sent_to")
    return get_object_or_404(joined, pk=pk)


def removal_to_decide(request: SignedInRequest, pk: int) -> Removal:
    found = get_object_or_404(Removal.objects.select_related("run"), pk=pk)
    if not handoff.may_train(request.user, found.run.version_id):
        raise Http404
    return found


def benchmark_to_change(request: SignedInRequest, pk: int) -> Benchmark:
    found = get_object_or_404(Benchmark.objects.for_listing(), pk=pk)
    if not handoff.may_curate(request.user, found.dataset_id):
        raise Http404
    return found


def contests(request: SignedInRequest) -> ContestQuerySet:
    """Those of datasets that the person may see, newest first."""
    seen = handoff.version_ids_for(request.user)
    return Contest.objects.for_listing().filter(version__in=seen)


def contest_to_stop(request: SignedInRequest, pk: int) -> Contest:
    found = get_object_or_404(contests(request), pk=pk)
    if not handoff.may_train(request.user, found.version_id):
        raise Http404
    return found


def dataset(request: SignedInRequest, slug: str) -> Campaign:
    found = handoff.dataset_for(request.user, slug)
    if found is None:
        raise Http404
    return found


def dataset_to_curate(request: SignedInRequest, slug: str) -> Campaign:
    found = dataset(request, slug)
    if not found.is_curated:
        raise Http404
    return found


def dataset_to_think_over(request: SignedInRequest, slug: str) -> Any:
    """One whose texts the person decides on."""
    found = handoff.dataset_to_curate(request.user, slug)
    if found is None:
        raise Http404
    return found


def version(request: SignedInRequest, digest: str) -> FrozenVersion:
    """One of a dataset that the person may see."""
    found = handoff.version_ids_for(request.user).filter(digest=digest).first()
    if found is None:
        raise Http404
    return handoff.frozen(found)


def version_to_train(request: SignedInRequest, digest: str) -> FrozenVersion:
    """One that the person may train on."""
    found = version(request, digest)
    if not handoff.may_train(request.user, found.id):
        raise Http404
    return found


def versions_to_train(request: SignedInRequest) -> list[FrozenVersion]:
    return handoff.versions_to_train(request.user)


def base_to_build(request: SignedInRequest, pk: int) -> BaseModel:
    if not request.user.is_staff:
        raise Http404
    return get_object_or_404(BaseModel, pk=pk)


def schedules(request: SignedInRequest) -> ScheduleQuerySet:
    """Those of datasets that the person curates."""
    curated = [dataset.id for dataset in renewal.curated_by(request.user)]
    return Schedule.objects.filter(dataset__in=curated)


def schedule(request: SignedInRequest, pk: int) -> Schedule:
    return get_object_or_404(schedules(request).for_listing(), pk=pk)
