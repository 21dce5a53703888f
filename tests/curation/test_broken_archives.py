"""Files that Winnow did not write as they are now are refused as a whole."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from curation.actions import versions
from curation.errors import CurationError
from curation.formats import bundle
from curation.models import Contributor, Dataset
from tests.curation.archived import packed, restored
from tests.curation.test_moving import clean
from tests.factories import MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path / "versions"
    return tmp_path


@pytest.fixture(scope="module")
def small(made_elsewhere):
    """A small archive, made once for all that is done to it."""

    def there():
        dataset, curator = clean()
        prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
        ReplyFactory(parent=prompt, accepted=True)
        versions.freeze(dataset_id=dataset.pk, by=curator)
        return packed(dataset, curator)

    return made_elsewhere(there)


def rewritten(content, *, member=None, manifest=None, add=(), without=""):
    """The same archive with a member changed, and with a manifest that fits, or not."""
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        held = {name: found.read(name) for name in found.namelist()}
    told = json.loads(held.pop("manifest.json"))
    if member:
        name, change = member
        held[name] = change(held[name])
    held |= dict(add)
    out = io.BytesIO()
    with bundle.Writer(out) as writer:
        for name, bytes_of_it in held.items():
            with writer.member(name) as one:
                one.write(bytes_of_it)
        if manifest:
            manifest(told, writer._members)
        writer.finish({k: v for k, v in told.items() if k not in ("members", without)})
    return out.getvalue()


def column(name, value):
    """Puts a value into a column of all rows."""

    def change(content):
        columns, *rows = [json.loads(line) for line in content.splitlines()]
        for row in rows:
            row[columns.index(name)] = value
        return b"".join(json.dumps(row).encode() + b"\n" for row in (columns, *rows))

    return change


def wrong_hash(told, members):
    members["tables/message.jsonl"]["sha256"] = "0" * 64


def wrong_size(told, members):
    members["tables/message.jsonl"]["size"] += 1


def not_there(told, members):
    del members["tables/message.jsonl"]


MESSAGES, PEOPLE = "tables/message.jsonl", "tables/people.jsonl"
BROKEN = {
    "newer": ({"manifest": lambda told, _m: told.update(version=2)}, "newer Winnow"),
    "no version": (
        {"manifest": lambda told, _m: told.update(version="1")},
        "which version",
    ),
    "other": ({"manifest": lambda told, _m: told.update(format="x")}, "no archive of"),
    "hash": ({"manifest": wrong_hash}, "is not what it was"),
    "size": ({"manifest": wrong_size}, "another size"),
    "unnamed": ({"manifest": not_there}, "not what its manifest names"),
    "outside": ({"add": [("../../etc/passwd", b"")]}, "no archive of Winnow has"),
    "absolute": ({"add": [("/etc/passwd", b"")]}, "no archive of Winnow has"),
    "versions": (
        {"manifest": lambda told, _m: told["versions"].clear()},
        "not those that its manifest",
    ),
    "facts": ({"without": "rows"}, "does not hold together"),
    "text": ({"member": (MESSAGES, column("text", "Else."))}, "not what was"),
    "null": ({"member": (MESSAGES, column("text", None))}, "hold together"),
    "NUL": ({"member": (MESSAGES, column("text", "\0"))}, "hold together"),
    "state": ({"member": (MESSAGES, column("state", "x"))}, "state is none"),
    "twice": ({"member": (MESSAGES, column("id", 1))}, "in the order"),
    "nowhere": (
        {"member": (MESSAGES, column("conversation", 9**15))},
        "points at nothing",
    ),
    "date": (
        {"member": (MESSAGES, column("created_at", 7))},
        "hold together",
    ),
    "column": (
        {"member": (MESSAGES, lambda c: c.replace(b'"role"', b'"rule"', 1))},
        "a column rule that this Winnow does not know",
    ),
    "fewer": (
        {"member": (MESSAGES, lambda c: c[: c[:-1].rindex(b"\n") + 1])},
        "as many rows",
    ),
    "cut": ({"member": (MESSAGES, lambda c: c[:-9])}, "not whole"),
    "JSON": ({"member": (MESSAGES, lambda c: b"{\n")}, "not JSON"),
    "object": ({"member": (MESSAGES, lambda c: b"{}\n")}, "no row"),
    "slug": ({"member": ("tables/dataset.jsonl", column("slug", "x"))}, "hold together"),
    "email": (
        {"member": (PEOPLE, column("email", "a b@c"))},
        "hold together",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_not_what_winnow_wrote_is_refused_as_a_whole(small, case, folder):
    change, problem = BROKEN[case]

    with pytest.raises(CurationError, match=problem):
        restored(rewritten(small, **change))

    assert not Dataset.objects.exists()
    assert Contributor.objects.count() == 1
    assert not list((folder / "versions").glob("*"))


def test_a_file_that_is_no_zip_or_cut_off_is_refused(small):
    for content in (b"", b"nothing", small[:-30], small[30:]):
        with pytest.raises(CurationError, match="archive|damaged"):
            restored(content)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("else.txt", "x")
    with pytest.raises(CurationError, match="no manifest"):
        restored(out.getvalue())


def test_a_member_that_unfolds_to_more_than_it_says_is_read_no_further(small):
    claimed = 100
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("tables/message.jsonl", b" " * 10**7)
        made.getinfo("tables/message.jsonl").file_size = claimed  # in the list at the end
        members = {"tables/message.jsonl": {"size": claimed, "sha256": "0" * 64}}
        told = {"format": bundle.FORMAT, "version": 1, "members": members}
        made.writestr("manifest.json", json.dumps(told))

    with pytest.raises(CurationError, match="damaged|longer|not what it was"):
        restored(out.getvalue())
