"""Portions of a version: the examples of one person, category, guideline or source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Q, TextChoices
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from curation.models import (
    Category,
    Contributor,
    Conversation,
    DatasetVersion,
    Message,
    VersionItem,
)
from curation.reach import rows

AT_MOST = 200  # of a kind, the largest: more are no list to choose from
TRAIN = Conversation.Split.TRAIN.value


class By(TextChoices):
    CONTRIBUTOR = "contributor", gettext_lazy("Contributor")
    CATEGORY = "category", gettext_lazy("Category")
    GUIDELINE = "guideline", gettext_lazy("Guideline")
    SOURCE = "source", gettext_lazy("Source")


class Portion(NamedTuple):
    by: By
    value: str
    label: str
    examples: int  # to learn from


class Target(NamedTuple):
    """Of a category: what it is called, how many conversations are wanted and complete."""

    name: str
    wanted: int
    complete: int


# Of each example to learn from, its answer and what it is by. Everybody is behind an
# example whose words it holds: of the answer, of what was said before it, and of what an
# edit in it was made from.
EXAMPLES = """
    SELECT reply.uid, {key} AS key FROM curation_versionitem AS item
    JOIN curation_message AS reply ON reply.id = item.reply_id {join}
    WHERE item.version_id = %s AND item.split = %s
"""
TOLD = {
    By.CATEGORY: EXAMPLES.format(key="item.category", join=""),
    By.SOURCE: EXAMPLES.format(key="reply.origin", join=""),
    By.GUIDELINE: EXAMPLES.format(
        key="guideline.number::text",
        join="JOIN curation_guideline AS guideline ON guideline.id = reply.guideline_id",
    ),
    By.CONTRIBUTOR: """
    WITH RECURSIVE behind (root, id) AS (
        SELECT reply_id, reply_id FROM curation_versionitem
        WHERE version_id = %s AND split = %s
        UNION
        SELECT behind.root, earlier.id FROM behind
        JOIN curation_message AS message ON message.id = behind.id
        JOIN curation_message AS earlier
            ON earlier.id IN (message.parent_id, message.revises_id)
    )
    SELECT DISTINCT reply.uid, message.author_id::text AS key FROM behind
    JOIN curation_message AS message ON message.id = behind.id
    JOIN curation_message AS reply ON reply.id = behind.root
    WHERE message.author_id IS NOT NULL
""",
}


def of(version_id: int, *, named: bool, kinds: Iterable[str] = By.values) -> list[Portion]:
    """By kind, the largest first; contributors are `named`, or known by a code.

    Causes some queries a kind.
    """
    version = DatasetVersion.objects.select_related("dataset").get(pk=version_id)
    return [one for by in kinds for one in _of(version, By(by), named=named)]


def ids(version_id: int, by: str, value: str) -> set[UUID]:
    """The answers of the examples in a portion; none where there is no such portion."""
    version = DatasetVersion.objects.get(pk=version_id)
    key = value
    if by == By.CONTRIBUTOR:
        keys = {code(version.dataset_id, key): key for key in _counts(version, By(by))}
        key = keys.get(value, "")
    asked = f"SELECT uid FROM ({TOLD[By(by)]}) AS told WHERE key = %s"
    return {uid for (uid,) in rows(asked, version.pk, TRAIN, key)}


def held_out_in_all(version_ids: Iterable[int]) -> dict[UUID, str]:
    """The answers that are held out in each of these versions, with their category."""
    versions = set(version_ids)
    kept = VersionItem.objects.filter(
        version__in=versions, split=Conversation.Split.HELD_OUT
    )
    times = kept.values("reply__uid").annotate(times=Count("version"))
    everywhere = times.filter(times=len(versions)).values("reply__uid")
    found = kept.filter(reply__uid__in=everywhere, version=max(versions, default=0))
    return dict(found.values_list("reply__uid", "category"))


def targets(dataset_id: int) -> dict[str, Target]:
    """Of each category of a dataset, by its slug. A query."""
    complete = Count("conversations", filter=Q(conversations__state="complete"))
    every = Category.objects.filter(dataset=dataset_id).annotate(complete=complete)
    found = every.values_list("slug", "name", "target", "complete")
    return {slug: Target(name, wanted, done) for slug, name, wanted, done in found}


def code(dataset_id: int, person: str) -> str:
    """Of a person in a dataset: the same each time, and it tells nobody who it is."""
    return salted_hmac("curation.portions", f"{dataset_id}-{person}").hexdigest()[:12]


def _of(version: DatasetVersion, by: By, *, named: bool) -> list[Portion]:
    counts = _counts(version, by)
    if by != By.CONTRIBUTOR:
        labels = _labels(version, by)
        return [
            Portion(by, key, labels.get(key, key), count) for key, count in counts.items()
        ]
    people = Contributor.objects.in_bulk([int(key) for key in counts]) if named else {}
    return [
        Portion(by, secret, str(people.get(int(key), _called(secret))), count)
        for key, count in counts.items()
        for secret in [code(version.dataset_id, key)]
    ]


def _counts(version: DatasetVersion, by: By) -> dict[str, int]:
    asked = f"""
        SELECT key, count(*) FROM ({TOLD[by]}) AS told WHERE key IS NOT NULL
        GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s
    """
    return dict(rows(asked, version.pk, TRAIN, AT_MOST))


def _labels(version: DatasetVersion, by: By) -> dict[str, str]:
    if by == By.CATEGORY:
        names = Category.objects.filter(dataset=version.dataset_id)
        return {"": _("No category"), **dict(names.values_list("slug", "name"))}
    if by == By.SOURCE:
        return {value: str(label) for value, label in Message.Origin.choices}
    numbers = version.dataset.guidelines.values_list("number", flat=True)
    return {str(n): _("Guideline %(number)d") % {"number": n} for n in numbers}


def _called(secret: str) -> str:
    return _("Contributor %(code)s") % {"code": secret[:6]}
