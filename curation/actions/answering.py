"""What models answered elsewhere goes under its prompts, to be ranked and reviewed."""

from __future__ import annotations

from collections.abc import Sequence

from curation.actions import conversations
from curation.actions.arrivals import Job, begin, look_at, opened, store, unwritten
from curation.actions.settlements import ask_again
from curation.actions.unwritten import Text, Unwritten
from curation.copied import copy_in
from curation.errors import BadLine
from curation.formats import responses
from curation.formats.trees import Line
from curation.models import Conversation, Message

Role = Message.Role
State = Message.State


def take_responses(job: Job, lines: list[Line]) -> None:
    """Answers go under their prompt as proposals, to be ranked and then reviewed."""
    prompts = _prompts_for(job, lines)
    there = set(
        Message.objects.filter(
            conversation__in={prompt.conversation.pk for prompt in prompts.values()},
            source_key__in={found.key for _, found in lines},
        ).values_list("conversation_id", "source_key")
    )
    answers: dict[tuple[int, str], Unwritten] = {}
    for number, found in lines:
        prompt = prompts[found.prompt_key]
        key = (prompt.conversation.pk, found.key)
        if key in there or key in answers:
            job.report.unchanged += 1
        elif prompt.state != State.ACCEPTED:
            job.report.refuse(
                number,
                BadLine(
                    "Its prompt is there already, and %(state)s.", state=str(prompt.state)
                ),
            )
        else:
            answers[key] = _answer(job, prompt, found)
    _store(job, list(answers.values()))
    offered = [one for one in answers.values() if one.state == State.SUBMITTED]
    touched = {answer.conversation.pk: answer for answer in offered}
    for answer in touched.values():
        if isinstance(answer.parent, Message):  # nobody ranked what is new
            ask_again(answer.parent)
    conversations.advance_all([answer.conversation for answer in touched.values()])


def _store(job: Job, messages: list[Unwritten]) -> None:
    store(job, messages, look_at(job, messages))


def _answer(job: Job, prompt: Text, found: responses.Response) -> Unwritten:
    return unwritten(
        job,
        prompt.conversation,
        key=found.key,
        parent=prompt,
        role=Role.ASSISTANT,
        text=found.reply,
        generator=found.model,
        state=State.SUBMITTED,
    )


def _prompts_for(job: Job, lines: Sequence[Line]) -> dict[str, Text]:
    """The first prompt for each line's key: locked where it is there, else written now."""
    texts = {found.prompt_key: found.prompt for _, found in reversed(lines)}
    there = (
        Conversation.objects.select_for_update()
        .filter(dataset=job.dataset, source_key__in=texts)
        .order_by("pk")
    )
    held = {conversation.pk: conversation for conversation in there}
    roots = Message.objects.filter(conversation__in=held, source_key="prompt")
    prompts: dict[str, Text] = {}
    for root in roots:
        root.conversation = held[root.conversation_id]
        root.conversation.dataset = job.dataset
        prompts[root.conversation.source_key] = root
    missing = {key: text for key, text in texts.items() if key not in prompts}
    started = {key: opened(job, key, text) for key, text in missing.items()}
    begin(job, list(started.values()))
    copy_in(started.values())
    written = {
        key: unwritten(
            job,
            one,
            key="prompt",
            role=Role.PROMPTER,
            text=texts[key],
            state=State.ACCEPTED,
        )
        for key, one in started.items()
    }
    _store(job, list(written.values()))
    on_hold = [one.conversation for one in written.values() if one.state == State.HELD]
    conversations.advance_all(on_hold)
    return prompts | written
