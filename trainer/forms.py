"""What a person fills in to start a run, or to add a base model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from curation.handoff import FrozenVersion
from trainer import methods
from trainer.config import RunConfig
from trainer.errors import TrainerError
from trainer.lengths import Lengths, measure
from trainer.methods import Method, Rows
from trainer.models import BaseModel, Run
from trainer.text import is_number

TEXTS_AT_MOST = 1_000_000_000  # more are in no version


def _setting_field(field: dataclasses.Field[Any], fitting: Any) -> forms.Field:
    """`fitting` is None where it is chosen later."""
    facts = field.metadata
    default = field.default if fitting is None else fitting
    shared: dict[str, Any] = {"label": facts["label"], "help_text": facts["hint"]}
    if isinstance(default, bool):
        return forms.BooleanField(required=False, initial=default, **shared)
    if facts["choices"]:
        return forms.TypedChoiceField(
            choices=facts["choices"],
            coerce=int if isinstance(default, int) else str,
            empty_value=None,
            initial=default,
            required=False,
            **shared,
        )
    kind = forms.IntegerField if isinstance(default, int) else forms.FloatField
    attrs: dict[str, Any] = {"step": 1 if kind is forms.IntegerField else "any"}
    if fitting is not None:
        attrs["placeholder"] = f"{fitting:g}"
    widget = forms.NumberInput(attrs=attrs)
    limits = {"min_value": facts["least"], "max_value": facts["most"]}
    return kind(required=False, widget=widget, **limits, **shared)


class MethodForm(forms.Form):
    """The settings of one method, as fields: of a run, and of what plans runs."""

    method: Method

    def add_settings(self, fitting: RunConfig | None) -> None:
        """`fitting` is what those left empty will be, where that is known by now."""
        for field in self.settings:
            usual = getattr(fitting, field.name) if fitting else None
            self.fields[field.name] = _setting_field(field, usual)

    @property
    def settings(self) -> tuple[dataclasses.Field[Any], ...]:
        return dataclasses.fields(self.method.config)

    def shown_settings(self) -> list[forms.BoundField]:
        return self._settings(is_advanced=False)

    def advanced(self) -> list[forms.BoundField]:
        return self._settings(is_advanced=True)

    def has_advanced_errors(self) -> bool:
        return any(field.errors for field in self.advanced())

    def chosen_settings(self) -> dict[str, Any]:
        """Those that were not left empty."""
        given = {field.name: self.cleaned_data[field.name] for field in self.settings}
        return {name: value for name, value in given.items() if value not in (None, "")}

    def _settings(self, *, is_advanced: bool) -> list[forms.BoundField]:
        return [
            self[f.name] for f in self.settings if f.metadata["is_advanced"] is is_advanced
        ]


class LaunchForm(MethodForm):
    """Of one method. Settings left empty are chosen for the version and the base: see
    methods.defaults."""

    def __init__(
        self,
        *args: Any,
        method: Method,
        versions: Sequence[FrozenVersion],
        bases: Sequence[BaseModel],
        parents: Sequence[Run] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.method = method
        self.every = {version.id: version for version in versions}
        self.versions = {pk: one for pk, one in self.every.items() if self._fits(one)}
        self.rows = {
            pk: methods.rows(method, version) for pk, version in self.versions.items()
        }
        self.bases = {base.pk: base for base in bases}
        self.parents = {run.pk: run for run in parents if run.base_id in self.bases}
        self._begin()
        self.fields["version"] = forms.TypedChoiceField(
            label=_("Trained on"),
            coerce=int,
            choices=[(v.id, _named(v, self.rows[v.id])) for v in self.versions.values()],
        )
        self.fields["base"] = forms.TypedChoiceField(
            label=_("Base model"),
            coerce=int,
            choices=[(base.pk, str(base)) for base in bases],
        )
        self.fields["parent"] = forms.TypedChoiceField(
            label=_("Goes on from"),
            coerce=int,
            required=False,
            empty_value=None,
            choices=[("", _("The base itself")), *map(as_parent, self.parents.values())],
            help_text=_("A fine-tuned model of the same base; what it learned is kept."),
        )
        # How many texts were taken back, as the person was told: see launch.html.
        self.fields["recalled"] = forms.IntegerField(
            required=False, min_value=0, max_value=TEXTS_AT_MOST
        )
        fitting = self._defaults(self["version"].value(), self["base"].value())
        self.add_settings(fitting)

    def plain(self) -> list[forms.BoundField]:
        """What everybody decides."""
        chosen = [self["version"], self["base"]]
        if self.parents:
            chosen.append(self["parent"])
        return [*chosen, *self.shown_settings()]

    def kept_address(self) -> str:
        """What the form of another method begins with, too."""
        version = self.initial.get("version")
        return f"&version={version}" if version else ""

    def newest(self) -> FrozenVersion | None:
        return next(iter(self.every.values()), None)

    def unfit(self) -> FrozenVersion | None:
        """The version that was asked for, where the method finds nothing in it."""
        asked = _number(self.initial.get("version"))
        return self.every.get(asked) if asked not in self.versions else None

    def lengths(self) -> Lengths | None:
        """Of the chosen version's examples in tokens of the chosen base."""
        on = self.versions.get(_number(self["version"].value()))
        of = self.bases.get(_number(self["base"].value()))
        return measure(of, on, self.method.table) if on and of else None

    def to_confirm(self) -> FrozenVersion | None:
        """The chosen version, where texts of it were taken back."""
        chosen = self.versions.get(_number(self["version"].value()))
        return chosen if chosen and chosen.recalled and not chosen.erased else None

    def clean(self) -> dict[str, Any]:
        given = {**(super().clean() or {})}
        if self.errors:
            return given
        version, base, parent = (given[name] for name in ("version", "base", "parent"))
        known = given["recalled"] or 0
        try:
            fitting = self._defaults(version, base)
            chosen = dataclasses.replace(fitting, **self.chosen_settings())
            wanted = self.method.config.parse(chosen.as_json())
        except TrainerError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        facts = {"version_id": version, "base_id": base, "recalled": known}
        how = {"method": self.method.name.value, "parent_id": parent}
        return {**facts, **how, "config": wanted.as_json()}

    def _fits(self, version: FrozenVersion) -> bool:
        return not self.method.table or self.method.table in version.tables

    def _begin(self) -> None:
        """What is chosen first: the newest whole version, and for preferences the newest
        fine-tuned run on the same dataset."""
        if whole := [version for version in self.versions.values() if not version.erased]:
            self.initial.setdefault("version", whole[0].id)
        on = self.versions.get(_number(self.initial.get("version")))
        if on is None or not self.method.goes_on or "parent" in self.initial:
            return
        for run in self.parents.values():
            is_base = self.initial.get("base") in (None, run.base_id)
            if is_base and run.version.dataset_id == on.dataset_id:
                self.initial.update(parent=run.pk, base=run.base_id)
                return

    def _defaults(self, version: object, base: object) -> RunConfig:
        on = self.versions.get(_number(version)) or next(iter(self.versions.values()), None)
        of = self.bases.get(_number(base)) or next(iter(self.bases.values()), None)
        return methods.defaults(
            self.method.name,
            train_count=self.rows[on.id].units if on else 0,
            is_starter=of.is_starter if of else True,
            is_long=not on.is_pairs if on else False,
        )


