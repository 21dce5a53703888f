"""Odd requests to the whole API of a stack with the demo, for longer than tests take.

Nothing may be answered by a 5xx. `make bench NAME=fuzz` prints a JSON line; a number after
the module's name says how many requests each operation gets.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks.odd_requests import attack
from benchmarks.stack import running
from config import places

EXAMPLES = 100
SLOWEST_SHOWN = 5
KEYS = "from benchmarks import fuzz_keys; fuzz_keys.say()"


@dataclass
class Programs:
    """A key of each role, and how long each address took at most."""

    address: str
    secrets: dict[str, str]
    session: requests.Session = field(default_factory=requests.Session)
    slowest: dict[str, float] = field(default_factory=dict)

    def ask(self, path: str) -> Any:
        headers = {**self._bearer("admin"), "Accept": "application/json"}
        answer = self.session.get(
            f"{self.address}/api/v1/{path}", headers=headers, timeout=60
        )
        return answer.json() if answer.ok else None

    def send(self, role: str, asked: requests.PreparedRequest) -> int:
        parts = urlsplit(asked.url or "")
        asked.url = self.address + parts._replace(scheme="", netloc="").geturl()
        asked.headers.update(self._bearer(role))
        began = time.monotonic()
        status = self.session.send(asked, timeout=120, allow_redirects=False).status_code
        took = time.monotonic() - began
        self.slowest[parts.path] = max(took, self.slowest.get(parts.path, 0))
        return status

    def _bearer(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secrets[role]}"}


def main(examples: int) -> None:
    os.environ["WINNOW_KEY_RATE"] = "10000000"
    with running("fuzz") as address:
        manage("seed_demo")
        programs = Programs(
            address, json.loads(manage("shell", "--no-imports", "-c", KEYS))
        )
        schema, began = programs.ask("schema/"), time.monotonic()
        found = attack(
            schema,
            programs.ask,
            programs.send,
            roles=list(programs.secrets),
            examples=examples,
        )
        seconds = time.monotonic() - began
    by_status = {name: n for name, n in sorted(found.items()) if name.isdigit()}
    worst = sorted(programs.slowest.items(), key=lambda one: -one[1])[:SLOWEST_SHOWN]
    told = {
        "operations": sum(len(methods) for methods in schema["paths"].values()),
        "requests": sum(by_status.values()),
        "seconds": round(seconds, 1),
        "by_status": by_status,
        "failed": {name: n for name, n in found.items() if not name.isdigit()},
        "slowest_s": {path: round(took, 2) for path, took in worst},
    }
    sys.stdout.write(json.dumps(told) + "\n")


def manage(*words: str) -> str:
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(
        command, cwd=places.ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES)
