"""Door out: what frozen versions there are, their files, and rows to train on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BufferedIOBase
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation import asking, cases, contenders, facts, portions, reach
from curation import files as version_files
from curation.actions.rights import holds
from curation.errors import CurationError
from curation.formats import tables
from curation.formats.recipe import Recipe
from curation.models import (
    Contributor,
    Dataset,
    DatasetVersion,
    Message,
    ModelReport,
    Recall,
)

Choice = asking.Choice
Prompt: TypeAlias = asking.Prompt
Room: TypeAlias = asking.Room
Compared: TypeAlias = contenders.Compared
Comparison: TypeAlias = contenders.Comparison
PEOPLE = contenders.PEOPLE
# Parts of a version to leave out, and what all versions hold out: see portions.py.
By = portions.By
Portion: TypeAlias = portions.Portion
Target: TypeAlias = portions.Target
portions_of, ids_of_portion = portions.of, portions.ids
held_out_in_all, targets = portions.held_out_in_all, portions.targets

Row: TypeAlias = dict[str, Any]
SPLITS = version_files.SPLITS

# The type of `by` for apps that stand on this door.
Person: TypeAlias = Contributor


@dataclass(frozen=True)
class FrozenVersion:
    """What a reader outside needs to know of a version."""

    id: int
    title: str
    dataset: str
    digest: str
    train_count: int
    held_out_count: int
    number: int
    dataset_id: int
    is_pairs: bool  # short texts; conversations are longer
    tables: tuple[str, ...] = ()  # what its recipe asks for besides examples
    # Texts that were taken back since, and those destroyed; only where it is asked for.
    recalled: int = 0
    erased: int = 0


class Campaign(NamedTuple):
    """A dataset, as far as its models are concerned."""

    id: int
    slug: str
    title: str
    is_curated: bool  # by the person who asked


def frozen(version_id: int) -> FrozenVersion:
    return _outside(DatasetVersion.objects.select_related("dataset").get(pk=version_id))


def versions_for(person: Contributor) -> list[FrozenVersion]:
    """Newest first, of the datasets that the person may see."""
    shown = DatasetVersion.objects.for_listing().filter(dataset__in=dataset_ids_for(person))
    return [_outside(version) for version in shown]


def version_ids_for(person: Contributor) -> QuerySet[DatasetVersion, int]:
    """The same as a subquery, for whoever has rows that point at versions."""
    seen = DatasetVersion.objects.filter(dataset__in=Dataset.objects.visible_to(person))
    return seen.values_list("pk", flat=True)


def versions_to_train(person: Contributor) -> list[FrozenVersion]:
    """Newest first, of the datasets that the person curates."""
    shown = DatasetVersion.objects.for_listing()
    curated = Dataset.objects.worked_on_by(person, [])
    versions = [_outside(v) for v in shown.filter(dataset__in=curated)]
    found = recalled_from(version.id for version in versions)
    none = Recalled()
    return [
        replace(one, recalled=told.texts, erased=told.erased)
        for one in versions
        for told in [found.get(one.id, none)]
    ]


def version_ids_to_train(person: Contributor) -> QuerySet[DatasetVersion, int]:
    """The same as a subquery."""
    curated = Dataset.objects.worked_on_by(person, [])
    return DatasetVersion.objects.filter(dataset__in=curated).values_list("pk", flat=True)


def newest_versions() -> list[FrozenVersion]:
    """The last one of each dataset that has any."""
    newest = DatasetVersion.objects.order_by("dataset", "-number").distinct("dataset")
    return [_outside(version) for version in newest.select_related("dataset")]


def has_versions_to_train(person: Contributor) -> bool:
    """Whether there is any such version. Causes a query."""
    return version_ids_to_train(person).exists()


def may_train(person: Contributor, version_id: int) -> bool:
    """Whether the person may start and stop runs on it: its curators, and site admins."""
    version = DatasetVersion.objects.select_related("dataset").filter(pk=version_id).first()
    return version is not None and holds(person, version.dataset)


def dataset_for(person: Contributor, slug: str) -> Campaign | None:
    """One that the person may see, or None. Two queries."""
    found = Dataset.objects.visible_to(person).filter(slug=slug).first()
    if found is None:
        return None
    curates = holds(person, found) and found.archived_at is None
    return Campaign(found.pk, found.slug, found.title, curates)


def dataset_ids_for(person: Contributor) -> QuerySet[Dataset, int]:
    return Dataset.objects.visible_to(person).values_list("pk", flat=True)


def may_curate(person: Contributor, dataset_id: int) -> bool:
    dataset = Dataset.objects.filter(pk=dataset_id, archived_at=None).first()
    return dataset is not None and holds(person, dataset)


def _outside(version: DatasetVersion) -> FrozenVersion:
    return FrozenVersion(
        id=version.pk,
        title=str(version),
        dataset=version.dataset.slug,
        digest=version.digest,
        train_count=version.train_count,
        held_out_count=version.held_out_count,
        number=version.number,
        dataset_id=version.dataset_id,
        is_pairs=version.dataset.is_pairs,
        tables=tables.tables(Recipe.parse(version.recipe)),
    )


# ---- for pages of a dataset that stand elsewhere ---------------------------------------
def dataset_to_curate(person: Contributor, slug: str) -> Dataset | None:
    """None where there is none that the person curates."""
    found = Dataset.objects.visible_to(person).filter(slug=slug).first()
    return found if found is not None and holds(person, found) else None


def head_of(dataset: Dataset) -> dict[str, Any]:
    """What `curation/_dataset_head.html` needs on a curator's page."""
    waiting = cases.waiting_in(dataset)
    return {"dataset": dataset, "is_curator": True, "flags_waiting": waiting}


