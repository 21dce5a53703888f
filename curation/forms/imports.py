"""What the pages of imports send: a file or words, and how to read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation import mapped
from curation.formats.format import Field, Format
from curation.formats.registry import FORMATS, PLAINEST
from curation.mapped import Preview
from curation.models import Dataset
from curation.models.imports import ARRIVING
from curation.wording import translated

PASTED_AT_MOST = 1_000_000  # characters
COLUMN = "column-"  # so begin the names of the fields' choices


class UploadForm(forms.Form):
    without_optional = True  # one of the two

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=forms.FileInput(
            attrs={"accept": ".jsonl,.ndjson,.json,.csv,.tsv,.parquet,.gz", "data-drop": ""}
        ),
    )
    pasted = forms.CharField(
        label=gettext_lazy("Or paste it"),
        required=False,
        strip=False,
        max_length=PASTED_AT_MOST,
        help_text=gettext_lazy(
            "JSON, a row a line or a list, or a table as you copy it out of a spreadsheet."
        ),
        widget=forms.Textarea(attrs={"class": "textarea--plain mono", "rows": 5}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = _(
            "JSON Lines, JSON, CSV or Parquet, at most %(size)d MB and %(rows)s rows; text "
            "may be packed as .gz."
        )
        self.fields["file"].help_text = said % {
            "size": settings.IMPORT_MEGABYTES,
            "rows": intcomma(settings.IMPORT_ROWS),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        if bool(cleaned.get("file")) == bool(cleaned.get("pasted", "").strip()):
            raise forms.ValidationError(_("Choose a file, or paste something."))
        return cleaned

    @property
    def name(self) -> str:
        file = self.cleaned_data["file"]
        return str(file.name) if file else "pasted"

    @property
    def content(self) -> Iterable[bytes]:
        file = self.cleaned_data["file"]
        if file:
            chunks: Iterable[bytes] = file.chunks()
            return chunks
        return [self.cleaned_data["pasted"].encode(errors="surrogatepass")]


class ColumnField(forms.ChoiceField):
    """Which column of a file has what a field of the format calls for."""

    def __init__(self, one: Field, columns: Sequence[str], used: str) -> None:
        super().__init__(
            label=one.name,
            required=False,
            choices=[("", _("not in the file")), *((name, name) for name in columns)],
            initial=used,
            help_text=translated(one.about) if one.about else "",
        )
        self.is_needed = one.is_required


class MappingForm(forms.Form):
    """A format, and the column of each of its fields.

    `is_shown` says whether what was sent is about the fields of this format: who chooses
    another one looks at its fields first.
    """

    format = forms.ChoiceField(label=gettext_lazy("What is in it"))
    as_state = forms.ChoiceField(
        label=gettext_lazy("Texts arrive"),
        choices=ARRIVING,
        initial="accepted",
        help_text=gettext_lazy("Answers that the file calls bad wait for review anyway."),
    )

    def __init__(self, data: Any = None, *, dataset: Dataset, first: Preview) -> None:
        offered = {
            key: one
            for key, one in FORMATS.items()
            if not (dataset.is_pairs and one.is_of_trees)
        }
        chosen = offered.get(data.get("format", "")) if data else None
        guess = mapped.guessed(first, chosen, offered)
        self.known = guess.format if guess else chosen or PLAINEST
        self.guess = guess.mapping if guess else {}
        self.there = mapped.columns(first)
        self.is_shown = data is not None and data.get("shown") == self.known.key
        super().__init__(data if self.is_shown else None)
        if data and not self.is_shown:
            self.fields["as_state"].initial = data.get("as_state")
        self._offer_formats(offered)
        for one in self.known.fields:
            own = one.name if one.name in self.there else ""
            used = self.guess.get(one.name, own)
            self.fields[COLUMN + one.name] = ColumnField(one, self.there, used)

    def _offer_formats(self, offered: Mapping[str, Format]) -> None:
        found: Any = self.fields["format"]
        found.choices = [(key, translated(one.label)) for key, one in offered.items()]
        found.initial, found.help_text = self.known.key, translated(self.known.about)

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(COLUMN)]

    @property
    def mapping(self) -> dict[str, str]:
        """Fields that are called otherwise, and those of which nothing is to be read."""
        if not self.is_shown:
            return self.guess
        chosen = {
            name.removeprefix(COLUMN): column
            for name, column in self.cleaned_data.items()
            if name.startswith(COLUMN)
        }
        return {
            name: column
            for name, column in chosen.items()
            if column != name and (column or name in self.there)
        }
