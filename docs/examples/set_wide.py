"""Work on a whole dataset outside Winnow, in DuckDB: near-duplicates, odd lengths, links.

    python manage.py export_set handbook set/ --by you@winnow.example
    python docs/examples/set_wide.py set/ decisions.parquet
    python manage.py import_decisions handbook decisions.parquet --by you@winnow.example

It knows nothing of Winnow but the columns of the files, so it is also what a job for Spark
or Ray Data would look like. What comes back are proposals: hints stand beside a text, and
duplicates wait for a curator, who merges or dismisses them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import duckdb

VERSION = 1  # raised with any change below: what it finds then is a new finding
BANDS, BANDS_AT_ONCE = 32, 4  # a signature has 32; few at a time need little memory
SHARED = 6  # bands that two texts have in common, to be worth comparing
CROWD = 50  # texts in one band: more of them share a phrase, not a text
ALIKE = 0.8  # share of runs of five characters that both have
ODD = 4.0  # standard deviations of the logarithm of the length
LINK = r"'https?://(?:www\.)?([^/\s:?#]+)'"
KNOWN_FROM = 50  # texts that link to the same place

# ---- what is read ----------------------------------------------------------------------
# Rows stand in the order in which they were written: of two duplicates the first stays.
RECORDS = """
CREATE TABLE record AS
SELECT
    row_number() OVER (ORDER BY filename, file_row_number) AS line,
    record_id::UUID AS id, revision, conversation::UUID AS conversation,
    parent_id IS NULL AS is_first, language, role, text
FROM read_parquet('{folder}/records/*.parquet', filename = true, file_row_number = true)
"""
# Case, signs and spaces are no difference; numbers are: another one asks something else.
WORDS = """
CREATE MACRO words(text) AS
    trim(regexp_replace(lower(nfc_normalize(text)), '\\W+', ' ', 'g'));
CREATE MACRO runs(words) AS
    list_distinct([words[n:n + 4] FOR n IN range(1, greatest(length(words) - 3, 2))]);
CREATE MACRO numbers(text) AS regexp_extract_all(text, '\\d+');
"""

# ---- near-duplicates -------------------------------------------------------------------
BANDED = """
INSERT INTO pair
WITH banded AS (
    SELECT record.line, unnest(bands[{first}:{last}]) AS band
    FROM read_parquet('{folder}/signatures/*.parquet') AS sketch
    JOIN record ON record.id = sketch.record_id::UUID
    WHERE is_first
),
bucket AS (SELECT band FROM banded GROUP BY band HAVING count(*) BETWEEN 2 AND {crowd})
SELECT one.line, other.line, count(*)
FROM banded AS one
JOIN bucket USING (band)
JOIN banded AS other ON other.band = one.band AND one.line < other.line
GROUP BY ALL
"""
# Sketches only say what is worth reading: the words decide.
DUPLICATES = """
CREATE TABLE duplicate AS
WITH candidate AS (
    SELECT first, later FROM pair GROUP BY ALL HAVING sum(bands) >= {shared}
),
likely AS (
    SELECT first, later
    FROM candidate
    JOIN record AS one ON one.line = first
    JOIN record AS other ON other.line = later
    WHERE one.conversation <> other.conversation
        AND numbers(one.text) = numbers(other.text)
),
said AS MATERIALIZED (
    SELECT line, words(text) AS words FROM record
    WHERE line IN (SELECT first FROM likely UNION SELECT later FROM likely)
),
read AS MATERIALIZED (SELECT line, runs(words) AS runs FROM said),
compared AS (
    SELECT
        first, later, len(list_intersect(one.runs, other.runs)) AS common,
        common / (len(one.runs) + len(other.runs) - common) AS likeness
    FROM likely
    JOIN read AS one ON one.line = first
    JOIN read AS other ON other.line = later
)
SELECT first, later, likeness FROM compared WHERE likeness >= {alike}
"""
# Each is a duplicate of the first like it that is none itself; who is only like
# duplicates waits until those are decided.
PROPOSED = """
SELECT
    later.id, later.revision, 'near_duplicate', likeness, 'duplicate', first.id::VARCHAR