def accepted(dataset: Dataset, uids: Iterable[UUID]) -> set[UUID]:
    """Those of these replies that stand: none that was taken back. A query."""
    return set(_accepted(dataset, uids).values_list("uid", flat=True))


def texts(dataset: Dataset, uids: Iterable[UUID]) -> dict[UUID, Message]:
    """The same with their words, and their prompts. A query."""
    joined = _accepted(dataset, uids).select_related("parent", "conversation__category")
    return {message.uid: message for message in joined}


def _accepted(dataset: Dataset, uids: Iterable[UUID]) -> QuerySet[Message]:
    there = Message.objects.trainable().filter(conversation__dataset=dataset)
    return there.filter(uid__in=list(uids))


def accepted_answers(dataset_id: int, prompts: Iterable[UUID]) -> list[str]:
    """What people wrote to these prompts, where it stands. A query."""
    there = Message.objects.trainable().filter(
        conversation__dataset=dataset_id, parent__uid__in=list(prompts)
    )
    return list(there.exclude(origin=Message.Origin.MODEL).values_list("text", flat=True))


def conversations_of(uids: Iterable[UUID]) -> dict[UUID, int]:
    """Which conversation each of these texts stands in. A query."""
    found = Message.objects.filter(uid__in=list(uids))
    return dict(found.values_list("uid", "conversation"))


def text_of(uid: UUID, dataset: Dataset) -> Message | None:
    """Whatever became of it; None where it is not in the dataset. A query."""
    return Message.objects.filter(uid=uid, conversation__dataset=dataset).first()


class Recalled(NamedTuple):
    """Of a version's texts: how many were taken back, how many of those are destroyed, and
    when the first was."""

    texts: int = 0
    erased: int = 0
    since: datetime | None = None


def recalled(version_id: int) -> Recalled:
    """For whoever trains, or has trained, on it. Causes a query."""
    return recalled_from([version_id]).get(version_id, Recalled())


def recalled_from(version_ids: Iterable[int]) -> dict[int, Recalled]:
    """The same for many at once; those without any are left out. Causes a query."""
    rows = Recall.objects.filter(version__in=list(version_ids)).by_version()
    return {
        version: Recalled(texts, erased, since) for version, texts, erased, since in rows
    }


def recalled_in_all(version_ids: Iterable[int]) -> Recalled:
    """Of several versions together: a text that is in two of them counts once. A query."""
    return recalled_in_each({0: version_ids}).get(0, Recalled())


def recalled_in_each(versions: Mapping[int, Iterable[int]]) -> dict[int, Recalled]:
    """The same for many at once, each with its versions under a key of the caller's; those
    without any are left out. A query."""
    rows = reach.recalled(versions)
    return {key: Recalled(texts, erased, since) for key, texts, erased, since in rows}


def require_whole(version_id: int) -> None:
    """Refuse a version of which words are destroyed: it is not what its digest says, and a
    run on it could never be done again."""
    erased = recalled(version_id).erased
    if erased:
        said = ngettext(
            "The words of %(count)d text of %(version)s are destroyed, so it cannot be "
            "trained on any more. Freeze a new version: it leaves the text out.",
            "The words of %(count)d texts of %(version)s are destroyed, so it cannot be "
            "trained on any more. Freeze a new version: it leaves the texts out.",
            erased,
        )
        raise CurationError(said % {"count": erased, "version": frozen(version_id).title})


