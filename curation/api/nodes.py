"""A message of a tree as JSON, with no more than this person may know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework import serializers

from curation.actions.rights import Sight
from curation.addresses import address_of
from curation.models import Contributor, Finding, Message
from curation.tree import Node, node_of, unmet_among
from curation.wording import translated

Read = serializers.Serializer[Any]
STATES = [state for state in Message.State.choices if state[0] != Message.State.DRAFT]


class FindingSerializer(serializers.ModelSerializer[Finding]):
    check = serializers.CharField(source="check_name")
    advice = serializers.SerializerMethodField()

    class Meta:
        model = Finding
        fields = ("check", "check_version", "score", "spans", "advice")

    def get_advice(self, finding: Finding) -> str:
        return translated(finding.advice)


class Blind(serializers.Serializer[Any]):
    @property
    def is_for_curators(self) -> bool:
        return bool(self.context["is_curator"])


class MessageSerializer(Blind):
    """A message as this person may see it. Null is what they may not know, yet or ever:
    who wrote it, what others decided, the words of what was taken back. Of others' texts
    that wait for verdicts, also when they came and where they stand: known items look
    like those until they are met."""

    id = serializers.CharField(source="message.address")
    uid = serializers.SerializerMethodField(
        help_text="What it is called in frozen versions."
    )
    conversation = serializers.SerializerMethodField()
    # As below, of context: the metaclass takes fields away before they hide anything.
    parent = serializers.SerializerMethodField()  # type: ignore[assignment]
    revises = serializers.SerializerMethodField()
    role = serializers.ChoiceField(source="message.role", choices=Message.Role.choices)
    state = serializers.ChoiceField(choices=STATES)
    text = serializers.SerializerMethodField()
    context = serializers.SerializerMethodField()  # type: ignore[assignment]
    language = serializers.CharField(source="message.language")
    is_mine = serializers.BooleanField()
    author = serializers.SerializerMethodField(help_text="For curators.")
    generator = serializers.SerializerMethodField(help_text="A model's; for curators.")
    guideline = serializers.SerializerMethodField()
    why = serializers.SerializerMethodField(help_text="For its author and curators.")
    created_at = serializers.SerializerMethodField()

    def get_uid(self, node: Node) -> UUID | None:
        return None if node.is_blind else node.message.uid

    def get_conversation(self, node: Node) -> int | None:
        is_told = not (node.is_blind or node.is_cut_off)
        return node.message.conversation_id if is_told else None

    def get_parent(self, node: Node) -> str | None:
        return _address(node.parent_id)

    def get_revises(self, node: Node) -> str | None:
        return _address(node.revises_id)

    def get_guideline(self, node: Node) -> int | None:
        under = node.message.guideline
        return None if node.is_blind or under is None else under.number

    def get_created_at(self, node: Node) -> datetime | None:
        return None if node.is_blind else node.message.created_at

    def get_text(self, node: Node) -> str | None:
        return node.message.text if node.is_shown else None

    def get_context(self, node: Node) -> str | None:
        return node.message.context if node.is_shown else None

    def get_author(self, node: Node) -> int | None:
        is_told = self.is_for_curators or node.is_mine
        return node.message.author_id if is_told else None

    def get_generator(self, node: Node) -> str | None:
        return node.message.generator if self.is_for_curators else None

    def get_why(self, node: Node) -> str | None:
        is_told = self.is_for_curators or node.is_mine
        return translated(node.message.why) if is_told else None


class SettlementSerializer(Read):
    status = serializers.CharField(source="settlement.status")
    ballots = serializers.IntegerField(source="settlement.ballots")
    agreement = serializers.FloatField(source="settlement.agreement", allow_null=True)
    order = serializers.SerializerMethodField(
        help_text="Answers by id, best first; those of a group are tied."
    )

    def get_order(self, node: Node) -> list[list[str]]:
        return [[one.message.address for one in group] for group in node.order]


class NodeSerializer(MessageSerializer):
    place = serializers.IntegerField(
        allow_null=True, help_text="Among the answers to its prompt, from 1."
    )
    approvals = serializers.SerializerMethodField()
    rejections = serializers.SerializerMethodField()
    findings = serializers.SerializerMethodField(help_text="What checks see in it now.")
    settlement = serializers.SerializerMethodField()

    def get_approvals(self, node: Node) -> int | None:
        return _counted(node, "approvals")

    def get_rejections(self, node: Node) -> int | None:
        return _counted(node, "rejections")

    def get_findings(self, node: Node) -> FindingSerializer(many=True):  # type: ignore[valid-type]
        found = node.message.findings.all() if node.is_shown else ()
        return FindingSerializer(found, many=True).data

    def get_settlement(self, node: Node) -> SettlementSerializer(allow_null=True):  # type: ignore[valid-type]
        return SettlementSerializer(node).data if node.settlement else None


def nodes_for(rows: Iterable[Message], reader: Contributor, seen: Sight) -> list[Node]:
    rows = list(rows)
    unmet = unmet_among(rows, reader, seen)
    return [node_of(row, reader, seen, unmet=unmet) for row in rows]


def _address(number: int | None) -> str | None:
    return address_of(number, of="message") if number is not None else None


def _counted(node: Node, name: str) -> int | None:
    return getattr(node.message, name) if node.is_judged else None
