"""A record that moves to another database gives the same versions there."""

from __future__ import annotations

import json
import os
from operator import itemgetter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils.timezone import now

from curation import forest, handoff
from curation.actions import (
    departures,
    imports,
    judgements,
    messages,
    moving,
    versions,
    withdrawals,
)
from curation.errors import CurationError, NotAllowed
from curation.formats.registry import FORMATS
from curation.formats.trees import Terms
from curation.models import (
    Cluster,
    ClusterMember,
    Contributor,
    Conversation,
    Message,
    MessageSalt,
    Profile,
    Settlement,
)
from tests.curation.lines import answer, node, tree
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db

TREES = Path(os.environ.get("WINNOW_TREES", "no file named"))  # Open Assistant's export
RECIPES = (
    {},
    {"pairs": "all", "edits": True, "contested": "soft", "cap_per_author": 2},
    {"pairs": "all", "contested": "groups"},
    {"reviews_from": 1, "languages": ["en"]},
    {"pairs": "best_worst", "best_replies": 2, "rating_from": 20},
    {"duplicates": "out"},
)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path
    return tmp_path


def clean(slug="handbook"):
    """A dataset in a place where nothing else is, and one of its curators."""
    dataset = DatasetFactory(slug=slug, policy__rankings_wanted=2)
    return dataset, ContributorFactory(member=dataset, member__roles=["curator"])


def fill(dataset):
    """Something of everything that a version can hold."""
    category = CategoryFactory(dataset=dataset, slug="qa")
    writer, reviewer = (ContributorFactory(member=dataset) for _ in range(2))
    for number in range(6):
        prompt = MessageFactory(
            conversation__dataset=dataset,
            conversation__category=category if number % 2 else None,
            conversation__split="held_out" if number == 3 else "train",
            accepted=True,
            context="A passage." if number == 1 else "",
        )
        replies = [
            ReplyFactory(parent=prompt, accepted=True, author=writer) for _ in range(3)
        ]
        reviewed = ReplyFactory(parent=prompt, author=writer)
        messages.review(
            message_id=reviewed.pk,
            by=reviewer,
            verdict="edit" if number % 2 else "accept",
            edited_text="Better words.",
        )
        for _ in range(3):
            ranker = ContributorFactory(member=dataset)
            Profile.objects.create(contributor=ranker, languages=["de", "en"])
            judgements.rank(
                prompt_id=prompt.pk,
                by=ranker,
                outcome="ranked",
                shown=[one.pk for one in replies],
                positions={one.pk: place for place, one in enumerate(replies, 1)},
                ratings={one.pk: 7 - place for place, one in enumerate(replies, 1)},
            )
    Settlement.objects.filter(pk=Settlement.objects.earliest("pk").pk).update(
        status="contested"
    )


def merge(dataset, curator, count=2):
    """So many of the prompts are duplicates of the last one."""
    *members, head = Message.objects.filter(parent=None).order_by("pk")
    cluster = Cluster.objects.create(dataset=dataset, head=head)
    for message in members[:count]:
        ClusterMember.objects.create(
            cluster=cluster, message=message, likeness=0.9, state="merged",
            decided_by=curator, decided_at=now(),
        )  # fmt: skip


def frozen(dataset, curator, recipes=RECIPES):
    """The digests of some versions, and the bytes of all their files."""
    made = [
        versions.freeze(dataset_id=dataset.pk, by=curator, recipe=recipe)
        for recipe in recipes
    ]
    assert [versions.verify(one) for one in made] == [[] for _ in made]
    return [one.digest for one in made], [
        (path.name, path.read_bytes())
        for one in made
        for path in sorted(handoff.files(one.pk).iterdir())
    ]


def in_a_place_of_its_own(work):
    """Do it in a database where nothing is, and leave nothing of it."""
    with transaction.atomic():
        found = work()
        transaction.set_rollback(True)
    return found


def test_two_clean_databases_give_equal_digests_and_files(folder, settings):
    def here():
        dataset, curator = clean()
        fill(dataset)
        merge(dataset, curator)
        digests, files = frozen(dataset, curator)
        lines = list(departures.export_lines(dataset=dataset, by=curator))
        return lines, digests, files

    def there():
        settings.VERSIONS_DIR = folder / "elsewhere"
        dataset, curator = clean()
        assert moving.import_record(dataset=dataset, lines=lines, by=curator) == 6
        return frozen(dataset, curator)

    lines, digests, files = in_a_place_of_its_own(here)
    assert not Message.objects.exists()
    assert in_a_place_of_its_own(there) == (digests, files)
    assert len(set(digests)) == len(RECIPES)


