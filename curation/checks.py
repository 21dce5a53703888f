"""System check: every field of every model of ours has a privacy class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, register
from django.db.models import Model

OURS = ("curation", "annotate", "trainer")


@register
def every_field_has_a_privacy_class(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    chosen = app_configs or apps.get_app_configs()
    ours = [config for config in chosen if config.label in OURS]
    return [
        problem
        for config in ours
        for model in config.get_models()
        for problem in _of(model)
    ]


def _of(model: type[Model]) -> list[CheckMessage]:
    privacy = getattr(model, "Privacy", None)
    if privacy is None:
        return [Error("It has no Privacy class.", obj=model, id="curation.E001")]
    fields = {f.name for f in (*model._meta.fields, *model._meta.many_to_many)}
    published, withheld = set(privacy.published), set(privacy.withheld)
    problems = {
        "in neither class": fields - published - withheld,
        "in both classes": published & withheld,
        "not a field": (published | withheld) - fields,
    }
    return [
        Error(f"Privacy: {name} is {what}.", obj=model, id="curation.E002")
        for what, names in problems.items()
        for name in sorted(names)
    ]
