"""What the pages of checks and of evaluation sets send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.clean import checks, meaning
from curation.clean.check import Treatment
from curation.clean.checks import treatment
from curation.errors import BadLine
from curation.forms.set_files import texts_in
from curation.models import Policy
from curation.wording import translated

WORDS = {
    Treatment.OFF: gettext_lazy("Not looked for"),
    Treatment.HINT: gettext_lazy("A hint for writer and reviewer"),
    Treatment.HOLD: gettext_lazy("Held until a curator has looked"),
}
HINTS_ONLY = frozenset(
    {"length", "preference", meaning.NAME}
)  # never sure enough to hold something
MEGABYTES_AT_MOST = 8


class ChecksForm(forms.Form):
    """A choice for each check that there is, those of plugins, too."""

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy = policy
        self.checks = {
            name: check
            for name, check in checks.CHECKS.items()
            if name != meaning.NAME or settings.EMBEDDER
        }
        for name, check in self.checks.items():
            self.fields[f"check-{name}"] = forms.ChoiceField(
                label=translated(check.label),
                choices=[
                    (choice.value, words)
                    for choice, words in WORDS.items()
                    if choice is not Treatment.HOLD or name not in HINTS_ONLY
                ],
                initial=treatment(name, policy.checks).value,
            )

    def chosen(self) -> dict[str, str]:
        """The policy: what differs from the usual, and what was said of checks now gone."""
        gone = {
            name: choice
            for name, choice in self.policy.checks.items()
            if name not in self.checks
        }
        here = {
            name: self.cleaned_data[f"check-{name}"]
            for name, check in self.checks.items()
            if self.cleaned_data[f"check-{name}"] != check.usually.value
        }
        return gone | here


class EvaluationSetForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("As its makers call it, such as “GSM8K, test”."),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".jsonl,.txt,text/plain"}),
    )
    names = forms.CharField(
        label=gettext_lazy("Fields to read"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Of JSON Lines: with commas between them, like “question, answer”. Empty: all "
            "texts of a line."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = _(
            "JSON Lines, an item a line, or plain text, likewise. At most %(count)d MB."
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
        names = [one.strip() for one in cleaned.get("names", "").split(",") if one.strip()]
        try:
            cleaned["texts"] = texts_in(
                file.read(),
                is_json=file.name.lower().endswith((".jsonl", ".json")),
                names=names,
            )
        except BadLine as problem:
            self.add_error("file", str(problem))
        return cleaned