def test_without_the_salts_the_digests_differ(settings):
    def here():
        dataset, curator = clean()
        fill(dataset)
        lines = list(departures.export_lines(dataset=dataset, by=curator))
        return lines, frozen(dataset, curator, [{}])[0]

    def there():
        dataset, curator = clean()
        moving.import_record(dataset=dataset, lines=lines, by=curator)
        MessageSalt.objects.all().delete()
        return frozen(dataset, curator, [{}])[0]

    lines, digests = in_a_place_of_its_own(here)
    assert in_a_place_of_its_own(there) != digests


def of_our_own():
    """A file of trees as Open Assistant wrote them: ranks, languages, what was deleted,
    models' answers, prompts below answers, and one tree that was not ready."""
    for number in range(12):
        deeper = node(
            f"And why is that, {number}?", answer(f"For reason {number}.", rank=0)
        )
        replies = [
            answer(f"First {number}", deeper, rank=number % 3),
            answer(f"Second {number}", rank=(number + 1) % 3, lang="de"),
            answer(
                f"Third {number}", rank=(number + 2) % 3, synthetic=True, model_name="m"
            ),
        ]
        if number % 4 == 0:
            replies.append(answer(f"Gone {number}", answer("below"), deleted=True))
        state = "growing" if number == 11 else "ready_for_export"
        yield tree(node(f"Question {number}?", *replies), tree_state=state)


def trees_are_frozen_exported_and_taken_in_again(lines, folder, settings):
    """How many trees there were, and how many rows the files had."""
    recipe = {"pairs": "all", "with_models": True}

    def here():
        dataset, curator = clean("oasst")
        imports.import_lines(dataset=dataset, lines=lines, format="oasst", by=curator)
        found = frozen(dataset, curator, [recipe])
        exported = list(departures.export_lines(dataset=dataset, by=curator))
        return exported, (found, as_open_assistant(dataset)), Conversation.objects.count()

    def there():
        settings.VERSIONS_DIR = folder / "elsewhere"
        dataset, curator = clean("oasst")
        moving.import_record(dataset=dataset, lines=exported, by=curator)
        return frozen(dataset, curator, [recipe]), as_open_assistant(dataset)

    exported, found, trees = in_a_place_of_its_own(here)
    assert not Message.objects.exists()
    assert in_a_place_of_its_own(there) == found
    assert len(found[1]) == trees
    return trees, json.loads(dict(found[0][1])["manifest.json"])["rows"]


def as_open_assistant(dataset):
    """All of it as it would go out in the format that it came in."""
    found = forest.rows(dataset, FORMATS["oasst"], Terms())
    return sorted(found, key=itemgetter("message_tree_id"))


def test_trees_of_other_peoples_shape_are_frozen_exported_and_taken_in_again(
    folder, settings
):
    lines = list(of_our_own())

    trees, rows = trees_are_frozen_exported_and_taken_in_again(lines, folder, settings)

    assert trees == 12
    assert rows["records_train"] + rows["records_held_out"] == 48
    assert rows["pairs_train"] + rows["pairs_held_out"] == 36


@pytest.mark.skipif(not TREES.exists(), reason="WINNOW_TREES names no file of trees")
def test_the_open_assistant_trees_are_frozen_exported_and_taken_in_again(folder, settings):
    lines = TREES.read_bytes().splitlines()

    trees, rows = trees_are_frozen_exported_and_taken_in_again(lines, folder, settings)

    assert trees == 100
    assert rows["pairs_train"] + rows["pairs_held_out"] > 700


def test_a_second_import_adds_nothing(folder):
    dataset, curator = clean()
    fill(dataset)
    lines = list(departures.export_lines(dataset=dataset, by=curator))
    before = Message.objects.count()

    assert moving.import_record(dataset=dataset, lines=lines, by=curator) == 0
    assert Message.objects.count() == before


