"""Near-duplicates of a whole dataset: found at once, then decided by curators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from curation.actions.groups import join_groups
from curation.actions.lookalikes import ALIVE
from curation.actions.rights import require
from curation.clean import clusters as alike
from curation.clean import sketches
from curation.clean.sketches import Numbers
from curation.errors import CurationError
from curation.models import (
    Cluster,
    ClusterMember,
    Contributor,
    Dataset,
    Event,
    Message,
    Sketch,
)

READ_AT_ONCE = 20_000  # sketches
WRITTEN_AT_ONCE = 1_000  # clusters

State = ClusterMember.State


def find(*, dataset: Dataset) -> int:
    """Put up for decision what is alike; return how many prompts wait then.

    What was decided stays, and is not put up again. What waited and is alike no more goes,
    unless it was put up by work elsewhere: that goes with one of its texts.
    """
    clustering = alike.Clustering(texts=_texts)
    for ids, signatures in _blocks(dataset):
        clustering.add(ids, signatures)
    found = list(clustering.clusters())  # before the lock: this takes long
    with transaction.atomic():
        # Two searches in one dataset take turns.
        Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
        theirs = ClusterMember.objects.filter(cluster__dataset=dataset)
        waiting = theirs.filter(state=State.OPEN)
        waiting.filter(source=ClusterMember.Source.SEARCH).delete()
        gone = ~Q(message__state__in=ALIVE) | ~Q(cluster__head__state__in=ALIVE)
        waiting.filter(gone).delete()
        there = set(theirs.values_list("cluster__head", "message"))
        for batch in _batches(found):
            _put_up(dataset, batch, there)
        Cluster.objects.filter(dataset=dataset, members=None).delete()
        return theirs.filter(state=State.OPEN).count()


def merge(*, member_ids: Sequence[int], by: Contributor) -> None:
    """These say the same as the heads of their clusters: all stand on one side of a split.

    Evaluation wins, see groups.py. A later dismissal takes nobody to the other side.
    """
    _decide(member_ids, State.MERGED, by)


def dismiss(*, member_ids: Sequence[int], by: Contributor) -> None:
    """These say something else, however alike they are."""
    _decide(member_ids, State.DISMISSED, by)


@transaction.atomic
def _decide(member_ids: Sequence[int], state: str, by: Contributor) -> None:
    """All or none. A later decision takes the place of an earlier one."""
    theirs = Dataset.objects.filter(clusters__members__in=member_ids)
    # Before any of their rows, as find() does; two who merge at once take turns.
    in_order = Dataset.objects.select_for_update(no_key=True).order_by("pk")
    list(in_order.filter(pk__in=theirs.values("pk")))
    found = ClusterMember.objects.select_related(
        "cluster__dataset", "cluster__head", "message"
    )
    locked = found.select_for_update(of=("self",)).filter(pk__in=member_ids)
    members = list(locked.order_by("pk"))  # two curators at once wait in one order
    if len(members) < len(set(member_ids)):
        raise CurationError(_("Some of these are no longer there: load the page again."))
    for dataset in {member.cluster.dataset for member in members}:
        require(by, dataset)
    moved = [member for member in members if member.state != state]
    for member in moved:
        member.state, member.decided_by, member.decided_at = state, by, now()
    ClusterMember.objects.bulk_update(moved, ["state", "decided_by", "decided_at"])
    Event.objects.bulk_create(
        Event.objects.line(
            f"duplicate.{state}",
            member.message,
            by=by,
            dataset=member.cluster.dataset,
            of=member.cluster.head_id,
        )
        for member in moved
    )
    if state == State.MERGED:
        _put_on_one_side(members, by)


def _put_on_one_side(members: Sequence[ClusterMember], by: Contributor) -> None:
    together: dict[int, set[int]] = defaultdict(set)
    for member in members:
        head = member.cluster.head
        together[head.pk] |= {head.conversation_id, member.message.conversation_id}
    for conversation_ids in together.values():
        join_groups(conversation_ids=sorted(conversation_ids), by=by)


# ---- finding ---------------------------------------------------------------------------
def _blocks(dataset: Dataset) -> Iterator[tuple[list[int], Numbers]]:
    """Ids and signatures of the first prompts that people can see."""
    there = Sketch.objects.filter(
        dataset=dataset, version=sketches.VERSION, message__state__in=ALIVE
    )
    rows = there.order_by("pk").values_list("pk", "signature")
    newest = 0
    while block := list(rows.filter(pk__gt=newest)[:READ_AT_ONCE]):
        ids = [pk for pk, _signature in block]
        signatures = np.frombuffer(b"".join(bytes(one) for _pk, one in block), "<u4")
        yield ids, signatures.reshape(len(ids), -1)
        newest = ids[-1]


def _texts(ids: Sequence[int]) -> list[str]:
    found = dict(Message.objects.filter(pk__in=ids).values_list("pk", "text"))
    return [found.get(pk, "") for pk in ids]


def _batches(found: list[alike.Cluster]) -> Iterator[list[alike.Cluster]]:
    for start in range(0, len(found), WRITTEN_AT_ONCE):
        yield found[start : start + WRITTEN_AT_ONCE]


def _put_up(
    dataset: Dataset, found: list[alike.Cluster], known: set[tuple[int, int]]
) -> None:
    ids = [pk for one in found for pk in (one.head, *(m.id for m in one.members))]
    where = dict(Message.objects.filter(pk__in=ids).values_list("pk", "conversation"))
    fresh = {
        one.head: [
            member
            for member in one.members
            # A prompt and its own revisions are no duplicates of each other.
            if where[member.id] != where[one.head]
            and not known & {(one.head, member.id), (member.id, one.head)}
        ]
        for one in found
    }
    heads = [Cluster(dataset=dataset, head_id=head) for head in fresh if fresh[head]]
    Cluster.objects.bulk_create(heads, ignore_conflicts=True)
    clusters = dict(Cluster.objects.filter(head__in=fresh).values_list("head", "pk"))
    ClusterMember.objects.bulk_create(
        (
            ClusterMember(
                cluster_id=clusters[head], message_id=member.id, likeness=member.likeness
            )
            for head, members in fresh.items()
            for member in members
        ),
        batch_size=WRITTEN_AT_ONCE,
    )
