"""Why a row of a file was refused is told to each reader in their own language."""

from __future__ import annotations

import ast
import json
import re

import pytest
from django.utils.translation import override

from config.places import ROOT
from curation import tasks, unfolded, wording
from curation.actions.arrivals import Problem
from curation.errors import BadLine
from curation.formats import jsonl
from curation.models import Refusal
from curation.models.imports import REASON_AT_MOST
from tests.curation.lines import node, tree
from tests.curation.pages import signed_in, url
from tests.curation.uploads import fresh, received, started
from tests.factories import ContributorFactory, DatasetFactory
from tests.programs import Program

pytestmark = pytest.mark.usefixtures("in_this_process")
GERMAN = {"accept-language": "de"}
NAME = re.compile(r"%(?:\((\w+)\)[sd])?")


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.VERSIONS_DIR, settings.TRANSFERS_DIR = tmp_path / "kept", tmp_path / "own"


@pytest.fixture
def dataset(db):
    return DatasetFactory()


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def taken(dataset, *rows, **fields):
    """The import of these rows."""
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    found = started(dataset, curator, lines(*rows), **fields)
    tasks.take_import(found.pk)
    return fresh(found)


# ---- for whom --------------------------------------------------------------------------
def test_the_page_the_report_and_the_api_tell_it_in_german(client, dataset):
    mapping = {"instruction": "Frage", "response": "Antwort"}
    found = taken(dataset, {"Frage": "Warum?", "Antwort": 7}, mapping=mapping)
    said = "„Antwort“ ist eine Zahl; gebraucht wird ein Text."
    person = signed_in(client, dataset, "curator")

    page = client.get(url("import", dataset.slug, found.pk), headers=GERMAN)
    assert said in page.text
    report = client.get(
        url("import-refused", dataset.slug, found.pk, "jsonl"), headers=GERMAN
    )
    told = [json.loads(line) for line in b"".join(report.streaming_content).splitlines()]
    assert told == [{"line": 1, "reason": said}]
    table = client.get(url("import-refused", dataset.slug, found.pk, "csv"), headers=GERMAN)
    assert said in b"".join(table.streaming_content).decode()
    path = f"datasets/{dataset.slug}/imports/{found.pk}/refusals/"
    [german] = Program(person).get(path, **GERMAN).json()["results"]
    [english] = Program(person).get(path).json()["results"]
    assert german == {"line": 1, "reason": said}
    assert english == {"line": 1, "reason": "“Antwort” is a number; a text is needed."}


def test_rows_that_a_program_sends_are_refused_in_words(dataset):
    person = ContributorFactory(member=dataset, member__roles=["curator"])
    sent = {"format": "chat", "rows": [{"a": 1}]}
    path = f"datasets/{dataset.slug}/rows/"

    [english] = Program(person).post(path, sent).json()["problems"]
    [german] = Program(person).post(path, sent, **GERMAN).json()["problems"]

    assert english["reason"] == "“messages” is missing or has no turns."
    assert german["reason"] != english["reason"] and "%" not in german["reason"]


def test_what_is_kept_is_english_whoever_sent_the_file(dataset):
    with override("de"):
        found = taken(dataset, {"instruction": "Warum?", "response": 7})

    [refusal] = found.refusals.all()
    assert refusal.reason == "“%(name)s” is %(kind)s; a text is needed."
    assert refusal.facts == {"name": "response", "kind": "a number"}
    assert str(refusal) == "line 1: “response” is a number; a text is needed."


def test_so_do_the_first_rows_before_it_is_started(client, dataset):
    person = signed_in(client, dataset, "curator")
    good, bad = ({"instruction": "Warum?", "response": said} for said in ("Darum.", ""))
    found = received(dataset, person, lines(good, bad))

    page = client.get(url("import", dataset.slug, found.pk), headers=GERMAN)

    assert "„response“ ist leer." in page.text


def test_a_file_of_which_nothing_can_be_taken_is_refused_in_german(client, dataset):
    signed_in(client, dataset, "curator")
    sent = {"pasted": "Frage,Frage\n1,2\n"}

    answer = client.post(url("imports", dataset.slug), sent, headers=GERMAN)

    assert "Die Spalte „Frage“ ist zweimal da." in answer.text


