"""What the labels of a review ask: for hover and focus, and for guides."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from curation.models import Label

Name = Label.Name
Words = str | Promise


class Criterion(NamedTuple):
    question: Words
    low: Words = ""  # what 1 means, of five
    high: Words = ""  # what 5 means


CRITERIA: dict[str, Criterion] = {
    Name.SPAM: Criterion(
        _("Advertising, gibberish, or the same again and again: nobody meant it seriously.")
    ),
    Name.FAILS_TASK: Criterion(
        _("It does not do what was asked, or answers another question than this one.")
    ),
    Name.LANG_MISMATCH: Criterion(
        _("It is not in the language that this conversation is held in.")
    ),
    Name.PII: Criterion(
        _(
            "A private person can be told from it: a name, an address, a number. Public "
            "figures in their public role do not count."
        )
    ),
    Name.NOT_APPROPRIATE: Criterion(
        _("It does not belong here: sexual, hateful, or meant to hurt somebody.")
    ),
    Name.UNSAFE: Criterion(
        _("Following it could harm somebody: dangerous advice, or help with a crime.")
    ),
    Name.QUALITY: Criterion(
        _("Would you be glad to get this text, all in all?"),
        _("Of no use: wrong, unreadable or empty."),
        _("As good as you could wish for: right, clear and complete."),
    ),
    Name.HELPFULNESS: Criterion(
        _("Does it help the person who asked?"),
        _("It leaves them where they were, or misleads them."),
        _("They can go on with it at once, and need to ask nothing more."),
    ),
    Name.CREATIVITY: Criterion(
        _("Does it bring ideas of its own?"),
        _("Ordinary: what anybody would have written."),
        _("Surprising and fitting at once."),
    ),
    Name.HUMOR: Criterion(
        _("Is it meant to be funny, and is it?"),
        _("Serious throughout."),
        _("You laughed."),
    ),
    Name.TOXICITY: Criterion(
        _("How rude is its tone?"),
        _("Polite and kind."),
        _("Insulting or threatening."),
    ),
}
