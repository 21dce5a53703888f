"""The benchmark of kills in short: one of each, and nothing is lost or written twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from config.places import ROOT


@pytest.mark.slow
def test_one_kill_of_each_kind_costs_no_job(tmp_path):
    asked = {"JOBS": "40", "KILLS": "5", "WORKERS": "3", "CHAOS_VAR": str(tmp_path / "var")}

    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.chaos"],
        cwd=ROOT,
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )

    assert ran.stdout, ran.stderr
    line = json.loads(ran.stdout)
    assert line["kills"] == dict.fromkeys(
        ("worker", "child", "postgres", "frozen", "redis"), 1
    )
    zero = {name: line[name] for name in ("lost", "duplicates", "stale_writes", "orphans")}
    assert zero == dict.fromkeys(zero, 0)
    assert ran.returncode == 0
