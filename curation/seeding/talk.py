"""What people said about the texts of the demo: a thread, a flag, known items."""

from __future__ import annotations

from curation.actions import discussion, flags, gold
from curation.models import Dataset, Message
from curation.seeding.cast import Cast

State = Message.State


def begin(dataset: Dataset, cast: Cast) -> None:
    """On the first texts of each sort; a dataset without them stays quiet."""
    answers = Message.objects.filter(
        conversation__dataset=dataset,
        role=Message.Role.ASSISTANT,
        origin=Message.Origin.PERSON,
        reviews__isnull=False,
    ).select_related("author")
    accepted = answers.filter(state=State.ACCEPTED).order_by("pk").distinct()
    rejected = answers.filter(state=State.REJECTED).order_by("pk").distinct()
    for message in accepted[:1]:
        _thread(message, cast)
    for message in accepted[1:2]:
        note = "Is this quoted from a book? It reads unlike the rest."
        flags.raise_flag(
            message_id=message.pk, by=cast.reviewer(), reason="copied", note=note
        )
    for message in accepted[2:5]:
        why = "It answers what was asked, and all of it is right."
        gold.make(message_id=message.pk, by=cast.admin, verdict="accept", why=why)
    for message in rejected[:2]:
        why = message.why or "It does not answer what was asked."
        gold.make(message_id=message.pk, by=cast.admin, verdict="reject", why=why)


def _thread(message: Message, cast: Cast) -> None:
    author = message.author
    assert author is not None  # of a person, as filtered
    said = (
        (cast.reviewer(), f"Lovely. @{author}, would one more example help a beginner?"),
        (author, "Perhaps, but then it gets long. I would leave it at one."),
        (cast.admin, "Agreed: the guideline asks for short answers."),
    )
    for by, text in said:
        discussion.comment(message_id=message.pk, by=by, text=text)
