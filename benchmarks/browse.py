"""Browsing a million messages over HTTP: `make bench NAME=browse`, MESSAGES= for fewer.

KEEP=1 keeps the messages under var/browse, KEEP=/a/folder there, and takes those that it
finds there: making them takes most of the time.

A JSON line per kind of filtered page: `p50_ms` and `p95_ms` from request to answer, one
request at a time, `cpu_ms` of the web server and the database, and `first_ms` of its first
request. A further line for what the tables beside the messages take and cost.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks import stack
from benchmarks.claim import percentile
from benchmarks.keepalive import Connection
from config.places import ROOT

MESSAGES = int(os.environ.get("MESSAGES", "1000000"))
KEEP = os.environ.get("KEEP", "")
SEEDED = "browse.json"
ROUNDS = 20
TARGET_MS = 300.0


def word(number: int) -> str:
    """The nth most frequent word: see shelf.py."""
    return md5(str(number).encode(), usedforsecurity=False).hexdigest()[:7]


PAGES = {
    "unfiltered": "",
    "state": "state=accepted",
    "state, rare": "state=held",
    "category": "category=c3",
    "language": "language=de",
    "language, rare": "language=sw",
    "author": "author={author}",
    "finding": "check=secret",
    "agreement": "agreement=contested",
    "place": "score=100",
    "rating": "rating=6-7",
    "conversation": "conversation=complete",
    "conversation, rare": "conversation=held",
    "guideline, oldest": "guideline=1",
    "origin, oldest": "origin=import",
    "three facets": "category=c3&language=en&state=rejected",
    "five facets": "category=c3&language=de&state=accepted&role=assistant&score=0",
    "few by chance": "language=sw&category=c3&state=rejected",
    "facets that exclude each other": "guideline=5&origin=import",
    "word, in every text": f"q={word(0)}",
    "word, in a third": f"q={word(10)}",
    "word, in a hundredth": f"q={word(1000)}",
    "word, in a thousandth": f"q={word(15000)}",
    "word, begun": f"q={word(1000)[:5]}",
    "two words": f"q={word(3)}+{word(40)}",
    "either word": f"q={word(5000)}+or+{word(6000)}",
    "phrase": "q=" + quote(f'"{word(0)} {word(1)}"'),
    "word and facets": f"q={word(200)}&category=c3&state=rejected",
    "word and a rare facet": f"q={word(2)}&language=sw",
    "no match": "q=nothinghasthis",
    "oldest first": "language=de&sort=oldest",
    "tenth page": "",
}


def main() -> None:
    with stack.running("browse", kept=KEEP) as address:
        port = urlsplit(address).port or 0
        made = _kept() or _seeded()
        made |= inside("shelf.sign_in()")
        print(json.dumps({k: made[k] for k in ("messages", "seconds", "sizes")}))
        for who in ("curator", "member"):
            for name, query in PAGES.items():
                if who == "member" and name not in ("unfiltered", "category", "two words"):
                    continue
                line = _measured(port, made, who, name, query)
                print(json.dumps({"messages": made["messages"], **line}), flush=True)


def _kept() -> dict[str, Any] | None:
    """What an earlier run said of its messages, where they are kept."""
    file = Path(os.environ["WINNOW_VAR"], SEEDED)
    made: dict[str, Any] | None = json.loads(file.read_text()) if file.exists() else None
    if not KEEP or made is None:
        return None
    if made["messages"] < MESSAGES:
        raise SystemExit(f"Only {made['messages']:,} messages are kept in {file.parent}.")
    return made


def _seeded() -> dict[str, Any]:
    say(f"making {MESSAGES:,} messages ...")
    made = inside(f"shelf.seed({MESSAGES})")
    Path(os.environ["WINNOW_VAR"], SEEDED).write_text(json.dumps(made))
    return made


def inside(call: str) -> dict[str, Any]:
    """What a function of shelf.py prints, run inside Django."""
    code = f"from benchmarks import shelf; {call}"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(ran.stdout.strip().splitlines()[-1]))


def _measured(
    port: int, made: dict[str, Any], who: str, name: str, query: str
) -> dict[str, Any]:
    connection = Connection(port, made[who])
    path = "/datasets/shelf/browse/?" + query.format(author=made["author"])
    if name == "tenth page":
        for _ in range(9):
            path = _next(connection, path)
    took, cpu = [], _cpu_seconds()
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        answer = connection.get(path)
        took.append(1000 * (time.perf_counter() - began))
        assert answer.status == 200, (path, answer.status)
    connection.close()
    used = 1000 * (_cpu_seconds() - cpu) / len(took)
    return {
        "page": name,
        "who": who,
        "p50_ms": percentile(took[1:], 50),
        "p95_ms": percentile(took[1:], 95),
        "cpu_ms": round(used, 1),
        "first_ms": round(took[0], 1),
        "within_target": (percentile(took[1:], 95) or 0) <= TARGET_MS,
        "load": round(os.getloadavg()[0], 1),
    }


def _next(connection: Connection, path: str) -> str:
    body = connection.get(path).body
    address = body.partition('rel="next" href="')[2].partition('"')[0]
    return "/datasets/shelf/browse/" + address.replace("&amp;", "&")


def _cpu_seconds() -> float:
    """Of all processes of this measurement: the web server's and the database's."""
    var, ticks = os.environ["WINNOW_VAR"], os.sysconf("SC_CLK_TCK")
    total, ours = 0, _ours(var)
    for pid in ours:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))  # its own, and of ended children
    return total / ticks


def _ours(var: str) -> set[int]:
    """Those that name the state folder in their environment or arguments, and theirs."""
    parents: dict[int, int] = {}
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes()
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        parents[int(folder.name)] = int(parent)
        if var.encode() in environment + command:
            found.add(int(folder.name))
    found.discard(os.getpid())
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
