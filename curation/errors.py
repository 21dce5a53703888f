"""Refusals: rules that said no, worded for the person who asked."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from curation import wording


class CurationError(Exception):
    """A rule said no. The text is fit to show the person who asked.

    With facts it is an English text with %-names for them: who keeps `said` and `facts`
    can word it later in its reader's language, by wording.told().
    """

    def __init__(self, said: str = "", **facts: str | int) -> None:
        super().__init__(wording.told(said, facts) if facts else said)
        self.said, self.facts = said, facts


class WrongState(CurationError):
    """The thing has moved on since the person saw it."""

    def __init__(self, what: str, state: str) -> None:
        said = _("This %(what)s is already %(state)s.")
        words = {"what": wording.thing(what), "state": wording.state(state)}
        super().__init__(said % words)


class NotAllowed(CurationError):
    """The person has no right to do this here."""


class ConsentMissing(NotAllowed):
    """There are terms that the person has not agreed to, or no more."""

    def __init__(self, dataset: Any) -> None:
        self.slug = dataset.slug
        said = _(
            "You have not agreed to the terms of %(dataset)s yet, or they have changed. "
            "Open the task again to read them."
        )
        super().__init__(said % {"dataset": dataset})


class Unavailable(CurationError):
    """Something that this needs does not answer now. Asking again later may help."""


class BadLine(CurationError):
    """One line of an imported file that cannot be taken; the reason is for its owner.

    It is worded when somebody reads it: where it is raised, nobody may know who that is.
    Its text is marked for translation by being given to it.
    """

    def __init__(self, said: str = "", /, **facts: str | int) -> None:
        super().__init__(said)
        self.facts = facts

    def __str__(self) -> str:
        return wording.told(self.said, self.facts)
