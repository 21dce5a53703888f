"""The nearest among many vectors: `make bench NAME=neighbours`.

RECORDS=100000 and DIMS=384 are the usual; QUERIES=1000 of each kind. A JSON line for each
dataset in one table: most of it, a tenth, and one so small that all of it is compared.
"""

from __future__ import annotations

import os

from benchmarks.duplicates import database, inside


def main() -> None:
    records = int(os.environ.get("RECORDS", "100000"))
    dims = int(os.environ.get("DIMS", "384"))
    queries = int(os.environ.get("QUERIES", "1000"))
    with database("neighbours"):
        code = (
            f"from benchmarks import vectors; vectors.measure({records}, {dims}, {queries})"
        )
        inside("shell", "--no-imports", "-c", code)


if __name__ == "__main__":
    main()
