"""Short jobs while everything under them is killed: `make bench NAME=chaos`.

JOBS=1000 KILLS=50 WORKERS=4 LEASE=6 are the defaults. PostgreSQL and Redis of its own;
kill -9 of workers, of their children, of Redis and of PostgreSQL, each started again after
a moment, and workers frozen past their lease and thawed. One job in ten is a run with its
three children, the others are jobs with one. One JSON line: `lost` are jobs that did not
finish, `duplicates` results that were written twice, `stale_writes` writes by a worker to
a row that was another's, as triggers in the database saw them, `orphans` children without
a worker. All four must be 0, or the exit code is not.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections import Counter
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks import stack
from benchmarks.chaos_workers import Crew, Servers
from config import embedded, places

JOBS = int(os.environ.get("JOBS", "1000"))
KILLS = int(os.environ.get("KILLS", "50"))
WORKERS = int(os.environ.get("WORKERS", "4"))
LEASE = float(os.environ.get("LEASE", "6"))
# A deadline and not a target: what is left then is lost.
SECONDS = float(os.environ.get("SECONDS", "0")) or 120 + 1.5 * JOBS + 20 * KILLS
ORDER = ("worker", "child", "postgres", "frozen", "redis", "worker", "child")
RUN_EVERY = 10  # jobs
TICK = 0.5

AUDIT = """
CREATE TABLE chaos_result (job bigint, attempt int);
CREATE TABLE chaos_end (what text, id bigint, attempt int);
CREATE TABLE chaos_stale (what text, id bigint, attempt int, by text);
CREATE FUNCTION chaos_look() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE who text := current_setting('application_name');
BEGIN
  IF NEW.state = 'finished' AND OLD.state <> 'finished' THEN
    INSERT INTO chaos_end VALUES (TG_TABLE_NAME, NEW.id, NEW.attempt);
  END IF;
  -- Workers are known by name; the clock, which takes back what is silent, is not one.
  IF who LIKE '%:%' AND NEW.worker <> who THEN
    INSERT INTO chaos_stale VALUES (TG_TABLE_NAME, NEW.id, NEW.attempt, who);
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION chaos_result_look() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE held trainer_job;
BEGIN
  SELECT * INTO held FROM trainer_job WHERE id = NEW.job;
  IF held.attempt <> NEW.attempt OR held.state <> 'running' THEN
    INSERT INTO chaos_stale VALUES ('result', NEW.job, NEW.attempt,
                                    current_setting('application_name'));
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER chaos AFTER UPDATE ON trainer_job FOR EACH ROW EXECUTE FUNCTION chaos_look();
CREATE TRIGGER chaos AFTER UPDATE ON trainer_run FOR EACH ROW EXECUTE FUNCTION chaos_look();
CREATE TRIGGER chaos BEFORE INSERT ON chaos_result
  FOR EACH ROW EXECUTE FUNCTION chaos_result_look();
