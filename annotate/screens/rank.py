"""Order the answers to one prompt, or compare two: blind, shuffled, with ties."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.forms import BoundField
from django.utils.translation import gettext as _

from annotate import gold
from annotate.forms.rank import BallotForm, CompareForm, RankForm
from annotate.models import Assignment
from annotate.screens.base import turns_above
from curation.actions import judgements
from curation.clean.masks import masked
from curation.models import Ballot, Contributor, Message, ModelReport

LETTERS = gold.LETTERS


class Answer(NamedTuple):
    """An answer as it is shown: by a letter, and without what its author calls itself."""

    letter: str
    pk: int
    text: str
    language: str


class RankScreen:
    template = "annotate/rank.html"
    form_class: type[BallotForm] = RankForm
    protocol = Ballot.Protocol.RANKING

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        assert slot.message is not None
        answers = answers_of(slot)
        return {
            "turns": turns_above(slot.message),
            "letters": [answer.letter for answer in answers],
            "answers": [
                (answer, _field(form, "rating", answer), _field(form, "position", answer))
                for answer in answers
            ],
        }

    def initial(self, slot: Assignment) -> dict[str, Any]:
        return {}  # the order on the page is chance, so it must not be a ballot by default

    def apply(self, slot: Assignment, form: BallotForm, by: Contributor) -> None:
        if slot.is_gold:
            gold.answer_ranking(slot, form, by)
            return
        assert slot.message_id is not None
        judgements.rank(
            prompt_id=slot.message_id,
            by=by,
            outcome=form.ballot_outcome,
            protocol=self.protocol,
            shown=slot.shown,
            positions=form.positions,
            ratings=form.ratings,
            strength=form.strength,
            reason=form.cleaned_data["reason"],
            note=form.cleaned_data["note"],
            active_seconds=form.cleaned_data["active_seconds"],
            held=slot.conversation,
        )


class CompareScreen(RankScreen):
    template = "annotate/compare.html"
    form_class = CompareForm
    protocol = Ballot.Protocol.COMPARISON


def answers_of(slot: Assignment) -> list[Answer]:
    """In the order that was fixed for this person. The stored text stays as it is."""
    assert slot.message is not None
    there = slot.message.replies.rankable().in_bulk(slot.shown)
    names = _names_of_models(there.values())
    return [
        Answer(letter, pk, masked(there[pk].text, names, _("[name]")), there[pk].language)
        for letter, pk in zip(LETTERS, slot.shown, strict=False)
        if pk in there
    ]


def _names_of_models(replies: Any) -> set[str]:
    """What the models in our own record are called. One query."""
    found = {reply.generator for reply in replies if reply.origin == Message.Origin.MODEL}
    for name, generator in ModelReport.objects.values_list("name", "generator").distinct():
        found |= {name, generator}
    return found


def _field(form: Any, name: str, answer: Answer) -> BoundField | None:
    """The form's field of that name for this answer, where the page has one."""
    key = f"{name}_{answer.pk}"
    return form[key] if key in form.fields else None
