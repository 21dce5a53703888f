"""Write a pair, begin a conversation, answer, continue."""

from __future__ import annotations

from typing import Any

from annotate import coverage
from annotate.forms.write import AnswerForm, ContinueForm, PairForm, PromptForm
from annotate.models import Assignment
from annotate.screens.base import turns_above
from curation.actions import conversations, messages
from curation.models import Contributor, Conversation, Profile


class BeginningScreen:
    """What a page for the first words of a conversation has."""

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        return {**beside(slot), "gap": coverage.gap(slot)}

    def initial(self, slot: Assignment) -> dict[str, Any]:
        """The person's own language where the dataset wants it."""
        wanted = slot.dataset.languages
        if len(wanted) == 1 or slot.person is None:
            return {}
        own = [code for code in Profile.of(slot.person).languages if code in wanted]
        return {"language": (own or wanted)[0]}


class PairScreen(BeginningScreen):
    template = "annotate/write_pair.html"
    form_class = PairForm

    def apply(self, slot: Assignment, form: PairForm, by: Contributor) -> Conversation:
        return conversations.write_pair(
            dataset=slot.dataset,
            by=by,
            category=slot.category,
            prompt=form.cleaned_data["prompt"],
            context=form.cleaned_data["context"],
            reply=form.cleaned_data["reply"],
            language=form.language,
        )


class PromptScreen(BeginningScreen):
    template = "annotate/write_prompt.html"
    form_class = PromptForm

    def apply(self, slot: Assignment, form: PromptForm, by: Contributor) -> Conversation:
        return conversations.write_prompt(
            dataset=slot.dataset,
            by=by,
            category=slot.category,
            text=form.cleaned_data["text"],
            context=form.cleaned_data["context"],
            language=form.language,
        )


class AnswerScreen:
    template = "annotate/reply.html"
    form_class: type[AnswerForm | ContinueForm] = AnswerForm

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        assert slot.message is not None
        return {"turns": turns_above(slot.message), **beside(slot)}

    def initial(self, slot: Assignment) -> dict[str, Any]:
        return {}

    def apply(
        self, slot: Assignment, form: AnswerForm | ContinueForm, by: Contributor
    ) -> None:
        assert slot.message_id is not None
        messages.reply(
            parent_id=slot.message_id,
            by=by,
            text=form.cleaned_data["text"],
            held=slot.conversation,
        )


class ContinueScreen(AnswerScreen):
    form_class = ContinueForm


def beside(slot: Assignment) -> dict[str, Any]:
    """What stands beside the fields: an example, and how long such texts are."""
    return {
        "example": coverage.example_for(slot),
        "usual": coverage.usual_lengths(slot),
    }