"""
COUNTS = {
    "lost": """
        SELECT (SELECT count(*) FROM trainer_job WHERE state <> 'finished')
             + (SELECT count(*) FROM trainer_run WHERE state <> 'finished')""",
    "duplicates": """
        SELECT (SELECT count(*) - count(DISTINCT job) FROM chaos_result)
             + (SELECT count(*) - count(DISTINCT (what, id)) FROM chaos_end)
             + (SELECT count(*) FROM curation_message WHERE origin = 'model')
             - (SELECT coalesce(sum(offered), 0) FROM trainer_run)""",
    "stale_writes": "SELECT count(*) FROM chaos_stale",
    "attempts": """
        SELECT (SELECT sum(attempt) FROM trainer_job)
             + (SELECT coalesce(sum(attempt), 0) FROM trainer_run)""",
}
MUST_BE_ZERO = ("lost", "duplicates", "stale_writes", "orphans")


def main() -> None:
    var = Path(os.environ.get("CHAOS_VAR") or places.ROOT / "var" / "chaos")
    surroundings(var)
    embedded.start(var)
    crew = Crew(var, WORKERS, LEASE)
    try:
        prepare(var)
        began = time.monotonic()
        crew.start()
        killed = run(var, crew)
        seconds = round(time.monotonic() - began, 1)
        crew.stop()
        line = {"jobs": JOBS, "kills": dict(killed), **counted(), "orphans": crew.orphans}
    finally:
        crew.stop()
        embedded.stop(var)
    line |= {"finished": JOBS - line["lost"], "seconds": seconds, "workers": WORKERS}
    line["load"] = round(os.getloadavg()[1], 1)
    sys.stdout.write(json.dumps(line) + "\n")
    if any(line[name] for name in MUST_BE_ZERO) or sum(killed.values()) < KILLS:
        raise SystemExit(1)


def surroundings(var: Path) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "WINNOW_FILES", "PGAPPNAME"):
        os.environ.pop(name, None)
    os.environ.update(
        WINNOW_LOCAL="1",
        WINNOW_VAR=str(var),
        DJANGO_SETTINGS_MODULE="config.settings",
        WINNOW_LOG_LEVEL="WARNING",
        OMP_NUM_THREADS="1",
    )
    stack.clear(var)


def prepare(var: Path) -> None:
    """A frozen version, the audit, and all the jobs, asked for and rung for."""
    from benchmarks import chaos_worker, freeze

    chaos_worker.prepare(LEASE)
    from django.core.management import call_command
    from django.db import connection

    from curation.actions import versions
    from curation.background import ring
    from curation.models import Contributor, Dataset
    from trainer import tasks
    from trainer.actions import jobs, runs
    from trainer.models import BaseModel

    logging.getLogger("trainer").setLevel(logging.ERROR)
    call_command("migrate", verbosity=0)
    freeze.ITEMS = 40
    freeze.seed()
    admin = Contributor.objects.get(is_superuser=True)
    version = versions.freeze(dataset_id=Dataset.objects.get().pk, by=admin)
    base = BaseModel.objects.create(
        name="None", slug="none", kind="local", location="/nowhere", state="ready"
    )
    with connection.cursor() as cursor:
        cursor.execute(AUDIT)
    (var / "runs" / "fake.json").write_text(json.dumps({"pause": 0.05}))
    for number in range(JOBS):
        if number % RUN_EVERY == 0:
            config = {"steps": 8, "checkpoint_every": 2, "eval_every": 4, "samples": 2}
            run = runs.request(
                version_id=version.pk, base_id=base.pk, config=config, by=admin
            )
            ring(tasks.execute_run, run_id=run.pk)
        else:
            job = jobs.request(kind="chaos", version_id=version.pk, base=base, by=admin,
                               config={"number": number})  # fmt: skip
            ring(tasks.execute_job, job_id=job.pk)


def run(var: Path, crew: Crew) -> Counter[str]:
    """The clock's work and the killing, until all have ended. Return the kills by kind."""
    from django.db import Error, connection

    servers = Servers(var)
    order, killed = list(islice(cycle(ORDER), KILLS)), Counter[str]()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        time.sleep(TICK if not crew.frozen else TICK / 5)
        crew.look_after()
        servers.look_after()
        try:
            ended = tick()
            crew.thaw(overtaken(crew))
        except Error:  # killed a moment ago
            connection.close()
            continue
        done = sum(killed.values())
        if ended == JOBS:
            break
        # Evenly over the jobs, so that each kill finds some at work.
        is_due = done < KILLS and ended >= JOBS * (done + 0.5) / (KILLS + 0.5)
        if is_due and servers.are_up() and strike(order[done], crew, servers):
            killed[order[done]] += 1
    crew.thaw_all()
    return killed


def strike(kind: str, crew: Crew, servers: Servers) -> bool:
    """False where there is none of it to kill just now."""
    if kind in ("postgres", "redis"):
        return servers.kill(kind)
    return crew.strike(kind)


def tick() -> int:
    """What the clock rings for; then how many have ended."""
    from trainer import tasks
    from trainer.models import Job, Run

    tasks.restart_silent_runs()
    ended = ("finished", "failed", "cancelled")
    return sum(model.objects.filter(state__in=ended).count() for model in (Job, Run))


def overtaken(crew: Crew) -> list[int]:
    """Frozen workers whose row another has by now: the worst moment to come back."""
    from trainer.launch import worker_name
    from trainer.models import Job, Run

    host = worker_name().rpartition(":")[0]
    names = {f"{host}:{worker.pid}": worker.pid for worker, _ in crew.frozen}
    for model in (Job, Run):
        theirs = model.objects.unended().filter(worker__in=names)
        for name in theirs.values_list("worker", flat=True):
            names.pop(name, None)
    return list(names.values())


def counted() -> dict[str, Any]:
    from django.db import connection

    counts = {}
    with connection.cursor() as cursor:
        for name, query in COUNTS.items():
            cursor.execute(query)
            counts[name] = int(cursor.fetchone()[0])
    return counts


if __name__ == "__main__":
    main()
