"""Which tables of a dashboard are for whom."""

from __future__ import annotations

from collections.abc import Callable

from curation.actions.rights import Sight
from curation.dashboards import coverage, judging, pace, standing
from curation.dashboards.scope import Scope
from curation.dashboards.tables import Table

# How people agree would tell reviewers what to think: see the page of agreement.
NOT_FOR_JUDGES = {"agreement"}
WAITING = "waiting"
TABLES: dict[str, Callable[[Scope], Table]] = {
    "progress": standing.progress,
    "throughput": lambda chosen: pace.throughput(chosen, pace.reviews_by_day(chosen)).table,
    "acceptance": pace.acceptance,
    "agreement": judging.agreement,
    "reasons": lambda chosen: judging.reasons(pace.reviews_by_day(chosen)),
    "coverage": lambda chosen: coverage.by_category(chosen, coverage.cells_of(chosen)),
    "languages": lambda chosen: coverage.by_language(chosen, coverage.cells_of(chosen)),
    "topics": lambda chosen: coverage.by_topic(chosen, coverage.cells_of(chosen)),
}


def table(name: str, chosen: Scope, seen: Sight) -> Table | None:
    """One by its name; None where there is none for who sees so much."""
    if name == WAITING:
        return standing.waiting(chosen, is_curator=seen == Sight.ALL)
    if name not in TABLES or (seen == Sight.WORK and name in NOT_FOR_JUDGES):
        return None
    return TABLES[name](chosen)
