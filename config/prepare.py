"""Make the database ready: `python -m config.prepare [--seed]`, called by `make up`.

A process of its own, so that the supervisor stays small and the web can start meanwhile.
"""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from config.celery import app

BUILD_BASE = "trainer.tasks.build_base"
TELL_FINISHED = "trainer.actions.results.tell_finished"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    migrate()
    tell_of_models()
    if "--seed" in sys.argv:
        call_command("seed_demo")
        call_command("plan_work")  # so that the first visitor finds work
    if "--base" in sys.argv:
        request_base_model()


def migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def tell_of_models() -> None:
    """People hear of models that were trained before Winnow told them. Twice is once."""
    import_string(TELL_FINISHED)()


def request_base_model() -> None:
    """Ask the trainer worker for a base model; it finds one that is there already."""
    app.loader.import_default_modules()
    if BUILD_BASE not in app.tasks:
        return
    try:
        app.send_task(BUILD_BASE)
    except (OperationalError, OSError) as problem:
        sys.stderr.write(f"The base model was not asked for: {problem}\n")


if __name__ == "__main__":
    main()
