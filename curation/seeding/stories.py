"""One line of a demo file, played through the actions that people use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curation import intake
from curation.actions import conversations, judgements, messages
from curation.models import Ballot, Category, Conversation, Dataset, Message, Review
from curation.seeding.cast import Cast

Reason = Review.Reason
Verdict = Review.Verdict
# Beside the sentence of a rejection stands one of the usual reasons: the first that fits.
SIGNS = (
    ("advertis", Reason.SPAM),
    ("address", Reason.PERSONAL_DATA),
    ("vague", Reason.UNCLEAR),
    ("passage", Reason.OFF_TASK),
    ("answer", Reason.OFF_TASK),
    ("", Reason.WRONG),
)
PAIR_BECOMES = {
    "accepted": "complete",
    "submitted": "review",
    "rejected": "rejected",
    "held": "held",
}


@dataclass(frozen=True)
class Stage:
    """Where the stories of one file play."""

    dataset: Dataset
    categories: dict[str, Category]
    cast: Cast

    def pair(self, line: dict[str, Any]) -> tuple[Conversation, str]:
        """The conversation that came of a line, and the state it should be in."""
        conversation = conversations.write_pair(
            dataset=self.dataset,
            by=self.cast.author(),
            prompt=line["prompt"],
            reply=line["reply"],
            context=line.get("context", ""),
            category=self.categories[line["category"]],
        )
        answer = conversation.messages.get(role=Message.Role.ASSISTANT)
        self._judge(answer, line["state"], line.get("reason", ""))
        return conversation, PAIR_BECOMES[line["state"]]

    def tree(self, line: dict[str, Any]) -> tuple[Conversation, str]:
        """The same for a tree."""
        conversation = conversations.write_prompt(
            dataset=self.dataset,
            by=self.cast.author(),
            text=line["prompt"]["text"],
            category=self.categories[line["category"]],
        )
        prompt = conversation.messages.get()
        fates = {"review": "submitted", "held": "held", "rejected": "rejected"}
        fate = fates.get(line["state"], "accepted")
        self._judge(prompt, fate, line.get("reason", ""))
        if fate == "accepted":
            self._grow(prompt, line["prompt"])
        return conversation, line["state"]

    def _grow(self, prompt: Message, node: dict[str, Any]) -> None:
        """Answers, then their ballots, then what follows under the answers."""
        answers = []
        for number, told in enumerate(node.get("replies", [])):
            answer = self._answer(prompt, told, number)
            self._judge(answer, told.get("state", "accepted"), told.get("reason", ""))
            answers.append(answer)
        self._rank(prompt, answers, node.get("ballots", []))
        for answer, told in zip(answers, node.get("replies", []), strict=True):
            for next_node in told.get("replies", []):
                follow_up = messages.reply(
                    parent_id=answer.pk, by=self.cast.author(), text=next_node["text"]
                )
                self._judge(follow_up, next_node.get("state", "accepted"), "")
                self._grow(follow_up, next_node)

    def _answer(self, prompt: Message, told: dict[str, Any], number: int) -> Message:
        if "model" not in told:
            author = self.cast.author()
            return messages.reply(parent_id=prompt.pk, by=author, text=told["text"])
        source = f"demo:{prompt.pk}:{number}"
        intake.offer_replies(
            [intake.Proposal(str(prompt.uid), told["text"])],
            generator=told["model"],
            source=source,
        )
        return prompt.replies.get(source_key__startswith=source)

    def _judge(self, message: Message, fate: str, why: str) -> None:
        if fate == "held":
            messages.hold(message_id=message.pk, by=self.cast.reviewer(), why=why)
        elif fate != "submitted":
            is_good = fate == "accepted"
            messages.review(
                message_id=message.pk,
                by=self.cast.reviewer(),
                verdict=Verdict.ACCEPT if is_good else Verdict.REJECT,
                reason="" if is_good else _reason(why),
                note=why,
                active_seconds=self.cast.seconds(),
            )

    def _rank(
        self, prompt: Message, answers: list[Message], ballots: list[list[list[int]] | str]
    ) -> None:
        for ranker, told in zip(self.cast.rankers(len(ballots)), ballots, strict=True):
            groups = told if isinstance(told, list) else []
            positions = {
                answers[index].pk: place
                for place, group in enumerate(groups, start=1)
                for index in group
            }
            shown = [answer.pk for answer in answers]
            self.cast.chance.shuffle(shown)
            judgements.rank(
                prompt_id=prompt.pk,
                by=ranker,
                outcome=told if isinstance(told, str) else Ballot.Outcome.RANKED,
                shown=[pk for pk in shown if not positions or pk in positions],
                positions=positions,
                active_seconds=self.cast.seconds(),
            )


def _reason(why: str) -> str:
    return next(reason for sign, reason in SIGNS if sign in why.casefold())
