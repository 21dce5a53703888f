"""People talk about a message, and call others to it by name."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.actions import notices
from curation.actions.rights import Role, require
from curation.clean.mentions import mentions
from curation.clean.text import tidied
from curation.errors import CurationError, NotAllowed, WrongState
from curation.models import TAKING_PART, Comment, Contributor, Dataset, Event, Message

COMMENT_AT_MOST = 4_000  # characters


@transaction.atomic
def comment(*, message_id: int, by: Contributor, text: str) -> Comment:
    """Say something about a message. Its author and whoever is named are told."""
    messages = Message.objects.select_related("conversation__dataset", "author")
    message = messages.get(pk=message_id)
    dataset = message.conversation.dataset
    require(by, dataset, Role.WRITER, Role.REVIEWER)
    if message.state in (Message.State.WITHDRAWN, Message.State.DRAFT):
        raise WrongState("message", message.state)
    text = _checked(text)
    called = _called(text, dataset)
    said = Comment.objects.create(message=message, author=by, text=text)
    said.mentions.set(called)
    Event.objects.record(
        "comment.written", said, by=by, dataset=dataset, message=message_id
    )
    _tell(said, called)
    return said


@transaction.atomic
def take_back(*, comment_id: int, by: Contributor) -> Comment:
    """Delete one's own comment: that there was one stays visible."""
    comments = Comment.objects.select_for_update(of=("self",))
    said = comments.select_related("message__conversation__dataset").get(pk=comment_id)
    if said.author_id != by.pk:
        raise NotAllowed(_("Only who wrote a comment can delete it."))
    if said.deleted_at is None:
        said.deleted_at = now()
        said.save(update_fields=["deleted_at"])
        dataset = said.message.conversation.dataset
        Event.objects.record("comment.deleted", said, by=by, dataset=dataset)
    return said


def people_of(dataset: Dataset) -> QuerySet[Contributor]:
    """Whom one can call to a text of this dataset."""
    there = Q(memberships__dataset=dataset, memberships__role__in=TAKING_PART)
    members = there | Q(is_staff=True)
    return Contributor.objects.filter(members, is_active=True).distinct()


def _checked(text: str) -> str:
    text = tidied(text)
    if not text:
        raise CurationError(_("Write something first."))
    if len(text) > COMMENT_AT_MOST:
        said = ngettext(
            "A comment has at most %(most)s characters; this is %(over)s too long.",
            "A comment has at most %(most)s characters; this is %(over)s too long.",
            len(text) - COMMENT_AT_MOST,
        )
        over = len(text) - COMMENT_AT_MOST
        raise CurationError(said % {"most": COMMENT_AT_MOST, "over": over})
    return text


def _called(text: str, dataset: Dataset) -> list[Contributor]:
    """The people named in it; a name that fits nobody or several is refused."""
    people = {person.pk: person for person in people_of(dataset)} if "@" in text else {}
    named = [(person.pk, person.name, person.email) for person in people.values()]
    called: dict[int, Contributor] = {}
    for mention in mentions(text, named):
        if not mention.people:
            said = _(
                "Nobody here is called “%(name)s”. Take the @ away if you mean nobody."
            )
            raise CurationError(said % {"name": mention.named})
        if len(mention.people) > 1:
            said = _(
                "“%(name)s” may be several people: %(people)s. Write more of the name."
            )
            several = ", ".join(sorted(str(people[pk]) for pk in mention.people))
            raise CurationError(said % {"name": mention.named, "people": several})
        called |= {pk: people[pk] for pk in mention.people}
    return list(called.values())


def _tell(said: Comment, called: Iterable[Contributor]) -> None:
    """Each person once: who is named hears of that, not of the comment as well."""
    message, by = said.message, said.author
    told = {person.pk for person in called}
    for person in called:
        notices.tell(
            person, notices.Kind.MENTIONED, message=message, by=by, comment=said.pk
        )
    if message.author is not None and message.author.pk not in told:
        kind = notices.Kind.COMMENTED
        notices.tell(message.author, kind, message=message, by=by, comment=said.pk)
