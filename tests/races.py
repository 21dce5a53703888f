"""Threads on a real PostgreSQL, all at the same moment."""

from __future__ import annotations

import threading

from django.db import connection

from curation.errors import CurationError


def together(*works):
    """Run all at the same moment on connections of their own; return what they gave.

    A refusal is given back as its class; any other error is raised here.
    """
    gate = threading.Barrier(len(works))
    outcomes, problems = [], []

    def run(work):
        gate.wait()
        try:
            outcomes.append(work())
        except CurationError as refusal:
            outcomes.append(type(refusal))
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return outcomes
