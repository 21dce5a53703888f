"""Files that grow as they are opened, read by a process that may have little memory."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation import unfolded
from curation.formats.unfolding import LEAST, MEMORY, Order, unfold

MEGABYTE = 1_000_000
PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "curation.formats.unfolding", *sys.argv[1:]])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


@pytest.fixture
def keep(tmp_path):
    def keep(content):
        (tmp_path / unfolded.FILE).write_bytes(content)
        return tmp_path

    return keep


def opened(folder, name="a.jsonl", **fields):
    """What came of it, and its lines."""
    told = {"bytes_at_most": 100 * MEGABYTE, "rows_at_most": 1_000, **fields}
    rows = folder / "rows"
    found = unfold(Order(str(folder / unfolded.FILE), name, str(rows), **told))
    return found, [json.loads(line) for line in rows.read_text().splitlines()]


def parquet(path, **columns):
    table = pa.table(columns)
    pq.write_table(table, path, compression="zstd", row_group_size=10_000)
    return path


def in_a_child(folder, limit=1_000 * MEGABYTE):
    """What the child says, and the most memory that it had, in megabytes."""
    order = Order(str(folder / "file"), "a.parquet", str(folder / "rows"), limit, 10_000)
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, json.dumps(order._asdict())],
        cwd=unfolded.ROOT,
        env={**os.environ, **unfolded.SPARING},
        capture_output=True,
        text=True,
        check=True,
    )
    said, peak = ran.stdout.splitlines()
    return json.loads(said), int(peak)


def test_a_kilobyte_that_says_four_gigabytes_is_refused_in_little_memory(tmp_path):
    long = pa.array(["x" * MEGABYTE])
    said = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000, pa.int32()), long)
    path = parquet(tmp_path / "file", instruction=said, response=said)
    assert path.stat().st_size < 2_000
    assert pq.read_metadata(path).row_group(0).total_byte_size < 3 * MEGABYTE

    found, peak = in_a_child(tmp_path)

    assert "unfolds to more" in found["problem"]
    assert peak < 512
    assert (tmp_path / "rows").stat().st_size <= LEAST


def test_pages_that_unfold_at_once_are_refused_in_little_memory(tmp_path):
    long = pa.array(["x" * MEGABYTE] * 400)
    pq.write_table(
        pa.table({"instruction": long}), tmp_path / "file", compression="zstd",
        use_dictionary=False, data_page_size=1 << 30,
    )  # fmt: skip
    assert (tmp_path / "file").stat().st_size < MEGABYTE

    found, peak = in_a_child(tmp_path)

    assert "more memory" in found["problem"]
    assert peak < 512
    assert MEMORY < 512 * 2**20


@pytest.mark.parametrize("line", [b'{"a": 1}\n', b"a,b\n", b" "])
def test_a_packed_file_counts_as_what_it_unpacks_to(keep, line):
    folder = keep(gzip.compress(line * (LEAST // len(line) + 2)))

    found, _lines = opened(folder, "a.csv.gz", rows_at_most=10**9)

    assert found.problem == "It unfolds to more than an import may hold."


def test_too_many_rows_and_too_many_refusals_are_too_much(keep):
    for content in (b'{"a": 1}\n' * 1_001, b"no\n" * 1_001):
        found, _lines = opened(keep(content))
        assert found.problem == "It has more rows than an import may hold."


def test_long_names_do_not_fill_the_disk(keep):
    names = ",".join("n" * 190 + str(number) for number in range(400))
    row = ",".join("x" * 400) + "\n"

    found, _lines = opened(keep(f"{names}\n{row * 900}".encode()), "a.csv",
                           bytes_at_most=5 * MEGABYTE)  # fmt: skip

    assert "unfolds" in found.problem


@pytest.mark.parametrize(
    "content, problem",
    [(b"PK\x03\x04....", "archive or a workbook"), (b"PAR1", "no Parquet file"),
     (b"[1", "cut off"), (b"\x1f\x8bno", ""), (b"a" * 6_000_000, "longer than"),
     (gzip.compress(b"PAR1abcd", mtime=0), "Parquet file is packed"),
     (gzip.compress(b'{"a": 1}' * 90, mtime=0)[:-9], "")],
)  # fmt: skip
def test_what_cannot_be_read_at_all_says_why(keep, content, problem):
    found, _lines = opened(keep(content), "a")

    assert found.problem or found.refused
    assert problem in found.problem


def test_rows_before_a_fault_are_kept_and_the_fault_has_a_number(keep):
    found, lines = opened(keep(b'[{"a": 1}, {"a": 2}, {"a": '), "a.json")

    assert (found.rows, found.refused, found.problem) == (2, 1, "")
    assert lines[-1][:2] == [3, None]


def test_bad_lines_are_refused_among_the_others(keep):
    deep = b'{"a":' + b"[" * 900 + b"]" * 900 + b"}\n"
    found, lines = opened(keep(b'{"a": 1}\nno\n' + deep * 2 + b'{"a": "\\ud800"}\n'))

    assert found.rows + found.refused == len(lines) == 5
    assert [line[0] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[1][2].startswith("This is not JSON")
    assert lines[-1] == [5, {"a": "\ud800"}]


@pytest.mark.parametrize(
    "text, encoding, guessed",
    [("n;s\nä;é\n", "cp1252", "cp1252"), ("n;s\nä;é\n", "utf-8-sig", ""),
     ("n\ts\nä\té\n", "utf-16", "utf-16"), ("n,s\nä,é\n", "utf-8", "")],
)  # fmt: skip
def test_the_letters_of_a_table_are_guessed(keep, text, encoding, guessed):
    found, lines = opened(keep(text.encode(encoding)), "a.csv")

    assert lines == [[2, {"n": "ä", "s": "é"}]]
    assert (found.kind, found.encoding) == ("csv", guessed)


def test_letters_that_windows_has_not_are_those_of_latin_1(keep):
    found, lines = opened(keep(b"n\n\xe4\x81\n"), "a.csv")

    assert (found.encoding, lines) == ("latin-1", [[2, {"n": "ä\x81"}]])


def test_a_table_keeps_what_stands_in_quotation_marks(keep):
    content = b'n;s\r\n"two\nlines; and ""more""";x\r\n'

    assert opened(keep(content), "a.csv")[1] == [
        [3, {"n": 'two\nlines; and "more"', "s": "x"}]
    ]