FROM (
    SELECT later, min_by(first, first) AS first, min_by(likeness, first) AS likeness
    FROM duplicate
    WHERE first NOT IN (SELECT later FROM duplicate)
    GROUP BY later
) AS found
JOIN record AS later ON later.line = found.later
JOIN record AS first ON first.line = found.first
"""

# ---- heuristics ------------------------------------------------------------------------
ODD_LENGTHS = """
WITH sized AS (
    SELECT *, ln(length(text) + 1) AS size,
        avg(size) OVER same AS usual, stddev_pop(size) OVER same AS spread
    FROM record WINDOW same AS (PARTITION BY language, role)
)
SELECT
    id, revision, 'odd_length', least(abs(size - usual) / spread / 10, 1), 'hint',
    format('{{}} characters, where {{}} are usual.', length(text), round(exp(usual))::INT)
FROM sized WHERE spread > 0 AND abs(size - usual) > {odd} * spread
"""
LINKED = """
WITH linked AS (
    SELECT
        line, regexp_extract_all(lower(text), {link}, 1) AS places
    FROM record
),
link AS (SELECT DISTINCT line, unnest(places) AS place FROM linked),
known AS (SELECT place, count(*) AS texts FROM link GROUP BY place HAVING texts >= {known})
SELECT
    id, revision, 'common_link', least(max(texts) / 1000, 1), 'hint',
    format('It links to {{}}, as {{}} texts do.', left(max_by(place, texts), 99),
        max(texts))
FROM link JOIN known USING (place) JOIN record USING (line) GROUP BY ALL
"""

# ---- what is written -------------------------------------------------------------------
DECISION = '(record_id, revision, "check", score, verdict, evidence)'
WRITTEN = """
COPY (
    SELECT
        record_id::VARCHAR AS record_id, revision, "check",
        {version}::INT AS check_version, score, verdict, evidence
    FROM decision ORDER BY ALL
) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
"""


def main(folder: Path, file: Path, *, memory: str) -> None:
    with tempfile.TemporaryDirectory() as spilled, duckdb.connect() as database:
        database.execute(f"SET memory_limit = '{memory}'")
        database.execute(f"SET temp_directory = '{spilled}'")
        database.execute("SET preserve_insertion_order = false")
        work(database, folder, file)


def work(database: duckdb.DuckDBPyConnection, folder: Path, file: Path) -> None:
    def run(sql: str, **values: object) -> None:
        database.execute(
            sql.format(folder=folder, **values) if values or "{" in sql else sql
        )

    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {what}", file=sys.stderr, flush=True)

    run(RECORDS)
    run(WORDS)
    say("records read")
    run("CREATE TABLE pair (first BIGINT, later BIGINT, bands BIGINT)")
    for start in range(0, BANDS, BANDS_AT_ONCE):
        run(BANDED, first=start + 1, last=start + BANDS_AT_ONCE, crowd=CROWD)
        say(f"{start + BANDS_AT_ONCE} of {BANDS} bands joined")
    run(DUPLICATES, shared=SHARED, alike=ALIKE)
    say("candidates compared")
    run(f"CREATE TABLE decision {DECISION} AS {PROPOSED}")
    run(f"INSERT INTO decision {ODD_LENGTHS}", odd=ODD)
    run(f"INSERT INTO decision {LINKED}", known=KNOWN_FROM, link=LINK)
    run(WRITTEN, version=VERSION, file=file)
    counted = 'SELECT "check", count(*) FROM decision GROUP BY ALL ORDER BY ALL'
    print(json.dumps(dict(database.execute(counted).fetchall())))
    say("decisions written")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="what export_set wrote")
    parser.add_argument("file", type=Path, help="decisions.parquet, to be written")
    parser.add_argument("--memory", default="2GB", help="for DuckDB; it spills the rest")
    asked = parser.parse_args()
    main(asked.folder, asked.file, memory=asked.memory)