def test_what_was_kept_before_there_were_facts_reads_as_it_was(dataset):
    found = taken(dataset, {"instruction": "Why?", "response": "So."})
    old = "“100% of {x} %(name)s” is missing."
    refusal = Refusal.objects.create(of=found, line=1, reason=old)

    with override("de"):
        assert refusal.said == old
        assert fresh(found).reasons == [{"said": old, "count": 1}]


# ---- what stands in a file does no harm ------------------------------------------------
@pytest.mark.parametrize("odd", ["100 %", "%s %(x)d %(name)s", "{0} {name}", "%", "<b>"])
def test_signs_in_a_name_are_told_as_they_are(dataset, odd):
    found = taken(dataset, {"instruction": "Why?", odd: 7}, mapping={"response": odd})

    [refusal] = found.refusals.all()
    assert refusal.said == f"“{odd}” is a number; a text is needed."
    [counted] = found.reasons
    assert counted == {"said": refusal.said, "count": 1}


def test_a_name_that_no_database_keeps_is_told_with_marks(dataset):
    rows = [json.loads(tree(node("Ask"), **{odd: "x"})) for odd in ("a\0b", "c\ud800")]
    found = taken(dataset, *rows, format="oasst")

    assert [one.facts["name"] for one in found.refusals.order_by("pk")] == ["a�b", "c�"]


@pytest.mark.parametrize("name", ["x" * 5_000, "%" * 5_000, "%(name)s" * 700])
def test_a_long_name_is_cut_and_the_sentence_is_whole(dataset, name):
    found = taken(dataset, {"instruction": "Why?", name: 7}, mapping={"response": name})

    [refusal] = found.refusals.all()
    assert refusal.said.endswith("” is a number; a text is needed.")
    assert 150 < len(refusal.said) <= REASON_AT_MOST
    with override("de"):
        assert refusal.said.endswith("“ ist eine Zahl; gebraucht wird ein Text.")


def test_what_is_no_text_of_ours_is_cut_at_the_end():
    problem = Problem.of(7, BadLine("100% \0" * 100))

    assert problem.said.startswith("100% \N{REPLACEMENT CHARACTER}100%")
    assert len(problem.reason) == REASON_AT_MOST


def test_numbers_are_written_as_the_reader_writes_them():
    problem = BadLine("%(place)s of %(count)d", place=12_000, count=12_000)

    assert str(problem) == "12,000 of 12000"
    with override("de"):
        assert str(problem) == "12.000 of 12000"


# ---- where they are made ---------------------------------------------------------------
def refusals():
    """Each text of ours that a BadLine is given, with the names of its facts."""
    for app in ("annotate", "curation", "trainer"):
        for path in (ROOT / app).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "BadLine":
                    where = f"{path.relative_to(ROOT)}:{call.lineno}"
                    yield where, call.args[0], {one.arg for one in call.keywords}


def test_a_reason_is_a_whole_sentence_and_its_facts_stand_beside_it():
    """Pieces could not be told in another language, and a name without its fact never."""
    odd, seen = [], 0
    for where, text, facts in refusals():
        if isinstance(text, ast.JoinedStr | ast.BinOp):
            odd.append(where)
        elif isinstance(text, ast.Constant):
            seen += 1
            names = {name for name in NAME.findall(text.value) if facts}
            if names != facts or len(text.value) > REASON_AT_MOST // 2:
                odd.append(where)

    assert odd == []
    assert seen > 100


def test_every_kind_of_value_has_its_word():
    assert {*jsonl.KINDS.values(), jsonl.kind(object())} == {*wording.KINDS}


def test_first_rows_that_were_kept_before_there_were_facts_are_refused_still():
    refused = []
    kept = ['[1, null, "“response” is empty."]\n'.encode(), b'[2, {"a": 1}]\n']

    (row,) = unfolded.read(kept, lambda *told: refused.append(told))

    assert row == (2, {"a": 1})
    assert [(number, str(why)) for number, why in refused] == [(1, "“response” is empty.")]