def test_only_what_is_accepted_leaves_and_nobodys_name(folder):
    dataset, curator = clean()
    fill(dataset)
    gone = ReplyFactory(
        parent__conversation__dataset=dataset, parent__accepted=True, accepted=True,
        text="Taken back.", author__name="Ann Author",
    )  # fmt: skip
    withdrawals.take_back(message_id=gone.pk, by=gone.author)
    ReplyFactory(parent=gone.parent, text="Not reviewed.")

    sent = b"".join(departures.export_lines(dataset=dataset, by=curator)).decode()

    assert "Taken back." not in sent
    assert "Not reviewed." not in sent
    assert not any(person.email in sent for person in Contributor.objects.all())
    assert "Ann Author" not in sent


def test_people_who_came_with_a_record_cannot_sign_in(folder):
    def here():
        dataset, curator = clean()
        fill(dataset)
        return list(departures.export_lines(dataset=dataset, by=curator))

    lines = in_a_place_of_its_own(here)
    dataset, curator = clean()
    moving.import_record(dataset=dataset, lines=lines, by=curator)

    came = Contributor.objects.exclude(pk=curator.pk)
    assert came.count() > 3
    assert not any(one.is_active or one.has_usable_password() for one in came)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda lines: lines[1:], "Line 1: The first line does not say"),
        (lambda lines: [lines[0], b"{"], "Line 2: This is not JSON"),
        (lambda lines: [lines[0], b"[]"], "Line 2: The line holds a list"),
        (lambda lines: [lines[0], b"{}"], "Line 2: “uid” is missing"),
        (lambda lines: [lines[0].replace(b"handbook", b"another")], "of another"),
        (
            lambda lines: [lines[0], lines[1].replace(b'"salt":"', b'"salt":"zz')],
            "Line 2: A salt has 64",
        ),
        (
            lambda lines: [
                lines[0],
                lines[1].replace(
                    b'"duplicate_of":[]', b'"duplicate_of":[{"uid":"x","likeness":2}]'
                ),
            ],
            "Line 2: “likeness” goes from 0 to 1",
        ),
        (
            lambda lines: [lines[0], lines[1].replace(b'"accepted"', b'"held"')],
            "Line 2: A message that moves is accepted",
        ),
        (
            lambda lines: [lines[0], lines[1].replace(b'"person"', b'"else"')],
            "Line 2 does not hold together",
        ),
        (
            lambda lines: [
                lines[0], lines[1].replace(b'"salt":', b'"original":{"format":7},"salt":')
            ],
            "Line 2: “original” has a format and facts",
        ),
        (
            lambda lines: [
                lines[0],
                lines[1].replace(
                    b'"salt":', b'"original":{"format":"x","facts":["a"]},"salt":'
                ),
            ],
            "Line 2: “facts” is no object",
        ),
        (
            lambda lines: [
                lines[0],
                lines[1].replace(
                    b'"salt":',
                    b'"original":{"format":"x","facts":{"a":"\\u0000"}},"salt":',
                ),
            ],
            "Line 2: .* has the character NUL",
        ),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_as_a_whole(folder, change, problem):
    def here():
        dataset, curator = clean()
        fill(dataset)
        return list(departures.export_lines(dataset=dataset, by=curator))

    lines = in_a_place_of_its_own(here)
    dataset, curator = clean()

    with pytest.raises(CurationError, match=problem):
        moving.import_record(dataset=dataset, lines=change(lines), by=curator)
    assert not Message.objects.exists()
    assert Contributor.objects.count() == 1


def test_only_curators_move_a_record(folder):
    dataset, _ = clean()
    writer = ContributorFactory(member=dataset)

    with pytest.raises(NotAllowed):
        departures.export_lines(dataset=dataset, by=writer)
    with pytest.raises(NotAllowed):
        moving.import_record(dataset=dataset, lines=[], by=writer)


def test_the_commands_move_it_too(tmp_path, folder):
    file = tmp_path / "record.jsonl"

    def here():
        dataset, curator = clean()
        fill(dataset)
        call_command("export_record", "handbook", str(file), "--by", curator.email)

    in_a_place_of_its_own(here)
    dataset, curator = clean()
    call_command("import_record", "handbook", str(file), "--by", curator.email)

    assert Conversation.objects.filter(dataset=dataset).count() == 6
    with pytest.raises(CommandError, match="File exists"):
        call_command("export_record", "handbook", str(file), "--by", curator.email)
    with pytest.raises(CommandError, match="There is no dataset nowhere"):
        call_command("import_record", "nowhere", str(file), "--by", curator.email)