def as_parent(run: Run) -> tuple[int, str]:
    said = _("Run %(number)d: %(base)s on %(version)s")
    return run.pk, said % {"number": run.pk, "base": run.base, "version": run.version}


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | str) and is_number(str(value)) else 0


def _named(version: FrozenVersion, rows: Rows) -> str:
    said = _counted(version, rows)
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


def _counted(version: FrozenVersion, rows: Rows) -> str:
    if not rows.are_known:
        return version.title
    if rows.are_examples:
        counted = ngettext(
            "%(title)s: %(count)d example, %(held_out)d held out",
            "%(title)s: %(count)d examples, %(held_out)d held out",
            rows.train,
        )
    else:
        counted = ngettext(
            "%(title)s: %(count)d preference, %(held_out)d held out",
            "%(title)s: %(count)d preferences, %(held_out)d held out",
            rows.train,
        )
    return counted % {
        "title": version.title, "count": rows.train, "held_out": rows.held_out,
    }  # fmt: skip


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


class MergeForm(forms.Form):
    """Which adapters to merge into one, and how."""

    way = forms.ChoiceField(
        label=_("How"), choices=methods.WAYS, widget=forms.RadioSelect, initial="cat"
    )

    def __init__(self, *args: Any, others: Iterable[Run], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["runs"] = forms.TypedMultipleChoiceField(
            label=_("With"),
            coerce=int,
            choices=[(run.pk, _one_of(run)) for run in others],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": _("Choose one run at least.")},
        )
        self.order_fields(["runs", "way"])


def _one_of(run: Run) -> str:
    named = {"number": run.pk, "version": run.version}
    return str(_("Run %(number)d on %(version)s") % named)
