"""Forms that curators see within a dataset, and site admins for the installation."""

from __future__ import annotations

from typing import Any

from django import forms

from curation.models import Dataset


class WithinForm(forms.Form):
    """Within a dataset, `only`, it does not ask for one."""

    def __init__(self, *args: Any, dataset: Dataset | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.only = dataset
        if dataset is not None:
            del self.fields["dataset"]
