"""What the page of exports to other formats sends."""

from __future__ import annotations

from typing import Any, get_args

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.actions.extracting import Wanted
from curation.formats.format import Format
from curation.formats.preferences import Policy
from curation.formats.registry import WRITTEN
from curation.models import Dataset
from curation.wording import translated

COMPARED = "preference"  # the format whose rows are pairs of answers
RECORD = "record"  # and no number of a version
KINDS = {
    "jsonl": gettext_lazy("JSON Lines: a row a line, exact"),
    "json": gettext_lazy("JSON: one list"),
    "csv": gettext_lazy("CSV for spreadsheets: nothing in it becomes a formula"),
    "parquet": gettext_lazy("Parquet"),
}
PAIRS = {
    "all": gettext_lazy("Every two that differ"),
    "adjacent": gettext_lazy("Each with the next"),
    "best_worst": gettext_lazy("The best with the worst"),
}
assert set(PAIRS) == set(get_args(Policy))


class ExtractForm(forms.Form):
    """What does not go with the format or the version that is chosen is not asked."""

    without_optional = True

    version = forms.ChoiceField(label=gettext_lazy("What"))
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[(key, one.label) for key, one in WRITTEN.items()],
        initial="chat",
    )
    kind = forms.ChoiceField(label=gettext_lazy("File"), choices=list(KINDS.items()))
    pairs = forms.ChoiceField(
        label=gettext_lazy("Which answers are compared"),
        choices=list(PAIRS.items()),
        required=False,  # it is not there until the format is
    )
    is_undecided = forms.BooleanField(
        label=gettext_lazy("Also what waits or was rejected"),
        required=False,
    )
    is_as_it_is = forms.BooleanField(
        label=gettext_lazy("With the ids, names and dates that it came with"),
        required=False,
        help_text=gettext_lazy(
            "Otherwise names are drawn anew for each file, and dates cut to their month."
        ),
    )

    def __init__(self, data: Any = None, *, dataset: Dataset) -> None:
        super().__init__(data)
        self.dataset = dataset
        numbers = dataset.versions.order_by("-number").values_list("number", flat=True)
        of_versions = [(str(n), _("Version %(number)d") % {"number": n}) for n in numbers]
        whole: Any = self.fields["version"]
        whole.choices = [(RECORD, _("The record as it is")), *of_versions]
        formats: Any = self.fields["format"]
        formats.choices = [(key, translated(one.label)) for key, one in WRITTEN.items()]
        if self.known.key != COMPARED:
            del self.fields["pairs"]
        if (self["version"].value() or RECORD) != RECORD:
            del self.fields["is_undecided"]

    @property
    def known(self) -> Format:
        """The format that is chosen, or offered first."""
        return WRITTEN.get(self["format"].value()) or WRITTEN["chat"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind")
        if not self.errors and kind not in self.known.files:
            kinds = ", ".join(self.known.files)
            said = _("%(format)s go into files of these kinds: %(kinds)s.")
            words = {"format": translated(self.known.label), "kinds": kinds}
            self.add_error("kind", said % words)
        return cleaned

    @property
    def wanted(self) -> Wanted:
        chosen = {name: value for name, value in self.cleaned_data.items() if value != ""}
        number, is_as_it_is = chosen.pop("version"), chosen.pop("is_as_it_is")
        version = None if number == RECORD else self.dataset.versions.get(number=number)
        return Wanted(**chosen, version=version, is_renamed=not is_as_it_is)