def behind(version_ids: Sequence[int]) -> dict[str, Any]:
    """What a model's card says of the data of all versions that it learned from, its own
    first: counts and names of terms, never of people.

    Causes queries, the first time many.
    """
    found = DatasetVersion.objects.select_related("dataset__policy").in_bulk(version_ids)
    versions = [found[pk] for pk in version_ids]
    known = [facts.of(version) for version in versions]
    return {
        "version": {
            "title": ", ".join(one.name for one in known),
            "digest": ", ".join(one.digest for one in known),
        },
        "licence": " and ".join(dict.fromkeys(one.licence for one in known)),
        "languages": sorted({code for one in known for code in one.languages if code}),
        "guidelines": sorted({str(of.number) for one in known for of in one.guidelines}),
        "withdrawn": recalled_in_all(version_ids).texts,
        **facts.counted_together(versions),
    }


def address_behind(source: str) -> str:
    """The page that says what is behind a model, by its trainer's own id. A query."""
    report = ModelReport.objects.filter(source=source).first()
    return reverse("curation:model-lineage", args=[report.pk]) if report else ""


def files(version_id: int, *, copies: Path | None = None) -> Path:
    """A folder of this disk with the version's files, each compared with its hash.

    Where they are kept elsewhere it holds copies: in `copies`, or where such folders are.
    """
    version = _version(version_id)
    here = Path(settings.VERSIONS_DIR) / version.digest
    return version_files.folder_of(version, copies=copies or here)


def row_counts(version_id: int) -> dict[str, int] | None:
    """How many rows its tables have: {"pairs_train": …, "pairs_held_out": …, …}.

    They are counted as its files are written. None where that was not done yet and would
    keep somebody waiting.
    """
    version = _version(version_id)
    return version_files.counts(version, is_quick=True)


def open_file(version_id: int, name: str) -> BufferedIOBase:
    """One of them to read, compared with its hash before."""
    return version_files.open_file(_version(version_id), name)


def versions_with(message_ids: Iterable[int]) -> set[int]:
    """The versions whose examples contain words of these messages."""
    return {version for version, _message in reach.holding(message_ids)}


def uids_by(person: Contributor) -> QuerySet[Message, UUID]:
    """Of the person's own texts, as a subquery."""
    return Message.objects.written_by(person).values_list("uid", flat=True)


def _version(version_id: int) -> DatasetVersion:
    return DatasetVersion.objects.select_related("dataset").get(pk=version_id)


# ---- models' answers, and what people make of them --------------------------------------
def room_to_ask(dataset_id: int) -> Room:
    """How many more prompts people can rank now."""
    return asking.room(dataset_id)


def prompts_to_answer(
    dataset_id: int,
    *,
    choice: str,
    answers: int,
    at_most: int,
    without: Collection[str] = (),
    but_not: Collection[str] = (),
) -> list[Prompt]:
    """Prompts on which so many more answers fit. See asking.prompts."""
    return asking.prompts(
        dataset_id,
        choice=choice,
        answers=answers,
        at_most=at_most,
        without=without,
        but_not=but_not,
    )


def comparisons(dataset_id: int, *, between: Collection[str] | None = None) -> Compared:
    """What ballots say of models against each other. See contenders.comparisons."""
    return contenders.comparisons(dataset_id, between=between)


# ---- rows to train on ------------------------------------------------------------------
# Streams, however large the version; each row has its group, licence and weight beside it.
def supervised(version_id: int, split: str = "train") -> Iterator[Row]:
    """Chats: {"messages": [{"role", "content"}, …]}."""
    return _rows(version_id, split, "supervised")


def preference_pairs(version_id: int, split: str = "train") -> Iterator[Row]:
    """{"prompt", "chosen", "rejected"} with margin, votes, share and agreement.

    From ballots by the recipe's pair policy, and from reviewers' edits. Where people
    disagree, `share` is a soft label and `raters` the group of people that says so.
    """
    return _rows(version_id, split, "pairs")


def rankings(version_id: int, split: str = "train") -> Iterator[Row]:
    """{"prompt", "answers": [{"place", "share", "positions", "content"}, …]}.

    All ranked answers to a prompt; `place` is None where no winner is forced.
    """
    return _rows(version_id, split, "rankings")


def unpaired(version_id: int, split: str = "train") -> Iterator[Row]:
    """{"prompt", "completion", "label"}: good or bad by itself."""
    return _rows(version_id, split, "unpaired")


def _rows(version_id: int, split: str, table: str) -> Iterator[Row]:
    version = DatasetVersion.objects.get(pk=version_id)
    held = version_files.terms(version)
    if table != "supervised" and table not in tables.tables(held.recipe):
        said = _("%(version)s was frozen without this: its recipe asks for no “%(rows)s”.")
        raise CurationError(said % {"version": version, "rows": table})
    for side, built, ranked in version_files.examples(version):
        if side == split:
            yield from tables.rows(table, built, ranked, held)
