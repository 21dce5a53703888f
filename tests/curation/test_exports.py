"""Exports in which nobody is named: by ids, trees, dates, or by joining two of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from curation.actions import exports
from curation.errors import CurationError, NotAllowed
from curation.formats.pseudonyms import Pseudonyms, Written, month
from curation.models import Export, Message
from tests.curation.pages import frozen, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory

KEY, OTHER = b"k" * 32, b"o" * 32
RECORD = {
    "id": "r1", "prompt_id": "p1", "conversation": "t1", "category": "qa",
    "language": "en", "origin": "person", "rank": 0, "prompt": [], "completion": [],
    "something_new": "r1",
}  # fmt: skip
AT = datetime(2026, 5, 17, 10, 42, 31, tzinfo=UTC)


def test_a_person_has_one_name_in_an_export_and_another_in_the_next():
    here, there = Pseudonyms(KEY), Pseudonyms(OTHER)

    assert here.of("person", "7") == here.of("person", "7")
    assert here.of("person", "7") != there.of("person", "7")
    assert here.of("person", "7") != here.of("text", "7")
    assert here.of("person", "7") != here.of("person", "8")


def test_a_short_key_is_refused():
    with pytest.raises(ValueError):
        Pseudonyms(b"short")


def test_no_id_of_ours_and_no_exact_date_goes_out():
    line = Pseudonyms(KEY).line(RECORD, {"r1": Written("7", AT)})

    shown = json.dumps(line)
    assert not any(f'"{known}"' in shown for known in ("r1", "p1", "t1", "7"))
    assert line["month"] == "2026-05"
    assert "something_new" not in line  # only what is known to be harmless
    assert line["prompt_author"] == ""


def test_dates_are_cut_to_their_month():
    assert month(AT) == "2026-05"


@pytest.mark.django_db
class TestPage:
    def test_a_curator_makes_one_and_downloads_it(self, client):
        dataset = DatasetFactory()
        author = ContributorFactory(member=dataset)
        version = frozen(dataset, count=3, author=author)
        signed_in(client, dataset, "curator")
        page = url("exports", dataset.slug, 1)

        assert page in client.get(url("version", dataset.slug, 1)).text
        client.post(page, {"made_for": "Acme, evaluation"})
        client.post(page, {"made_for": "Somebody else"})
        assert "Acme, evaluation" in client.get(page).text
        first, second = (
            client.get(url("export", dataset.slug, 1, export.pk, "train"))
            for export in Export.objects.order_by("pk")
        )

        texts = [r.getvalue().decode() for r in (first, second)]
        lines, others = ([json.loads(t) for t in text.splitlines()] for text in texts)
        assert len(lines) == 3
        assert len({line["author"] for line in lines}) == 1
        assert {line["author"] for line in lines}.isdisjoint(
            {line["author"] for line in others}
        )
        for message in Message.objects.filter(frozen_in__version=version):
            assert str(message.uid) not in texts[0]
            assert str(message.conversation.uid) not in texts[0]
        assert f"{message.created_at:%Y-%m-%d}" not in texts[0]

    def test_the_same_export_is_the_same_file_once_more(self, client):
        dataset = DatasetFactory()
        version = frozen(dataset)
        signed_in(client, dataset, "curator")
        export = exports.make(version=version, made_for="Us", by=version.frozen_by)
        address = url("export", dataset.slug, 1, export.pk, "train")

        assert client.get(address).getvalue() == client.get(address).getvalue()
        assert client.get(address.replace("train", "other")).status_code == 404

    def test_a_second_click_makes_no_second_one(self):
        version, other = frozen(dataset := DatasetFactory()), frozen(dataset, count=1)
        by = version.frozen_by
        first = exports.make(version=version, made_for="Us", by=by)

        assert exports.make(version=version, made_for=" Us ", by=by) == first
        assert exports.make(version=version, made_for="Them", by=by) != first
        assert exports.make(version=other, made_for="Us", by=other.frozen_by) != first

    def test_others_neither_make_nor_fetch_one(self, client):
        dataset = DatasetFactory()
        version = frozen(dataset)
        me = signed_in(client, dataset)
        export = exports.make(version=version, made_for="Us", by=version.frozen_by)

        assert client.get(url("exports", dataset.slug, 1)).status_code == 404
        address = url("export", dataset.slug, 1, export.pk, "train")
        assert client.get(address).status_code == 404
        with pytest.raises(NotAllowed):
            exports.make(version=version, made_for="Me", by=me)
        with pytest.raises(CurationError):
            exports.make(version=version, made_for=" ", by=version.frozen_by)
