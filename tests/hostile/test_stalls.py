"""No text keeps the server busy: each field has a longest one, and that is read in time.

What the checks make of the longest texts: tests/curation/test_clean_long_texts.py.
"""

from __future__ import annotations

import pytest
from django import forms
from django.core.validators import MaxLengthValidator
from django.urls import get_resolver

from curation import rendering
from curation.clean.text import TEXT_AT_MOST
from curation.contenders import MARKS
from tests.curation.test_clean_long_texts import bounded_computing

RUNS = [
    "*",
    "_a",
    "[",
    "[a](",
    "![",
    "`",
    "```\n",
    "> ",
    "- ",
    "|a",
    "<",
    "&",
    "#",
    "\n- ",
    "~",
]


# Longest ones are told by an action, so that nothing typed is lost: see conversations.py.
TEXTS = {
    "text", "context", "prompt", "reply", "edited_text",
}  # fmt: skip
# At most what a request may hold, shown as it is, and no pattern goes over it.
SHOWN_ONLY = {
    "curation.forms.datasets.CategoryForm.brief",
    "curation.forms.datasets.CategoryChangeForm.brief",
    "curation.forms.datasets.DatasetForm.description",
    "curation.forms.datasets.DatasetChangeForm.description",
    "curation.forms.datasets.DatasetForm.languages",
    "curation.forms.datasets.DatasetChangeForm.languages",
    "curation.forms.duplicates.ClusterForm.merge",
    "curation.forms.duplicates.ClusterForm.dismiss",
    "curation.forms.moderation.FlagForm.message",
    "curation.forms.queue.QueueFilterForm.after",
    "curation.admin.AccountCreationForm.password1",
    "curation.admin.AccountCreationForm.password2",
}


def forms_of_ours():
    get_resolver().url_patterns  # noqa: B018  # loads every view, and so every form
    waiting = [forms.BaseForm]
    while waiting:
        for one in waiting.pop().__subclasses__():
            waiting.append(one)
            if one.__module__.startswith(("curation", "annotate", "trainer")):
                yield one


def is_bounded(field):
    limits = [one for one in field.validators if isinstance(one, MaxLengthValidator)]
    return bool(limits) or isinstance(field, forms.UUIDField)


def test_each_field_for_text_has_a_longest_one():
    """Choices are compared with a list, and numbers and days are not this kind of field."""
    unbounded, seen = set(), 0
    for form in forms_of_ours():
        for name, field in form.base_fields.items():
            seen += isinstance(field, forms.CharField)
            if isinstance(field, forms.CharField) and not is_bounded(field):
                unbounded.add(f"{form.__module__}.{form.__name__}.{name}")
    unbounded = {name for name in unbounded if ".design." not in name} - SHOWN_ONLY
    of_tasks = ("annotate.forms.", "curation.forms.conversations.AmendForm")
    other = {
        name
        for name in unbounded
        if not (name.startswith(of_tasks) and name.rpartition(".")[2] in TEXTS)
    }

    assert seen > 80
    assert not other, "\n".join(sorted(other))


@pytest.mark.parametrize("run", RUNS)
def test_the_longest_text_is_shown_in_time(run):
    text = (run * TEXT_AT_MOST)[: TEXT_AT_MOST - 1] + "b"
    with bounded_computing():
        rendering.markdown(text)
        rendering.plain(text)
        MARKS.findall(text)


@pytest.mark.parametrize("run", ["\n", " \n", "\t", "-\n"])
def test_marks_are_counted_in_one_go(run):
    with bounded_computing():
        MARKS.findall(run * TEXT_AT_MOST * 5)
