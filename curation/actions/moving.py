"""Lines of our own format become a dataset's record again, down to the ids and salts.

All of a file or nothing: it is one transaction. Conversations that are there stay as they
are. People of the file become accounts that nobody can sign in to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions import searches
from curation.actions.lookalikes import note_sketches
from curation.actions.rights import require
from curation.actions.versions import POLICY
from curation.aggregate.splits import prompt_key
from curation.errors import BadLine, CurationError
from curation.formats import archive, jsonl
from curation.models import (
    Ballot,
    BallotEntry,
    Category,
    Cluster,
    ClusterMember,
    Contributor,
    Conversation,
    Dataset,
    Event,
    Message,
    MessageSalt,
    Original,
    Profile,
    Review,
    Settlement,
)

DECIDED = (Message.State.ACCEPTED, Message.State.REJECTED)


def import_record(*, dataset: Dataset, lines: Iterable[bytes], by: Contributor) -> int:
    """Take a record into a dataset of the same slug; say how many conversations came."""
    require(by, dataset)
    number = 0
    try:
        with transaction.atomic():
            Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
            mover = _Mover(dataset, by)
            for number, line in enumerate(lines, start=1):
                mover.take(number, jsonl.decoded(line.strip()))
            mover.merge_duplicates()
            Event.objects.record(
                "record.imported", dataset, by=by, dataset=dataset, taken=mover.taken
            )
            if mover.taken:
                searches.want(dataset=dataset, by=by)
    except BadLine as problem:
        said = _("Line %(number)d: %(problem)s Nothing of the file was taken.")
        raise CurationError(said % {"number": number, "problem": problem}) from problem
    except (
        IntegrityError,
        DataError,
        KeyError,
        TypeError,
        ValueError,
        ValidationError,
    ) as problem:
        said = _("Line %(number)d does not hold together. Nothing of the file was taken.")
        raise CurationError(said % {"number": number}) from problem
    return mover.taken


class _Mover:
    def __init__(self, dataset: Dataset, by: Contributor) -> None:
        self.dataset, self.by, self.taken = dataset, by, 0
        self.people: dict[int, Contributor] = {}
        self.categories: dict[str, Category] = {}
        self.duplicates: list[tuple[Message, UUID, float]] = []  # and what of, how alike

    def take(self, number: int, line: str) -> None:
        if number == 1:
            self._begin(archive.header(line))
        elif line:
            raw = archive.conversation(line)
            if not Conversation.objects.filter(uid=raw["uid"]).exists():
                self._conversation(raw)
                self.taken += 1

    def _begin(self, header: archive.Header) -> None:
        """The digest of a version has the dataset's name and rules in it."""
        if (header.dataset, header.shape) != (self.dataset.slug, self.dataset.shape):
            raise BadLine(
                "This is the record of %(dataset)s (%(shape)s).",
                dataset=header.dataset,
                shape=header.shape,
            )
        for name in POLICY:
            setattr(self.dataset.policy, name, header.policy[name])
        self.dataset.policy.full_clean()
        self.dataset.policy.save()
        for raw in header.categories:
            category, _is_new = Category.objects.get_or_create(
                dataset=self.dataset, slug=raw["slug"], defaults=raw
            )
            self.categories[category.slug] = category

    def _conversation(self, raw: dict[str, Any]) -> None:
        roots = [one for one in raw["messages"] if one["parent"] is None]
        if raw["state"] not in ("review", "growing", "ranking", "complete") or not roots:
            raise BadLine("The conversation is in no state that can be moved.")
        conversation = Conversation.objects.create(
            uid=UUID(raw["uid"]),
            dataset=self.dataset,
            category=self.categories[raw["category"]] if raw["category"] else None,
            language=raw["language"],
            state=raw["state"],
            split=raw["split"],
            group=UUID(raw["group"]),
            prompt_key=prompt_key(self.dataset.slug, roots[0]["text"]),
            source_key=raw.get("source_key", ""),
            completed_at=now() if raw["state"] == "complete" else None,
        )
        there = self._messages(conversation, raw["messages"])
        self._note_duplicate(there.values(), raw)
        self._reviews(there, raw)
        self._ballots(there, raw)
        self._settlements(there, raw)

    def _messages(
        self, conversation: Conversation, found: list[dict[str, Any]]
    ) -> dict[str, Message]:
        there: dict[str, Message] = {}
        for raw in found:
            if raw["state"] not in DECIDED:
                raise BadLine("A message that moves is accepted, or was replaced.")
            there[raw["uid"]] = Message.objects.create(
                uid=UUID(raw["uid"]),
                conversation=conversation,
                parent=there[raw["parent"]] if raw["parent"] else None,
                revises=there[raw["revises"]] if raw["revises"] else None,
                role=raw["role"],
                origin=raw["origin"],
                author=self._person(raw["author"]),
                generator=raw["generator"],
                text=raw["text"],
                context=raw["context"],
                language=raw["language"],
                state=raw["state"],
                decided_at=now(),
            )
        note_sketches(list(there.values()))
        MessageSalt.objects.bulk_create(
            MessageSalt(message=there[raw["uid"]], salt=bytes.fromhex(raw["salt"]))
            for raw in found
            if raw.get("salt")
        )
        Original.objects.bulk_create(
            Original(message=there[raw["uid"]], **raw["original"])
            for raw in found
            if raw.get("original")
        )
        Event.objects.record_all(
            Event.objects.line("message.imported", one, by=self.by, dataset=self.dataset,
                               origin=one.origin)
            for one in there.values()
        )  # fmt: skip
        return there

    def _note_duplicate(self, there: Iterable[Message], raw: dict[str, Any]) -> None:
        prompts = [one for one in there if _is_begun_with(one)]
        self.duplicates += [
            (prompts[-1], UUID(one["uid"]), one["likeness"])
            for one in raw.get("duplicate_of") or []
            if prompts and one["uid"] != raw["uid"]
        ]

    def merge_duplicates(self) -> None:
        """Once all of the file is there, as what is alike may come in any order."""
        named = {of for _message, of, _likeness in self.duplicates}
        begun = Message.objects.filter(
            conversation__dataset=self.dataset, conversation__uid__in=named, parent=None
        )
        heads = {
            one.conversation.uid: one.pk
            for one in begun.select_related("conversation").order_by("pk")
            if _is_begun_with(one)
        }
        Cluster.objects.bulk_create(
            (Cluster(dataset=self.dataset, head_id=pk) for pk in heads.values()),
            ignore_conflicts=True,
        )
        there = Cluster.objects.filter(head__in=heads.values())
        clusters = dict(there.values_list("head", "pk"))
        known = {"state": ClusterMember.State.MERGED, "source": ClusterMember.Source.IMPORT}
        ClusterMember.objects.bulk_create(
            (
                ClusterMember(
                    cluster_id=clusters[heads[of]], message=message, likeness=likeness,
                    decided_by=self.by, decided_at=now(), **known,
                )
                for message, of, likeness in self.duplicates
                if of in heads
            ),
            ignore_conflicts=True,
        )  # fmt: skip

    def _person(self, number: int | None) -> Contributor | None:
        if number is None:
            return None
        if number not in self.people:
            self.people[number] = Contributor.objects.create_user(
                f"{uuid4().hex}@moved.invalid", is_active=False
            )
        return self.people[number]

    def _reviews(self, there: dict[str, Message], raw: dict[str, Any]) -> None:
        Review.objects.bulk_create(
            Review(
                message=there[one["message"]],
                reviewer=self._person(one["by"]),
                verdict=one["verdict"],
            )
            for one in raw["reviews"]
        )

    def _ballots(self, there: dict[str, Message], raw: dict[str, Any]) -> None:
        for one in raw["ballots"]:
            self._note_groups(one)
        ballots = [
            Ballot(
                prompt=there[one["prompt"]],
                ranker=self._person(one["by"]),
                ranking_round=one["round"],
                outcome=Ballot.Outcome.RANKED,
            )
            for one in raw["ballots"]
        ]
        Ballot.objects.bulk_create(ballots)
        BallotEntry.objects.bulk_create(
            BallotEntry(
                ballot=ballot,
                reply=there[place["reply"]],
                position=place["position"],
                shown=place["shown"],
                rating=place["rating"],
            )
            for ballot, one in zip(ballots, raw["ballots"], strict=True)
            for place in one["places"]
        )

    def _note_groups(self, ballot: dict[str, Any]) -> None:
        """Once: what the person names in a profile, so that versions find their groups."""
        person = self._person(ballot["by"])
        groups = {name: ballot.get(name, []) for name in ("languages", "topics")}
        if person is not None and any(groups.values()):
            Profile.objects.get_or_create(contributor=person, defaults=groups)

    def _settlements(self, there: dict[str, Message], raw: dict[str, Any]) -> None:
        Settlement.objects.bulk_create(
            Settlement(
                prompt=there[one["prompt"]],
                order=[[there[uid].pk for uid in group] for group in one["order"]],
                ballots=one["ballots"],
                agreement=one["agreement"],
                status=one["status"],
            )
            for one in raw["settlements"]
        )


def _is_begun_with(message: Message) -> bool:
    """The first prompt of a conversation, in the words that it has now."""
    return message.parent_id is None and message.state == Message.State.ACCEPTED
