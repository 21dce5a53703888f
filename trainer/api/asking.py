"""What each kind of job is asked for with: whose model, by the rules of its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404
from rest_framework.exceptions import ValidationError

from curation import handoff
from curation.http import SignedInRequest
from curation.rest.strict import checked
from trainer import access
from trainer.actions import score_requests
from trainer.api.filled import CONFIG, fill
from trainer.api.wishes import WinsWish
from trainer.benchmark_forms import QuestionForm
from trainer.judging import AskForm
from trainer.models import Benchmark
from trainer.trial_forms import EffectForm, ForecastForm

Config = dict[str, Any]
# As `actions.jobs.request` takes them: the model of a run's number, and the job's settings.
Wanted = dict[str, Any]
Asking = Callable[[SignedInRequest, int, Config], Wanted]


def _filled(form: forms.Form, config: Config, **fixed: Any) -> None:
    settings = form.fields.keys() - fixed.keys()
    fill(form, given=fixed, config=config, settings=settings)


def _generate(request: SignedInRequest, pk: int, config: Config) -> Wanted:
    run = access.model_to_ask_about(request, pk)
    form = AskForm(
        room=handoff.room_to_ask(run.dataset_id),
        dataset_id=run.dataset_id,
        initial=run.settings("max_new_tokens"),
    )
    _filled(form, config)
    return {"run": run, "config": form.settings() | run.settings("max_length")}


def _wins(request: SignedInRequest, pk: int, config: Config) -> Wanted:
    run = access.model_to_ask_about(request, pk)
    try:
        asked = checked(WinsWish, config)
    except ValidationError as error:
        raise ValidationError({CONFIG: error.detail}) from error
    return {"run": run, "config": asked | run.settings("max_new_tokens", "max_length")}


def _probes(request: SignedInRequest, pk: int, config: Config) -> Wanted:
    _filled(forms.Form(), config)
    run = access.run_to_steer(request, pk)
    if not run.gives_marks:
        raise Http404
    return {"run": run}


def _export(request: SignedInRequest, pk: int, config: Config) -> Wanted:
    _filled(forms.Form(), config)
    return {"run": access.finished_run_to_take(request, pk)}


def _effect(request: SignedInRequest, pk: int, config: Config) -> Wanted:
    run = access.fine_tuned_run_to_take(request, pk)
    form = EffectForm(run=run, portions=handoff.portions_of(run.version_id, named=True))
    _filled(form, config)
    return {"run": run, "config": form.settings()}


def _forecast(request: SignedInRequest, pk: int, config: Config) -> Wanted:
    run = access.fine_tuned_run_to_take(request, pk)
    form = ForecastForm(run=run)
    _filled(form, config)
    return {"run": run, "config": form.settings()}


def _score(request: SignedInRequest, pk: int, config: Config) -> Wanted:
    _filled(forms.Form(), config)
    run = access.run_to_steer(request, pk)
    return {"run": run, "config": score_requests.config_for(run.dataset_id)}


def _influence(request: SignedInRequest, pk: int, config: Config) -> Wanted:
    _filled(forms.Form(), config)
    return {"run": access.run_to_steer(request, pk)}


def _benchmark(request: SignedInRequest, pk: int, config: Config) -> Wanted:
    run = access.model_to_ask_about(request, pk)
    sets = Benchmark.objects.for_listing().filter(dataset=run.dataset_id)
    form = QuestionForm(sets=list(sets), runs=[run])
    _filled(form, config, model=str(run.pk))
    return form.request()


ASKING: dict[str, Asking] = {
    "benchmark": _benchmark,
    "effect": _effect,
    "export": _export,
    "forecast": _forecast,
    "generate": _generate,
    "influence": _influence,
    "probes": _probes,
    "score": _score,
    "wins": _wins,
}
