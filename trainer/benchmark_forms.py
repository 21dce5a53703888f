"""What the page of benchmarks sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.errors import BadLine
from trainer import benchmark_files
from trainer.benchmark_files import MEGABYTES_AT_MOST, BadFile
from trainer.jobs.benchmark import DEFAULTS, LIMITS
from trainer.models import Benchmark, Run

ALONE = "base-"


class BenchmarkForm(forms.Form):
    """A set to add."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("As its makers call it, such as “GSM8K, test”."),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".jsonl,.json,application/json"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = _(
            "JSON Lines: “prompt” and “answer”; for a choice also “options”, where "
            "“answer” names the right one. “category” if there are several. At most "
            "%(count)d MB."
        )
        self.fields["file"].help_text = said % {"count": MEGABYTES_AT_MOST}

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is None:
            return cleaned
        if file.size > MEGABYTES_AT_MOST * 1_000_000:
            said = _("The file is larger than %(count)d MB. Upload it in parts.")
            self.add_error("file", said % {"count": MEGABYTES_AT_MOST})
            return cleaned
        try:
            cleaned["questions"] = benchmark_files.read(file.read())
        except BadFile as bad:
            for problem in bad.problems:
                self.add_error("file", problem)
        except BadLine as problem:
            self.add_error("file", str(problem))
        return cleaned


class Model(NamedTuple):
    """Of a run its model, or its base alone."""

    run: Run
    is_alone: bool


class QuestionForm(forms.Form):
    """Which model answers which set."""

    benchmark = forms.TypedChoiceField(label=gettext_lazy("Benchmark"), coerce=int)
    model = forms.ChoiceField(label=gettext_lazy("Model"))
    at_most = forms.IntegerField(
        label=gettext_lazy("Questions at most"),
        min_value=LIMITS["at_most"][0],
        max_value=LIMITS["at_most"][1],
        initial=DEFAULTS["at_most"],
        help_text=gettext_lazy("Spread evenly over the set, the same for every model."),
    )
    max_new_tokens = forms.IntegerField(
        label=gettext_lazy("Tokens per answer"),
        min_value=LIMITS["max_new_tokens"][0],
        max_value=LIMITS["max_new_tokens"][1],
        initial=DEFAULTS["max_new_tokens"],
    )

    def __init__(
        self, *args: Any, sets: Sequence[Benchmark], runs: Sequence[Run], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.models = {str(run.pk): Model(run, is_alone=False) for run in runs}
        bases = {run.base_id: run for run in runs}.values()
        self.models |= {f"{ALONE}{run.pk}": Model(run, is_alone=True) for run in bases}
        sets_shown = [(one.pk, one.name) for one in sets]
        self.fields["benchmark"].choices = sets_shown  # type: ignore[attr-defined]
        named = [(key, self._named(one)) for key, one in self.models.items()]
        self.fields["model"].choices = named  # type: ignore[attr-defined]

    @staticmethod
    def _named(one: Model) -> str:
        if not one.is_alone:
            return one.run.signature
        return _("%(base)s, without any fine-tuning") % {"base": one.run.base.slug}

    def request(self) -> dict[str, Any]:
        """As `actions.jobs.request` takes it."""
        given = self.cleaned_data
        run, is_alone = self.models[given["model"]]
        length = run.config.get("max_length", DEFAULTS["max_length"])
        config = {name: given[name] for name in ("benchmark", "at_most", "max_new_tokens")}
        of = {"base": run.base, "version_id": run.version_id} if is_alone else {"run": run}
        return {**of, "config": config | {"max_length": length}}
