"""What a person fills in to start a run, or to add a base model."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from curation.handoff import FrozenVersion
from trainer import config
from trainer.config import RunConfig
from trainer.errors import TrainerError
from trainer.models import BaseModel
from trainer.text import is_number

TEXTS_AT_MOST = 1_000_000_000  # more are in no version


def _setting_field(field: dataclasses.Field[Any], default: Any) -> forms.Field:
    facts = field.metadata
    shared: dict[str, Any] = {"label": facts["label"], "help_text": facts["hint"]}
    if isinstance(default, bool):
        return forms.BooleanField(required=False, initial=default, **shared)
    kind = forms.IntegerField if isinstance(default, int) else forms.FloatField
    widget = forms.NumberInput(attrs={"placeholder": f"{default:g}", "step": "any"})
    if isinstance(default, int):
        widget.attrs["step"] = 1
    limits = {"min_value": facts["least"], "max_value": facts["most"]}
    return kind(required=False, widget=widget, **limits, **shared)


class LaunchForm(forms.Form):
    """Settings left empty are chosen for the version and the base: see config.defaults."""

    def __init__(
        self,
        *args: Any,
        versions: Sequence[FrozenVersion],
        bases: Sequence[BaseModel],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.versions = {version.id: version for version in versions}
        if whole := [version.id for version in versions if not version.erased]:
            self.initial.setdefault("version", whole[0])
        self.bases = {base.pk: base for base in bases}
        self.fields["version"] = forms.TypedChoiceField(
            label=_("Trained on"),
            coerce=int,
            choices=[(v.id, _named(v)) for v in versions],
        )
        self.fields["base"] = forms.TypedChoiceField(
            label=_("Base model"),
            coerce=int,
            choices=[(base.pk, str(base)) for base in bases],
        )
        # How many texts were taken back, as the person was told: see launch.html.
        self.fields["recalled"] = forms.IntegerField(
            required=False, min_value=0, max_value=TEXTS_AT_MOST
        )
        wanted = self._defaults(self.initial.get("version"), self.initial.get("base"))
        for field in dataclasses.fields(RunConfig):
            self.fields[field.name] = _setting_field(field, getattr(wanted, field.name))

    def plain(self) -> list[forms.BoundField]:
        """What everybody decides."""
        return [self["version"], self["base"], *self._settings(is_advanced=False)]

    def to_confirm(self) -> FrozenVersion | None:
        """The chosen version, where texts of it were taken back."""
        chosen = self.versions.get(_number(self["version"].value()))
        return chosen if chosen and chosen.recalled and not chosen.erased else None

    def advanced(self) -> list[forms.BoundField]:
        return self._settings(is_advanced=True)

    def has_advanced_errors(self) -> bool:
        return any(field.errors for field in self.advanced())

    def _settings(self, *, is_advanced: bool) -> list[forms.BoundField]:
        fields = dataclasses.fields(RunConfig)
        return [self[f.name] for f in fields if f.metadata["is_advanced"] is is_advanced]

    def clean(self) -> dict[str, Any]:
        given = {**(super().clean() or {})}
        if self.errors:
            return given
        version, base = given.pop("version"), given.pop("base")
        known = given.pop("recalled") or 0
        settings = {name: value for name, value in given.items() if value is not None}
        try:
            chosen = dataclasses.replace(self._defaults(version, base), **settings)
            wanted = RunConfig.parse(chosen.as_json())
        except TrainerError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        facts = {"version_id": version, "base_id": base, "recalled": known}
        return {**facts, "config": wanted.as_json()}

    def _defaults(self, version: object, base: object) -> RunConfig:
        on = self.versions.get(_number(version)) or next(iter(self.versions.values()), None)
        of = self.bases.get(_number(base)) or next(iter(self.bases.values()), None)
        return config.defaults(
            train_count=on.train_count if on else 0,
            is_starter=of.is_starter if of else True,
            is_long=not on.is_pairs if on else False,
        )


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | str) and is_number(str(value)) else 0


def _named(version: FrozenVersion) -> str:
    counted = ngettext(
        "%(title)s: %(count)d example, %(held_out)d held out",
        "%(title)s: %(count)d examples, %(held_out)d held out",
        version.train_count,
    )
    said = counted % {
        "title": version.title,
        "count": version.train_count,
        "held_out": version.held_out_count,
    }
    if version.erased:
        return _("%(said)s; not whole any more") % {"said": said}
    if not version.recalled:
        return said
    recalled = ngettext(
        "%(count)d text of it was taken back",
        "%(count)d texts of it were taken back",
        version.recalled,
    )
    return f"{said}; {recalled % {'count': version.recalled}}"


class BaseForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    location = forms.CharField(
        label=_("Location"),
        max_length=400,
        help_text=_("A folder on this machine, from / on; or a hub id such as owner/name."),
    )
    revision = forms.CharField(
        label=_("Revision"),
        max_length=40,
        required=False,
        help_text=_("For a hub model: the 40 hex digits of one commit."),
    )
    licence = forms.CharField(
        label=_("Licence"),
        max_length=60,
        required=False,
        help_text=_("An SPDX identifier, such as Apache-2.0."),
    )
