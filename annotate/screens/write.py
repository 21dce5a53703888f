"""Write a pair, begin a conversation, answer, continue."""

from __future__ import annotations

from typing import Any

from annotate.forms.write import AnswerForm, ContinueForm, PairForm, PromptForm
from annotate.models import Assignment
from annotate.screens.base import turns_above
from curation.actions import conversations, messages
from curation.models import Contributor


class PairScreen:
    template = "annotate/write_pair.html"
    form_class = PairForm

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        return {}

    def initial(self, slot: Assignment) -> dict[str, Any]:
        return {}

    def apply(self, slot: Assignment, form: PairForm, by: Contributor) -> None:
        conversations.write_pair(
            dataset=slot.dataset,
            by=by,
            category=slot.category,
            prompt=form.cleaned_data["prompt"],
            context=form.cleaned_data["context"],
            reply=form.cleaned_data["reply"],
        )


class PromptScreen:
    template = "annotate/write_prompt.html"
    form_class = PromptForm

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        return {}

    def initial(self, slot: Assignment) -> dict[str, Any]:
        return {}

    def apply(self, slot: Assignment, form: PromptForm, by: Contributor) -> None:
        conversations.write_prompt(
            dataset=slot.dataset,
            by=by,
            category=slot.category,
            text=form.cleaned_data["text"],
        )


class AnswerScreen:
    template = "annotate/reply.html"
    form_class: type[AnswerForm | ContinueForm] = AnswerForm

    def context(self, slot: Assignment, form: Any) -> dict[str, Any]:
        assert slot.message is not None
        return {"turns": turns_above(slot.message)}

    def initial(self, slot: Assignment) -> dict[str, Any]:
        return {}

    def apply(
        self, slot: Assignment, form: AnswerForm | ContinueForm, by: Contributor
    ) -> None:
        assert slot.message_id is not None
        messages.reply(parent_id=slot.message_id, by=by, text=form.cleaned_data["text"])


class ContinueScreen(AnswerScreen):
    form_class = ContinueForm


class ImproveScreen(AnswerScreen):
    def initial(self, slot: Assignment) -> dict[str, Any]:
        assert slot.message is not None
        return {"text": slot.message.text}

    def apply(
        self, slot: Assignment, form: AnswerForm | ContinueForm, by: Contributor
    ) -> None:
        assert slot.message_id is not None
        messages.improve(message_id=slot.message_id, by=by, text=form.cleaned_data["text"])
