"""A worker process for tests to kill: the true tasks, on recipes that need no torch.

python -m tests.trainer.worker RUNS_DIR VERSIONS_DIR run ID | celery
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from config.places import ROOT


def main() -> None:
    import django

    django.setup()
    from django.conf import settings

    from trainer import child, tasks, watch

    runs_dir, versions_dir, what, *run_id = sys.argv[1:]
    settings.RUNS_DIR, settings.VERSIONS_DIR = Path(runs_dir), Path(versions_dir)
    child.RECIPES = os.environ["WINNOW_TEST_RECIPES"]
    watch.SECONDS = 0.2
    if what == "run":
        tasks.execute_run(run_id=int(run_id[0]))
        return
    from config.celery import app

    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(["worker", "--pool", "solo", "--queues", "gpu", *quiet])


FAKE, REAL = "tests.trainer.fake_recipes", "trainer.recipes"


def start(
    *what: str, runs: Path, versions: Path, database: str, recipes: str = FAKE
) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "WINNOW_TEST_RECIPES": recipes,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [
        sys.executable,
        "-m",
        "tests.trainer.worker",
        str(runs),
        str(versions),
        *what,
    ]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


if __name__ == "__main__":
    main()