@pytest.mark.parametrize(
    "content, name, kind",
    [(b'[{"a": 1}]', "a.jsonl", "json"), (b'{"a": 1}\n', "a.json", "jsonl"),
     (b'{"a": 1}\n', "pasted", "jsonl"), (b"a\tb\n1\t2\n", "pasted", "csv"),
     (b'\xef\xbb\xbf [{"a": 1}]', "", "json"),
     (gzip.compress(b"a,b\n1,2\n", mtime=0), "a.csv.gz", "csv")],
)  # fmt: skip
def test_what_is_in_a_file_says_more_than_its_name(keep, content, name, kind):
    found, lines = opened(keep(content), name)

    assert found.kind == kind
    assert len(lines) == 1


def test_lists_in_columns_and_old_bytes_are_read(tmp_path):
    chat = pa.array([[{"role": "user", "content": "ä" * 900}]] * 3)
    parquet(tmp_path / "file", messages=chat, text=pa.array([b"old", None, b"\xff"]))

    found, lines = opened(tmp_path, "a.parquet")

    assert (found.kind, found.rows) == ("parquet", 3)
    assert lines[0][1]["messages"] == [{"role": "user", "content": "ä" * 900}]
    assert [line[1]["text"] for line in lines] == ["old", None, None]


def test_only_the_first_rows_are_looked_at(keep):
    folder = keep(b'{"a": 1}\n' * 5_000)

    found = unfolded.look(folder, "a.jsonl")

    assert found.rows == unfolded.LOOKED_AT
    refused = []
    with (folder / unfolded.FIRST).open("rb") as lines:
        rows = list(unfolded.read(lines, lambda *one: refused.append(one)))
    assert len(rows) == unfolded.LOOKED_AT
    assert (rows[0], refused) == ((1, {"a": 1}), [])


def test_of_long_rows_and_of_refused_ones_few_are_looked_at(keep):
    row = json.dumps({"a": "x" * 3 * MEGABYTE}).encode() + b"\n"

    found, lines = opened(keep(row * 20), first=200)
    assert (found.problem, len(lines)) == ("", 3)

    found, lines = opened(keep(b"no\n" * 900 + row), first=200)
    assert (found.refused, len(lines)) == (900, 201)


def test_who_watches_may_end_it(keep):
    folder = keep(b'{"a": 1}\n' * 200_000)

    class Enough(Exception):
        pass

    def watch():
        raise Enough

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Enough):
        patch.setattr(unfolded, "EACH", 0.01)
        unfolded.unfold(folder / unfolded.FILE, folder / "rows", "a.jsonl", watch)


@pytest.mark.parametrize(
    "row",
    [
        '{"a" : 1E5,\t"b": 1000000000000000000000000000001, "c": [-0.0, 1e999]}',
        '{"é\u2028": "\\u00e9\\ud800 \U0001f600", "a":\r null, "a": "twice"}',
        '{"deep": ' + "[" * 600 + "]" * 600 + "}",
        '{"brackets": "' + "[" * 600 + '"}',
    ],
    ids=["numbers", "signs", "deep", "brackets"],
)
def test_a_row_is_read_again_as_it_was_read_first(keep, row):
    folder = keep(f"  {row} \n".encode())
    found = unfold(
        Order(str(folder / unfolded.FILE), "a.jsonl", str(folder / "rows"), 10**6, 10)
    )

    with (folder / "rows").open("rb") as lines:
        (again,) = unfolded.read(lines, lambda *why: pytest.fail(str(why)))
    assert (found.rows, again.number, again.fields) == (1, 1, json.loads(row))


def test_what_is_nested_too_deep_is_refused_before_anybody_reads_it_again(keep):
    found, lines = opened(keep(b'{"a": ' + b"[" * 990 + b"]" * 990 + b"}\n{}\n"))

    assert (found.rows, found.refused) == (1, 1)
    assert [line[1] for line in lines] == [None, {}]


def test_lines_are_read_while_they_are_written(tmp_path):
    rows, is_whole = tmp_path / "rows", Event()
    wanted = [f"{number}\n".encode() for number in range(5)]
    coming = unfolded.lines_of(rows, is_whole.is_set)
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(next, coming)  # nobody has begun the file
        with rows.open("wb", buffering=0) as file:
            file.write(b"".join(wanted[:2]) + wanted[2][:1])
            assert [first.result(), next(coming)] == wanted[:2]
            second = thread.submit(next, coming)
            file.write(wanted[2][1:])
            assert second.result() == wanted[2]
            rest = thread.submit(list, coming)
            file.write(b"".join(wanted[3:]))
            is_whole.set()

    assert rest.result() == wanted[3:]
