"""Freezing what people agreed on, and proving later that it is still that."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from curation.actions.choosing import chunks, messages_of
from curation.actions.gathering import Gathering, counted_entries
from curation.actions.rights import require
from curation.actions.salts import salts_of
from curation.actions.sealing import Entry, built_record, messages_in
from curation.clean import checks
from curation.errors import CurationError
from curation.formats import manifest as manifests
from curation.formats.manifest import Leaves, fact_leaf
from curation.formats.recipe import Recipe
from curation.formats.record import canonical, digest, leaf
from curation.models import (
    Contributor,
    Dataset,
    DatasetVersion,
    Event,
    Message,
    Tombstone,
    VersionItem,
    VersionRanking,
)

ITEMS_WHILE_WAITING = 50_000
# Rules that bear on what is accepted; changing another one makes no other version.
POLICY = (
    "replies_wanted", "max_depth", "reviews_wanted", "approvals_needed",
    "rankings_wanted", "rankings_at_most", "adjudicates", "held_out_percent",
)  # fmt: skip


class Frozen(NamedTuple):
    version: DatasetVersion
    is_new: bool  # not, where nothing has changed since an earlier one


class Seen(NamedTuple):
    """One item with its record as it can be built now, and whether it is what was frozen.

    `is_erased`: words in it were destroyed on purpose, so only its hash can be checked.
    """

    item: VersionItem
    record: dict[str, Any]
    is_intact: bool
    is_erased: bool


class Checked(NamedTuple):
    problems: list[str]  # a sentence each; none is good
    erased: int


@transaction.atomic
def freeze(
    *, dataset_id: int, by: Contributor, recipe: dict[str, Any] | None = None
) -> DatasetVersion:
    """Freeze what the recipe chooses. The same record and recipe give the same digest.

    When nothing has changed since an earlier version, that version is returned.
    """
    # The lock makes version numbers count up; writers of messages do not wait for it.
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=dataset_id)
    require(by, dataset)
    with Gathering(dataset, Recipe.parse(recipe or {})) as gathered:
        gathered.gather()
        return publish(gathered, by=by).version


@transaction.atomic
def publish(gathered: Gathering, *, by: Contributor) -> Frozen:
    """What was gathered becomes a version, brought up to date before."""
    dataset = Dataset.objects.select_for_update(no_key=True).get(pk=gathered.dataset.pk)
    require(by, dataset)
    gathered.refresh()
    facts = _manifest(dataset, gathered)
    fingerprint = digest(facts)
    same = DatasetVersion.objects.filter(dataset=dataset, digest=fingerprint).first()
    if same:
        return Frozen(same, is_new=False)
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=dataset.versions.count() + 1,
        recipe=gathered.recipe.as_json(),
        manifest=facts,
        digest=fingerprint,
        train_count=facts["counts"]["train"],
        held_out_count=facts["counts"]["held_out"],
        frozen_by=by,
    )
    _copy_items(version, gathered.entries())
    if gathered.recipe.asks_for_rankings:
        _copy_rankings(version, gathered.entries())
    Event.objects.record(
        "version.frozen", version, by=by, dataset=dataset, digest=fingerprint
    )
    return Frozen(version, is_new=True)


def preview(*, dataset: Dataset, recipe: dict[str, Any]) -> Counter[tuple[str, str]]:
    """What freezing with this recipe would take now: a count by category and split."""
    found = Counter[tuple[str, str]]()
    for entry in counted_entries(dataset, Recipe.parse(recipe)):
        found[entry.category, entry.split] += len(entry.items)
    return found


def verify(version: DatasetVersion) -> list[str]:
    """What no longer matches the digest, a sentence each; an empty list is good."""
    return check(version).problems


def check(version: DatasetVersion) -> Checked:
    """The same, with how many records have words that were erased on purpose."""
    is_first = version.manifest.get("format") == manifests.FIRST
    problems, erased = [], 0
    in_order, leaves = hashlib.sha256(), Leaves()
    for one in seen(version):
        item = one.item
        erased += one.is_erased
        if not (one.is_intact or one.is_erased):
            problems.append(f"Item {item.position}: its text is not what was frozen.")
        if is_first:
            in_order.update(manifests.beside(item.digest, item.split))
        else:
            leaves.add(item.digest, item.split, item.group)
    listed = in_order.hexdigest() if is_first else leaves.digest()
    if listed != version.manifest["records_sha256" if is_first else "leaves_sha256"]:
        problems.append("The list of items is not the one in the manifest.")
    if _ranked(version) != version.manifest.get("rankings_sha256"):
        problems.append("The list of rankings is not the one in the manifest.")
    if digest(version.manifest) != version.digest:
        problems.append("The manifest is not what was frozen.")
    return Checked(problems, erased)


def check_while_waiting(version: DatasetVersion) -> Checked:
    """The same for a page: refuses a version that takes minutes to read."""
    if version.item_count > ITEMS_WHILE_WAITING:
        said = _(
            "This version is too large to be compared while you wait. Ask whoever runs "
            "this server for: manage.py verify_version %(dataset)s %(number)d"
        )
        raise CurationError(
            said % {"dataset": version.dataset.slug, "number": version.number}
        )
    return check(version)


def seen(version: DatasetVersion) -> Iterator[Seen]:
    """Each item in order with its record, built from the text that is there now.

    Where the turns above a reply are gone the record is empty.
    """
    is_first = version.manifest.get("format") == manifests.FIRST
    items = version.items.select_related("reply__conversation").order_by("position")
    for chunk in chunks(items.iterator(2000)):
        by_conversation = messages_of([item.reply.conversation_id for item in chunk])
        found = {pk: m for some in by_conversation.values() for pk, m in some.items()}
        salts = None if is_first else salts_of(found)
        erased = _erased(found, salts)
        for item in chunk:
            yield _seen(item, found, salts, erased)


def records(version: DatasetVersion) -> Iterator[tuple[VersionItem, dict[str, Any]]]:
    """Each item in order with its record, built from the text that is there now."""
    return ((one.item, one.record) for one in seen(version))


def _erased(found: dict[int, Message], salts: dict[int, bytes] | None) -> set[int]:
    """Messages whose words were destroyed: a frozen one loses its salt only by that.

    The first format has no salts: there the tombstones say it.
    """
    if salts is not None:
        return found.keys() - salts.keys()
    destroyed = Tombstone.objects.filter(message__in=found)
    return set(destroyed.values_list("message", flat=True))


def _seen(
    item: VersionItem,
    found: dict[int, Message],
    salts: dict[int, bytes] | None,
    erased: set[int],
) -> Seen:
    """Without salts the digest is of the record alone, as the first format has it."""
    try:
        reply = found[item.reply_id]
        worse = found[item.instead_of_id] if item.instead_of_id else None
        within = messages_in(reply, found, worse)
    except KeyError:
        return Seen(item, {}, is_intact=False, is_erased=False)
    built = built_record(
        reply,
        found,
        conversation=str(item.reply.conversation.uid),
        category=item.category,
        rank=item.rank,
        instead_of=worse,
    )
    if any(message.pk in erased for message in within):
        return Seen(item, built, is_intact=False, is_erased=True)
    if salts is None:
        return Seen(item, built, digest(built) == item.digest, is_erased=False)
    is_intact = leaf([salts[message.pk] for message in within], built) == item.digest
    return Seen(item, built, is_intact, is_erased=False)


def _ranked(version: DatasetVersion) -> str | None:
    """The digest of the rankings that are there; None where none were frozen."""
    if "rankings_sha256" not in version.manifest:
        return None
    leaves = Leaves()
    for one in version.rankings.order_by("position").iterator(2000):
        leaves.add(fact_leaf(one.facts), one.split)
    return leaves.digest()


# ---- writing it ------------------------------------------------------------------------
def _manifest(dataset: Dataset, gathered: Gathering) -> dict[str, Any]:
    leaves, rankings = Leaves(), Leaves()
    splits, categories = Counter[str](), Counter[str]()
    for entry in gathered.entries():
        for item in entry.items:
            leaves.add(item.leaf, entry.split, entry.group)
        for _prompt, facts in entry.rankings:
            rankings.add(fact_leaf(facts), entry.split)
        splits[entry.split] += len(entry.items)
        categories[entry.category] += len(entry.items)
    if not leaves:
        raise CurationError(
            _("Nothing is accepted yet that this recipe takes. Review some messages first.")
        )
    return manifests.manifest(
        dataset=dataset.slug,
        shape=dataset.shape,
        licence=dataset.licence,
        policy={name: getattr(dataset.policy, name) for name in POLICY},
        recipe=gathered.recipe.as_json(),
        checks=checks.versions(),
        splits=splits,
        categories=categories,
        leaves=leaves,
        rankings=rankings if gathered.recipe.asks_for_rankings else None,
    )


def _copy_items(version: DatasetVersion, entries: Iterator[Entry]) -> None:
    rows = ((entry, item) for entry in entries for item in entry.items)
    columns = (
        "version_id", "position", "reply_id", "instead_of_id", "split", '"group"',
        "category", "rank", "digest",
    )  # fmt: skip
    _copy(
        VersionItem,
        columns,
        (
            (
                version.pk, position, item.reply, item.instead_of, entry.split,
                entry.group, entry.category, item.rank, item.leaf,
            )
            for position, (entry, item) in enumerate(rows)
        ),
    )  # fmt: skip


def _copy_rankings(version: DatasetVersion, entries: Iterator[Entry]) -> None:
    rows = ((entry, *ranking) for entry in entries for ranking in entry.rankings)
    _copy(
        VersionRanking,
        ("version_id", "position", "prompt_id", "split", "facts"),
        (
            (version.pk, position, prompt, entry.split, canonical(facts).decode())
            for position, (entry, prompt, facts) in enumerate(rows)
        ),
    )


def _copy(
    model: type[VersionItem | VersionRanking],
    columns: tuple[str, ...],
    rows: Iterator[tuple[Any, ...]],
) -> None:
    """Rows straight into the table, however many: none of them is kept in memory."""
    into = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(row)
