"""A million records out as Parquet, through DuckDB, and back: `make bench NAME=scale`.

RECORDS=50000 makes it smaller. `export_set`, docs/examples/set_wide.py and
`import_decisions` run as anybody runs them, each in a process of its own; one JSON line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.duplicates import Planted, database, inside
from config.places import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "set_wide.py"
BY = "admin@bench.example"
LINKED_EVERY, LONG_EVERY = 400, 20_000  # planted beside the edited copies


class Ran(NamedTuple):
    seconds: float
    rss_mb: int
    out: str


def main() -> None:
    records = int(os.environ.get("RECORDS", "1000000"))
    with database("scale"), tempfile.TemporaryDirectory() as folder:
        code = f"from benchmarks import scale; scale.seed({records})"
        inside("shell", "--no-imports", "-c", code)
        print(json.dumps(_measured(records, Path(folder))), flush=True)


def seed(records: int) -> None:
    """First prompts with their sketches; a few are copies, have links, or are long."""
    from benchmarks import lookups
    from curation.models import Contributor

    Contributor.objects.create_superuser(BY, "x")
    planted = Planted(records)

    def text(number: int) -> str:
        found = planted.text(number)
        if number % LINKED_EVERY == 0:
            found += f" See https://pages{number % 7}.example/{number}"
        return " ".join([found] * 60) if number % LONG_EVERY == 0 else found

    lookups.seed(len(planted), text)


def _measured(records: int, folder: Path) -> dict[str, Any]:
    load = os.getloadavg()[0]
    out, file = folder / "set", folder / "decisions.parquet"
    export = _ran("manage.py", "export_set", "likeness", str(out), "--by", BY)
    work = _ran(str(EXAMPLE), str(out), str(file))
    back = _ran("manage.py", "import_decisions", "likeness", str(file), "--by", BY)
    found = json.loads(work.out)
    return {
        "records": records,
        "export_seconds": export.seconds,
        "export_mb": sum(one.stat().st_size for one in out.rglob("*.parquet")) >> 20,
        "work_seconds": work.seconds,
        "import_seconds": back.seconds,
        "rss_mb": max(export.rss_mb, work.rss_mb, back.rss_mb),
        "export_rss_mb": export.rss_mb,
        "work_rss_mb": work.rss_mb,
        "import_rss_mb": back.rss_mb,
        "proposals": sum(found.values()),
        "decisions": found,
        "imported": back.out.strip(),
        "load": round(load, 1),
    }


def _ran(*command: str) -> Ran:
    """What it said, how long it took, and the most memory that it had."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=out)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[0]} {command[1]} failed.")
        out.seek(0)
        seconds = round(time.monotonic() - began, 1)
        return Ran(seconds, usage.ru_maxrss // 1024, out.read())


if __name__ == "__main__":
    main()
