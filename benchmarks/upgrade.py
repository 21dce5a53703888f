"""Old code on the new schema: what happens between `migrate` and the last old process.

    make bench NAME=upgrade              the last release, or the commit before this one
    python -m benchmarks.upgrade COMMIT

The database is migrated by this code. Then the other commit, in a worktree of its own,
fills it with the demo, signs people in and asks for pages. A line of JSON says how many
requests that were, and which failed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from config import embedded
from config.places import ROOT

# Run by the old code. Pages that everybody opens, as three kinds of people.
SMOKE = """
import json, os
import django
django.setup()
from django.apps import apps
from django.test import Client
people = apps.get_model("curation", "Contributor").objects
dataset = apps.get_model("curation", "Dataset").objects.order_by("pk").first()
inside = [f"/datasets/{dataset.slug}/{part}" for part in (
    "", "guideline/", "people/", "rules/", "versions/", "browse/", "dashboard/")]
addresses = ["/", "/datasets/", "/me/", "/profile/", "/notifications/", "/models/", *inside]
failed, asked = [], 0
for name in ("ada", "cleo", "wim", "rosa"):
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    try:
        client.force_login(people.get(email=f"{name}@winnow.example"))
    except Exception as error:
        failed.append([name, "signing in", type(error).__name__])
        continue
    tasks = [("post", "/work/claim/")]
    for method, address in [("get", one) for one in addresses] + tasks:
        asked += 1
        status = getattr(client, method)(address).status_code
        if status >= 500:
            failed.append([name, address, status])
print("SMOKE " + json.dumps({"requests": asked, "failed": failed}))
"""


def main() -> None:
    old = sys.argv[1] if len(sys.argv) > 1 else _last_release()
    var = Path(tempfile.mkdtemp(prefix="winnow-upgrade-", dir="/tmp"))
    var.chmod(0o711)
    tree = var / "old"
    environment = {**os.environ, "WINNOW_VAR": str(var), "WINNOW_LOCAL": "1"}
    os.environ.update(environment)
    # Ended from outside, it still takes away what it made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _git("worktree", "add", "--detach", str(tree), old)
    try:
        embedded.start(only="PostgreSQL")
        _run(ROOT, environment, "manage.py", "migrate", "--noinput")
        _run(tree, environment, "manage.py", "seed_demo")
        environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
        said = _run(tree, environment, "-c", SMOKE)
        line = next(one for one in said.splitlines() if one.startswith("SMOKE "))
        print(json.dumps({"old": old, **json.loads(line.removeprefix("SMOKE "))}))
    finally:
        embedded.stop(var)
        _git("worktree", "remove", "--force", str(tree))
        shutil.rmtree(var, ignore_errors=True)


def _last_release() -> str:
    found = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "--match", "v*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return found.stdout.strip() or "HEAD~1"


def _git(*asked: str) -> None:
    subprocess.run(["git", *asked], cwd=ROOT, check=True, capture_output=True)


def _run(tree: Path, environment: dict[str, str], *asked: str) -> str:
    ran = subprocess.run(
        [sys.executable, *asked], cwd=tree, env=environment, capture_output=True, text=True
    )
    if ran.returncode:
        raise SystemExit(f"{asked[:2]} in {tree} failed:\n{ran.stderr[-4000:]}")
    return ran.stdout


if __name__ == "__main__":
    main()
