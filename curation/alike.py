"""Clusters of prompts in nearly the same words, as curators decide on them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.http import Http404

from curation.models import Cluster, ClusterMember, Dataset

SHOWN = 12  # members of each
State = ClusterMember.State


def chosen(
    dataset: Dataset, *, members: Collection[int] | None, clusters: Collection[int]
) -> list[int]:
    """These members, or else all that are open in the clusters. Others' do not exist."""
    there = ClusterMember.objects.filter(cluster__dataset=dataset)
    if members is not None:
        if there.filter(pk__in=members).count() < len(members):
            raise Http404
        return list(members)
    mine = Cluster.objects.filter(dataset=dataset, pk__in=clusters)
    if mine.count() < len(clusters):
        raise Http404
    waiting = there.filter(cluster__in=clusters, state=State.OPEN)
    return list(waiting.values_list("pk", flat=True))


def found(dataset: Dataset, *, is_open: bool) -> Any:
    """Clusters of which something waits to be decided, or nothing does."""
    waits = Exists(ClusterMember.objects.filter(cluster=OuterRef("pk"), state=State.OPEN))
    rows = Cluster.objects.filter(waits if is_open else ~waits, dataset=dataset)
    return _for_page(rows)


def _for_page(rows: Any) -> Any:
    members = ClusterMember.objects.select_related(
        "message__conversation", "message__author", "decided_by"
    ).order_by("-likeness", "pk")
    return (
        rows.annotate(
            size=Count("members"),
            waiting=Count("members", filter=Q(members__state=State.OPEN)),
        )
        .select_related("head__conversation", "head__author")
        .prefetch_related(Prefetch("members", queryset=members[:SHOWN], to_attr="shown"))
    )
